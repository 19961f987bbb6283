"""Coefficients that depend on time: the walk is cut where they get a new value."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError, TooLargeError
from spikealg.memory import available_bytes, require_memory
from spikealg.solvers.diffusion.equation.coefficients import evaluate
from spikealg.solvers.diffusion.equation.functions import at_time
from spikealg.solvers.diffusion.times import Segment, segments

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.equation.terms import Equation
    from spikealg.solvers.diffusion.problem import Problem

__all__ = ["pieces"]

FloatArray = npt.NDArray[np.float64]

_PIECES = 64
"""Pieces of time in which coefficients are held, if the problem does not say for how long."""
_MOST_PIECES = 100_000
"""So many take minutes to make."""
_BYTES_OF_PIECE, _BYTES_OF_RATE = 4000, 16
"""Memory of a piece, and of each of its rates."""
_SAME = 1e-9


def pieces(
    problem: Problem, mode: str, span: tuple[float, float], times: FloatArray, dt: float | str
) -> tuple[Segment, ...]:
    """Return stretches in each of which coefficients are held at their value in its middle."""
    length = float(times[-1] - span[0])
    first = min(problem.rates.choose_dt(dt), span[1] - span[0])
    found = [Segment(span[0], span[0], first, 0, (0,))] if times[0] == span[0] else []
    if length == 0:
        return tuple(found)
    hold = length / _PIECES if problem.hold is None else problem.hold
    _require_few(problem, length, hold)
    n = max(1, math.ceil(length / hold * (1 - 1e-12)))
    edges, slack = span[0] + length / n * np.arange(n + 1), _SAME * length / n
    equation, known = problem.equation, problem.t_start
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        middle = (begin + end) / 2
        if problem.rates_vary:
            equation, known = problem.equation_at(middle), middle
        rates = equation.rates
        longest = min(rates.choose_dt(dt), end - begin)
        inside = times[(times > begin + slack) & (times <= end + slack)]
        stops = inside if len(inside) and end - inside[-1] <= slack else [*inside, end]
        before, now = _source(problem, known), _source(problem, middle)
        if mode == "forward":
            _require_no_sides(equation, before)
        if mode == "forward" and now.any():
            parts = _fed(begin, np.array(stops), longest, rates.mass * now)
        else:
            parts = list(segments(begin, np.array(stops), longest))
        if len(stops) > len(inside):
            parts[-1] = replace(parts[-1], recorded=parts[-1].recorded[:-1])
        found += [
            replace(
                part,
                rates=rates if problem.rates_vary else None,
                reward=_paid(equation, now - before) if mode == "backward" else None,
            )
            for part in parts
        ]
    return tuple(found)


def _require_few(problem: Problem, length: float, hold: float) -> None:
    """Refuse pieces that would take more memory, or more time to make, than there is."""
    what = f"hold = {hold:g} cuts {length:g} of time into {length / hold:.3g} pieces, which"
    if length / hold > _MOST_PIECES:
        raise TooLargeError(
            f"{what} are more than {_MOST_PIECES}: take hold >= {length / _MOST_PIECES:.3g}; its "
            "error is of order 2"
        )
    rates, vectors = problem.rates, 1
    entries = 0
    if problem.rates_vary:
        entries, vectors = rates.between.nnz + rates.exits.nnz, 4
    each = _BYTES_OF_PIECE + 8.0 * vectors * len(rates.x) + _BYTES_OF_RATE * entries
    room = available_bytes()
    advice = f"take hold >= {2 * length * each / room:.3g}" if room else "take a longer one"
    require_memory(each * length / hold, what, advice)


def _fed(begin: float, stops: FloatArray, longest: float, inflow: FloatArray) -> list[Segment]:
    """Return stretches to each stop, in the middle between which comes in what flows in."""
    found = []
    for start, end in pairwise([begin, *stops.tolist()]):
        middle = (start + end) / 2
        (before,) = segments(start, np.array([middle]), longest)
        (after,) = segments(middle, np.array([end]), longest)
        found += [replace(before, recorded=()), replace(after, arriving=(end - start) * inflow)]
    return found


def _source(problem: Problem, t: float) -> FloatArray:
    """Return the source at a time, (V,) [mass per space and time]."""
    if problem.source is None:
        return np.zeros(len(problem.x))
    return evaluate("source", at_time(problem.source, t), problem.x, 1)[:, 0]


def _paid(equation: Equation, more: FloatArray) -> FloatArray:
    """Return what walkers collect where `more` is paid than by the equation, (V,)."""
    return np.where(equation.rates.live, equation.reward + more, 0.0)


def _require_no_sides(equation: Equation, source: FloatArray) -> None:
    """Refuse what comes in through sides, at which it would have to come in all the time."""
    if not np.allclose(equation.inflow, equation.rates.mass * source, rtol=_SAME, atol=0.0):
        raise InputError(
            "a side of given value or with a flux needs coefficients and a source that do not "
            "depend on time: those who came in earlier would have walked by others; give a "
            "source= near it"
        )
