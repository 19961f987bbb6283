"""The density circuits by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spikealg.arguments import as_choice
from spikealg.solvers.diffusion.density_circuits.base import MOST, DensityCircuit
from spikealg.solvers.diffusion.density_circuits.choice import Choice, chain_of_gates, tree_of_gates
from spikealg.solvers.diffusion.density_circuits.direct import DirectCircuit
from spikealg.solvers.diffusion.density_circuits.draining import DrainingCircuit
from spikealg.solvers.diffusion.density_circuits.paced import PacedCircuit
from spikealg.solvers.diffusion.density_circuits.published import PublishedCircuit
from spikealg.solvers.diffusion.density_circuits.swapping import SwappingCircuit
from spikealg.solvers.diffusion.equation.transition import ExitLists, Transition
from spikealg.solvers.diffusion.walks.lanes import MANY

__all__ = ["CIRCUITS", "choose_circuit", "make_circuit"]

CIRCUITS: dict[str, tuple[type[DensityCircuit], Callable[[ExitLists], Choice]]] = {
    "published": (PublishedCircuit, chain_of_gates),
    "tree": (PublishedCircuit, tree_of_gates),
    "swap": (SwappingCircuit, chain_of_gates),
    "swap-tree": (SwappingCircuit, tree_of_gates),
    "direct": (DirectCircuit, tree_of_gates),
    "paced": (PacedCircuit, tree_of_gates),
    "drain": (DrainingCircuit, tree_of_gates),
}
"""How walkers are counted, and how a walker finds its exit."""


def choose_circuit(circuit: str, lanes: int) -> str:
    """Return the name of a circuit: "auto" is the one that takes least time with so many lanes.

    In few lanes what counts is spikes, and "drain" has fewest. In many, which are computed in bit
    planes, what counts is in how many ticks a neuron is busy in any of them, and the lanes of
    "paced" are busy together.

    Raises
    ------
    InputError
        If there is no such circuit.
    """
    as_choice("circuit", circuit, ("auto", *CIRCUITS))
    if circuit != "auto":
        return circuit
    return "paced" if lanes >= MANY else "drain"


def make_circuit(
    name: str,
    transition: Transition,
    *,
    steps: int | None = None,
    probability_bits: int = 32,
    most: int = MOST,
    crowd: int | None = None,
) -> DensityCircuit:
    """Return one of ``CIRCUITS``; see `DensityCircuit`, and for `crowd` `PacedCircuit`."""
    plan, choice = CIRCUITS[name]
    parameters: dict[str, Any] = {
        "steps": steps, "probability_bits": probability_bits, "most": most,
    }  # fmt: skip
    if plan is PacedCircuit:
        parameters["crowd"] = crowd
    return plan(transition, choice, **parameters)
