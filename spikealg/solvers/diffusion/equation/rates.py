"""The rate matrix of a problem on its mesh, from which every method gets its probabilities."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from spikealg.arguments import as_float
from spikealg.errors import InputError
from spikealg.solvers.diffusion.equation.crossings import Crossings
from spikealg.solvers.diffusion.equation.transition import Transition
from spikealg.solvers.diffusion.times import SAME

__all__ = ["Rates", "at_vertex"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_ROUNDING = 1e-12
"""A probability to stay that differs from 0 by no more than this is 0."""
MOST_EXPONENTIAL = 512
"""Vertices for which a step exp(Δt·Q) is made, which has the square of that many probabilities."""


def at_vertex(x: FloatArray, vertex: int) -> str:
    """Return how an error names a vertex: its number and its position."""
    return f"vertex {vertex} (x = {', '.join(f'{c:.6g}' for c in np.atleast_1d(x[vertex]))})"


@dataclass(frozen=True, eq=False)
class Rates:
    """Walkers per time from vertex to vertex and into sinks: Q off its diagonal.

    Attributes
    ----------
    x : (V,) or (V, dimensions) float64
        Positions of the vertices [length].
    mass : (V,) float64
        Length, area or volume that each vertex stands for; 1 on a graph.
    between : (V, V) csr array of float64
        Rate [1/time] ≥ 0 from the row's vertex to the column's; nothing on the diagonal.
    exits : (V, S) csr array of float64
        Rate [1/time] into the sink of each side.
    sides : tuple of str, length S
        The absorbing sides: "x-", "x+", ..., "shore", or names of graph nodes.
    live : (V,) bool
        False for sink vertices and for vertices out of reach: they stay in `x`, their rows are
        empty, and the density there is 0.
    sink : (V,) int64
        For a sink vertex the index of its side: who starts there has left at once. −1 elsewhere.
    auto_fraction : float
        ``dt="auto"`` is this part of the longest step: ½ keeps the walk from being
        parity-periodic, and ⅓ is DΔt/Δx² = 1/6, where the errors of time and space cancel in
        one-dimensional pure diffusion with constant D.
    crossings : Crossings
        What `exits` is made of where sides have places, and what comes in there; none by default.
    exponential : bool
        Whether a step is exp(Δt·Q) in place of I + Δt·Q.
    """

    x: FloatArray
    mass: FloatArray
    between: Any
    exits: Any
    sides: tuple[str, ...]
    live: npt.NDArray[np.bool_]
    sink: IntArray
    auto_fraction: float = 0.5
    crossings: Crossings = field(default=None, kw_only=True)  # type: ignore[assignment]
    exponential: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.crossings is None:
            object.__setattr__(self, "crossings", Crossings.none(self.x))

    @cached_property
    def out(self) -> FloatArray:
        """Rate of leaving each vertex, −Q_ii, (V,) [1/time]."""
        return np.asarray(self.between.sum(axis=1) + self.exits.sum(axis=1))

    @property
    def fastest(self) -> int:
        """The vertex that is left at the highest rate."""
        return int(self.out.argmax())

    @property
    def max_rate(self) -> float:
        """The highest rate of leaving a vertex [1/time]; no step is longer than its inverse."""
        return float(self.out[self.fastest])

    @cached_property
    def generator(self) -> Any:
        """Q with its diagonal, (V, V) csr array; rows sum to minus the rate of exits."""
        return (self.between - sparse.diags_array(self.out)).tocsr()

    def choose_dt(self, dt: float | str = "auto") -> float:
        """Return the longest step [time] to take: `dt` if it keeps the bound, or the automatic one.

        Parameters
        ----------
        dt : float or "auto"
            Step the caller wants. Infinite steps come back where nothing moves.

        Raises
        ------
        InputError
            If a walker would leave some vertex with a probability above 1.
        """
        if isinstance(dt, str):
            if dt != "auto":
                raise InputError(f"dt must be a positive number or 'auto', got {dt!r}")
            free = self.exponential or self.max_rate == 0
            return float("inf") if free else self.auto_fraction / self.max_rate
        return as_float("dt", dt, above=0) if self.exponential else self._as_step(dt)

    def _as_step(self, dt: float) -> float:
        """Return `dt`, or the bound if it is longer by no more than whole steps may be."""
        dt = as_float("dt", dt, above=0)
        if dt * self.max_rate > 1 + 2 * SAME:  # what was taken for the bound and then for `dt`
            raise InputError(
                f"dt = {dt:.6g} is too long: {at_vertex(self.x, self.fastest)} is left at rate "
                f"{self.max_rate:.6g}, and dt times this rate must be at most 1: take dt <= "
                f"{1 / self.max_rate:.6g} or dt='auto'"
            )
        return 1 / self.max_rate if dt * self.max_rate > 1 + _ROUNDING else dt

    def transition(self, dt: float) -> Transition:
        """Return one step of length `dt` [time], P = I + Δt·Q or exp(Δt·Q).

        Raises
        ------
        InputError
            If a walker would leave some vertex with a probability above 1.
        """
        if self.exponential:
            return exponential_step(self, dt)
        step = self._as_step(dt)
        stay = 1 - step * self.out
        stay[np.abs(stay) <= _ROUNDING] = 0
        move = (self.between * step + sparse.diags_array(np.where(self.live, stay, 0.0))).tocsr()
        move.eliminate_zeros()
        move.sort_indices()
        leave = (self.exits * step).tocsr()
        return Transition(step, move, leave, self.sides, self.live, self.sink)

    def restricted(self, reached: npt.NDArray[np.bool_]) -> Rates:
        """Return the rates with every vertex outside `reached`, (V,) bool, taken out of the walk.

        No rate may lead from a vertex that is reached to a live one that is not.
        """
        keep = sparse.diags_array(reached.astype(np.float64))
        between, exits = _compact(keep @ self.between), _compact(keep @ self.exits)
        crossings = self.crossings.only(reached[self.crossings.vertex])
        live = self.live & reached
        return replace(self, between=between, exits=exits, crossings=crossings, live=live)

    def killed(self, rate: FloatArray, side: str = "killed") -> Rates:
        """Return the rates with one more way out, by which walkers leave at `rate`, (V,) [1/time].

        Of a chain that kills by itself, that way is taken more often.

        Raises
        ------
        InputError
            If vertices that absorb have that name.
        """
        column = sparse.csr_array(np.where(self.live, rate, 0.0)[:, None])
        if side in self.sides:
            if (self.sink == self.sides.index(side)).any():
                raise InputError(_same_name(side))
            place = sparse.csr_array(
                ([1.0], ([0], [self.sides.index(side)])), shape=(1, len(self.sides))
            )
            exits, sides = self.exits + column @ place, self.sides
        else:
            exits = sparse.hstack([self.exits, column])
            sides = (*self.sides, side)
        return replace(self, exits=_compact(exits), sides=sides, auto_fraction=0.5)

    def faster(self, between: Any, exits: Any) -> Rates:
        """Return the rates with more of them, (V, V) and (V, S) sparse arrays, added."""
        return replace(
            self,
            between=_compact(self.between + between),
            exits=_compact(self.exits + exits),
            auto_fraction=0.5,
        )

    def absorbing(self, side: str, vertices: npt.NDArray[np.bool_]) -> Rates:
        """Return the rates with live `vertices`, (V,) bool, made sinks of one more side.

        Raises
        ------
        InputError
            If there is a side of that name already.
        """
        if side in self.sides:
            raise InputError(_same_name(side))
        taken = vertices & self.live
        rest = sparse.diags_array((~taken).astype(np.float64))
        into = rest @ self.between[:, np.flatnonzero(taken)].sum(axis=1)[:, None]
        links, number = self.between.tocoo(), len(self.sides)
        out, back = taken[links.col] & ~taken[links.row], taken[links.row] & ~taken[links.col]
        crossings = (
            self.crossings.only(~taken[self.crossings.vertex])
            .leaving(
                links.row[out],
                np.full(out.sum(), number),
                links.data[out],
                self.x[links.col[out]],
            )
            .entering(
                links.col[back],
                np.full(back.sum(), number),
                (self.mass[links.row] * links.data)[back],
                self.x[links.row[back]],
            )
        )
        return replace(
            self,
            between=_compact(rest @ self.between @ rest),
            exits=_compact(sparse.hstack([rest @ self.exits, sparse.csr_array(into)])),
            crossings=crossings,
            sides=(*self.sides, side),
            live=self.live & ~taken,
            sink=np.where(taken, number, self.sink),
        )


def _same_name(side: str) -> str:
    other = "what is killed" if side == "killed" else "another side"
    return (
        f"boundary[{side!r}] has the name of {other}, from which solution.exited could not tell it "
        "apart: give the set of vertices another name, or relabel the node"
    )


def _compact(matrix: Any) -> Any:
    compact = sparse.csr_array(matrix)
    compact.eliminate_zeros()
    return compact


def exponential_step(rates: Rates, dt: float) -> Transition:
    """Return one step exp(Δt·Q), which has no error in time, of a small state space.

    Raises
    ------
    InputError
        If there are too many vertices: every one would be linked with every other.
    """
    from scipy import linalg  # 0.1 s of import that few need

    n = int(rates.live.sum())
    if n > MOST_EXPONENTIAL:
        raise InputError(
            f"time_scheme='exponential' links every vertex with every other, and there are {n}, "
            f"more than {MOST_EXPONENTIAL}: take time_scheme='euler'"
        )
    vertices = np.flatnonzero(rates.live)
    n_sides = len(rates.sides)
    closed = np.zeros((n + n_sides, n + n_sides))
    closed[:n, :n] = rates.generator[vertices][:, vertices].toarray()
    closed[:n, n:] = rates.exits[vertices].toarray()
    power = np.maximum(linalg.expm(dt * closed), 0)
    power /= power.sum(axis=1, keepdims=True)
    power[power < _ROUNDING] = 0
    power /= power.sum(axis=1, keepdims=True)
    place = sparse.csr_array((np.ones(n), (vertices, np.arange(n))), shape=(len(rates.live), n))
    move = _compact(place @ sparse.csr_array(power[:n, :n]) @ place.T)
    move.sort_indices()
    leave = _compact(place @ sparse.csr_array(power[:n, n:]))
    return Transition(dt, move, leave, rates.sides, rates.live, rates.sink)
