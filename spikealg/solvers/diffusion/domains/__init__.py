"""Domains: the places of a walk, each with its rates from place to place."""
