"""Diffusion problems solved by walks of spiking neurons.

>>> from spikealg import diffusion
>>> rod = diffusion.Problem(diffusion.Interval(0, 1, 20), diffusivity=1.0, initial=0.3)
>>> diffusion.solve(rod, 0.05, method="chain").density.shape
(1, 21)
"""

from __future__ import annotations

from spikealg.solvers.diffusion.accuracy.check import ChainCheck, Check
from spikealg.solvers.diffusion.accuracy.circuit_check import CircuitCheck
from spikealg.solvers.diffusion.accuracy.convergence import Convergence
from spikealg.solvers.diffusion.accuracy.estimates import Expectation
from spikealg.solvers.diffusion.accuracy.refinement import convergence
from spikealg.solvers.diffusion.advantage import advantage
from spikealg.solvers.diffusion.circuit_summary import CircuitSummary
from spikealg.solvers.diffusion.domains.ball import Ball, Disk
from spikealg.solvers.diffusion.domains.chain import Chain
from spikealg.solvers.diffusion.domains.graph import Graph
from spikealg.solvers.diffusion.domains.lattice import Box, Interval
from spikealg.solvers.diffusion.domains.phasespace import PhaseSpace
from spikealg.solvers.diffusion.domains.polygon import Polygon, lake
from spikealg.solvers.diffusion.domains.surfaces import Sphere, Torus
from spikealg.solvers.diffusion.domains.trianglemesh import TriangleMesh
from spikealg.solvers.diffusion.equation.jumps import Jumps
from spikealg.solvers.diffusion.equation.stationary import stationary
from spikealg.solvers.diffusion.files import load
from spikealg.solvers.diffusion.forecast import Forecast
from spikealg.solvers.diffusion.groups import Group, Load
from spikealg.solvers.diffusion.library.forward import (
    advection_diffusion,
    gamblers_ruin,
    ornstein_uhlenbeck,
)
from spikealg.solvers.diffusion.library.passages import decision_model, first_passage
from spikealg.solvers.diffusion.library.prices import (
    barrier_call,
    black_scholes_call,
    merton_call,
)
from spikealg.solvers.diffusion.library.rod import heat_rod
from spikealg.solvers.diffusion.library.steady import (
    absorbing_rod,
    laplace_square,
    poisson_disk,
    slab_fluence,
    sphere_heat,
    two_state_transport,
)
from spikealg.solvers.diffusion.particle_circuits.circuit import ParticleCircuit
from spikealg.solvers.diffusion.particle_circuits.modular import coprime_moduli, factor_moduli
from spikealg.solvers.diffusion.passage import FirstPassage
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.saved import SavedProblem
from spikealg.solvers.diffusion.solution import Solution
from spikealg.solvers.diffusion.solve import solve

__all__ = [
    "Ball",
    "Box",
    "Chain",
    "ChainCheck",
    "Check",
    "CircuitCheck",
    "CircuitSummary",
    "Convergence",
    "Disk",
    "Expectation",
    "FirstPassage",
    "Forecast",
    "Graph",
    "Group",
    "Interval",
    "Jumps",
    "Load",
    "ParticleCircuit",
    "PhaseSpace",
    "Polygon",
    "Problem",
    "SavedProblem",
    "Solution",
    "Sphere",
    "Torus",
    "TriangleMesh",
    "absorbing_rod",
    "advantage",
    "advection_diffusion",
    "barrier_call",
    "black_scholes_call",
    "convergence",
    "coprime_moduli",
    "decision_model",
    "factor_moduli",
    "first_passage",
    "gamblers_ruin",
    "heat_rod",
    "lake",
    "laplace_square",
    "load",
    "merton_call",
    "ornstein_uhlenbeck",
    "poisson_disk",
    "slab_fluence",
    "solve",
    "sphere_heat",
    "stationary",
    "two_state_transport",
]
