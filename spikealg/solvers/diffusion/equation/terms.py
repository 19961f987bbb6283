"""The equation on its mesh: rates, and what boundaries and sources bring in or pay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array, as_int_array
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.domain import Mesh
from spikealg.solvers.diffusion.equation.boundary import Value, VertexSet, conditions, vertex_sets
from spikealg.solvers.diffusion.equation.coefficients import Coefficients, evaluate
from spikealg.solvers.diffusion.equation.jumps import with_jumps
from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["Equation", "discretise"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Equation:
    """The rates with all that walkers cannot do alone.

    Attributes
    ----------
    rates : Rates
        Moves, jumps, killing and absorption.
    inflow : (V,) float64
        Mass per time that comes in at each vertex: the source, what sides of given value send in,
        and fluxes. Of either sign. What comes in at a sink has left at once. For forward and
        steady problems.
    reward : (V,) float64
        Value per time that a walker collects at each vertex: the source and fluxes. For backward
        problems.
    exit_value : (S,) float64
        Value that a walker collects when it leaves by each side, where it is the same all along
        it; otherwise 0, and its mean is part of `reward`. For backward problems.
    held : (V,) float64
        The given value at each sink vertex; 0 elsewhere.
    """

    rates: Rates
    inflow: FloatArray
    reward: FloatArray
    exit_value: FloatArray
    held: FloatArray

    def restricted(self, reached: npt.NDArray[np.bool_]) -> Equation:
        """Return the equation with every vertex outside `reached`, (V,) bool, taken out."""
        return Equation(
            self.rates.restricted(reached),
            np.where(reached | (self.rates.sink >= 0), self.inflow, 0.0),
            np.where(reached, self.reward, 0.0),
            self.exit_value,
            self.held,
        )


def discretise(
    mesh: Mesh,
    coefficients: Coefficients,
    boundary: Any,
    sides: tuple[str, ...],
    *,
    jumps: Any = None,
    killing: Any = None,
    source: Any = None,
) -> Equation:
    """Return the equation on `mesh`; arguments are those of `Problem`.

    Raises
    ------
    InputError, InputTypeError
        If one of them cannot be used.
    """
    rates = mesh.rates(coefficients)
    if jumps is not None:
        rates = with_jumps(rates, mesh, jumps)
    values: dict[str, Value] = {}
    for name, chosen in vertex_sets(boundary).items():
        if not {name, f"{name}-", f"{name}+"}.isdisjoint(sides):
            raise InputError(
                f"boundary names {name!r} twice, as a side and as a set of vertices: give the set "
                "another name"
            )
        rates = rates.absorbing(name, _chosen(name, chosen, rates))
        values[name] = chosen.value
    if killing is not None:
        rates = rates.killed(evaluate("killing", killing, rates.x, 1, low=0)[:, 0])
    reward = np.zeros(len(rates.x))
    if source is not None:
        reward += evaluate("source", source, rates.x, 1)[:, 0]
    for side, condition in conditions(boundary, sides).items():
        values[side] = condition.value
        if condition.transfer or condition.derivative:
            wall = _wall(mesh)(side, coefficients, condition.transfer) / rates.mass
            reward += wall * condition.derivative
            if condition.transfer:
                rates = rates.killed(wall * condition.transfer, side)
    if jumps is not None and any(map(callable, values.values())):
        raise InputError(
            "a value that varies along a side cannot be had together with jumps, of which only the "
            "side is known that they go past: give a number"
        )
    return _with_values(rates, reward, values)


def _with_values(rates: Rates, reward: FloatArray, values: dict[str, Value]) -> Equation:
    """Return the equation with the given values of sides as inflow, reward and exit values."""
    inflow, held = reward * rates.mass, np.zeros(len(rates.x))
    reward = np.where(rates.live, reward, 0.0)
    exit_value = np.zeros(len(rates.sides))
    for number, side in enumerate(rates.sides):
        value = values.get(side, 0.0)
        ways = rates.crossings.only(rates.crossings.side == number)
        here, there = (
            _value_at(side, value, x) for x in (rates.x[rates.sink == number], ways.place)
        )
        held[rates.sink == number] = here
        np.add.at(inflow, ways.vertex, ways.into * there)
        if callable(value):
            reward = reward + np.bincount(ways.vertex, ways.out * there, minlength=len(reward))
        else:
            exit_value[number] = value
    return Equation(rates, inflow, reward, exit_value, held)


def _value_at(side: str, value: Value, x: FloatArray) -> FloatArray:
    """Return the given value of a side at places on it, (K,)."""
    given = value(x) if callable(value) and len(x) else 0.0 if callable(value) else value
    name = f"boundary[{side!r}]['value']" + ("(x)" if callable(value) else "")
    return as_float_array(name, given, shape=(len(x),), places=x if callable(value) else None)


def _chosen(name: str, chosen: VertexSet, rates: Rates) -> npt.NDArray[np.bool_]:
    where = chosen.where(rates.x) if callable(chosen.where) else chosen.where
    array, n = np.asarray(where), len(rates.x)
    if array.dtype != bool:
        array = np.bincount(
            as_int_array(f"boundary[{name!r}]['where']", where, low=0, high=n - 1).ravel(),
            minlength=n,
        ).astype(bool)
    if array.shape != (n,):
        raise InputError(
            f"boundary[{name!r}]['where'] must say True or False for each of {n} vertices, or list "
            f"their indices, got shape {array.shape}"
        )
    if not (array & rates.live).any():
        raise InputError(
            f"boundary[{name!r}]['where'] names no vertex that walkers can come to: give a larger "
            "set, or take a finer domain"
        )
    return array


def _wall(mesh: Mesh) -> Callable[[str, Coefficients, float], FloatArray]:
    wall: Callable[[str, Coefficients, float], FloatArray] | None = getattr(mesh, "wall", None)
    if wall is None:
        raise InputError(
            "boundary with a derivative or a mixed condition needs sides of known area, which "
            "this domain does not have: give a word or {'value': g}, or a source= and killing= "
            "near the side"
        )
    return wall
