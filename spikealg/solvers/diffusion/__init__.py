"""Diffusion problems as walks of spiking neurons; the public names are in `spikealg.diffusion`."""
