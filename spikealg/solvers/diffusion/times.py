"""When a solution is recorded, and the whole number of steps that leads to each time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_float_array
from spikealg.errors import InputError, InputTypeError

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = [
    "SAME",
    "Segment",
    "as_span",
    "as_times",
    "segments",
    "step_times",
    "without_first_record",
]

_MOST_STEPS = 2**31 - 1
SAME = 1e-9
"""Relative difference below which two lengths of time are the same number written twice."""
_ROUNDING = 1e-12
"""Part of the time span by which a time may miss its ends."""
_DEAREST_COMMON_STEP = 1.05
"""One step for all intervals may cost this many times the steps of one step for each."""


@dataclass(frozen=True)
class Segment:
    """A stretch of time that is walked in equal steps.

    Attributes
    ----------
    start, end : float
        Where it begins and ends [time].
    dt : float
        Length of a step [time]; ``end - start == steps * dt``.
    steps : int
        Number of steps.
    recorded : tuple of int
        The steps after which the walkers are counted, increasing.
    rates : Rates or None
        Those of this stretch, where coefficients depend on time; None for the problem's own.
    arriving : (V,) float64 or None
        Mass that comes in when it begins, where coefficients depend on time; None for none.
    reward : (V,) float64 or None
        Value per time that walkers collect, where that depends on time; None for the problem's own.
    """

    start: float
    end: float
    dt: float
    steps: int
    recorded: tuple[int, ...]
    rates: Rates | None = None
    arriving: npt.NDArray[np.float64] | None = None
    reward: npt.NDArray[np.float64] | None = None

    def own(self, rates: Rates) -> Rates:
        """Return the rates of this stretch: its own, or those of the problem."""
        return rates if self.rates is None else self.rates


def as_span(t_span: Any) -> tuple[float, float]:
    """Return (start, end) of `t_span`, a number (then from 0) or a pair; the end may be inf."""
    if isinstance(t_span, (str, bytes)):
        raise InputTypeError(f"t_span must be a number or a pair (start, end), got {t_span!r}")
    if isinstance(t_span, Iterable):
        pair = list(t_span)
        if len(pair) != 2:
            raise InputError(
                f"t_span must be a number or a pair (start, end), got {len(pair)} values"
            )
        start = as_float("t_span[0]", pair[0])
        if _is_infinite(pair[1]):
            return start, math.inf
        end = as_float("t_span[1]", pair[1])
    elif _is_infinite(t_span):
        return 0.0, math.inf
    else:
        start, end = 0.0, as_float("t_span", t_span)
    if end <= start:
        raise InputError(
            f"t_span must end after it starts, got {start:g} to {end:g}: give a later end"
        )
    return start, end


def _is_infinite(value: Any) -> bool:
    return isinstance(value, (float, np.floating)) and value == math.inf


def as_times(t_eval: Any, span: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Return the times to record, float64 (T,): `t_eval`, or the end of `span` if that is None."""
    start, end = span
    if t_eval is not None and end == math.inf:
        raise InputError(
            "t_eval has no place in a t_span without end, of which the end alone is recorded: "
            "leave it out, or give a t_span that ends"
        )
    if t_eval is None:
        return np.array([end])
    times = np.array(np.atleast_1d(as_float_array("t_eval", t_eval)))
    if times.ndim != 1 or times.size == 0:
        raise InputError(
            f"t_eval must be one time or a list of times, got an array of shape {times.shape}"
        )
    if np.any(np.diff(times) <= 0):
        i = int(np.argmax(np.diff(times) <= 0))
        raise InputError(
            f"t_eval must increase, got {times[i]:g} followed by {times[i + 1]:g}: sort it and "
            "drop repeated times"
        )
    # 3 * 0.1 is a little more than 0.3, and far from 0 numbers are coarser.
    slack = max(_ROUNDING * (end - start), 4 * np.spacing(max(abs(start), abs(end))))
    for i, edge in ((0, start), (-1, end)):
        if not start - slack <= times[i] <= end + slack:
            raise InputError(
                f"t_eval must lie within t_span {start:g} to {end:g}, got {times[i]:g}"
            )
        if abs(times[i] - edge) <= slack:
            times[i] = edge
    return times


def _steps(length: float, longest: float) -> int:
    return max(1, math.ceil(length / longest / (1 + SAME)))


def _common_dt(lengths: npt.NDArray[np.float64], longest: float) -> float | None:
    """Return a step that divides every length, if there is one that costs hardly more steps."""
    unit = float(lengths.min())
    for parts in range(1, 65):
        ratios = lengths / unit * parts
        if np.all(np.abs(ratios - np.rint(ratios)) <= SAME * ratios):
            dt = unit / parts / _steps(unit / parts, longest)
            fewest = sum(_steps(float(length), longest) for length in lengths)
            return dt if lengths.sum() / dt <= _DEAREST_COMMON_STEP * fewest else None
    return None


def without_first_record(stretches: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Return the stretches without the first of all recorded steps."""
    first = next(i for i, part in enumerate(stretches) if part.recorded)
    kept = replace(stretches[first], recorded=stretches[first].recorded[1:])
    return (*stretches[:first], kept, *stretches[first + 1 :])


def step_times(stretches: tuple[Segment, ...]) -> npt.NDArray[np.float64]:
    """Return the times before the first and after every step of all stretches, (N + 1,) [time]."""
    parts = [part.start + part.dt * np.arange(1, part.steps + 1) for part in stretches]
    return np.concatenate([[stretches[0].start], *parts])


def segments(start: float, times: npt.NDArray[np.float64], longest: float) -> tuple[Segment, ...]:
    """Return the stretches of equal steps from `start` over all `times`.

    Every time falls on the end of a step. One step length serves all intervals if that costs at
    most 5 % more steps; otherwise every interval has its own, and with it its own circuit.

    Parameters
    ----------
    start : float
        Time of the initial state.
    times : (T,) float64
        Increasing times to record, none before `start`.
    longest : float
        No step is longer [time].
    """
    edges = np.concatenate([[start], times]) if times[0] > start else times
    first: tuple[int, ...] = (0,) if times[0] == start else ()
    if len(edges) == 1:
        return (Segment(start, start, longest, 0, (0,)),)
    lengths = np.diff(edges)
    if lengths.sum() / longest > _MOST_STEPS:
        raise InputError(
            f"the walk would take {lengths.sum() / longest:.2g} steps of {longest:.3g}, more than "
            f"{_MOST_STEPS}: shorten t_span or take a coarser mesh"
        )
    dt = _common_dt(lengths, longest)
    if dt is not None:
        counted = tuple(int(step) for step in np.rint((edges[1:] - edges[0]) / dt))
        return (Segment(float(edges[0]), float(edges[-1]), dt, counted[-1], first + counted),)
    found = []
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        steps = _steps(end - begin, longest)
        found.append(Segment(begin, end, (end - begin) / steps, steps, (*first, steps)))
        first = ()
    return tuple(found)
