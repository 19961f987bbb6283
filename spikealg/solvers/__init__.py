"""Numerical problems solved by circuits of spiking neurons."""
