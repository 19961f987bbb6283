"""Diffusion problems solved by walks of spiking neurons.

>>> from spikealg import diffusion
>>> rod = diffusion.Problem(diffusion.Interval(0, 1, 20), diffusivity=1.0, initial=0.3)
>>> diffusion.solve(rod, 0.05, method="chain").density.shape
(1, 21)
"""

from __future__ import annotations

from spikealg.solvers.diffusion.advantage import advantage
from spikealg.solvers.diffusion.check import ChainCheck, Check, CircuitCheck
from spikealg.solvers.diffusion.circuit_summary import CircuitSummary
from spikealg.solvers.diffusion.estimates import Expectation
from spikealg.solvers.diffusion.files import load
from spikealg.solvers.diffusion.graph import Graph
from spikealg.solvers.diffusion.lattice import Box, Interval
from spikealg.solvers.diffusion.library import (
    advection_diffusion,
    gamblers_ruin,
    heat_rod,
    ornstein_uhlenbeck,
)
from spikealg.solvers.diffusion.modular import coprime_moduli, factor_moduli
from spikealg.solvers.diffusion.particle_circuit import ParticleCircuit
from spikealg.solvers.diffusion.polygon import Polygon, lake
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.saved import SavedProblem
from spikealg.solvers.diffusion.solution import Solution
from spikealg.solvers.diffusion.solve import solve
from spikealg.solvers.diffusion.stationary import stationary

__all__ = [
    "Box",
    "ChainCheck",
    "Check",
    "CircuitCheck",
    "CircuitSummary",
    "Expectation",
    "Graph",
    "Interval",
    "ParticleCircuit",
    "Polygon",
    "Problem",
    "SavedProblem",
    "Solution",
    "advantage",
    "advection_diffusion",
    "coprime_moduli",
    "factor_moduli",
    "gamblers_ruin",
    "heat_rod",
    "lake",
    "load",
    "ornstein_uhlenbeck",
    "solve",
    "stationary",
]
