"""Circuits of one walker each, its position kept as residues."""
