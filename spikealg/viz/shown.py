"""What a picture of a solution shows: values per vertex, their errors, and how all is called."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_float_array
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.accuracy.reference import exact_density
from spikealg.solvers.diffusion.domains.layout import Layout, layout_of

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = [
    "MOST",
    "Shown",
    "Units",
    "as_units",
    "as_view",
    "require_remains",
    "shown",
    "summary_of",
    "value_label",
]

FloatArray = npt.NDArray[np.float64]

MOST = 6
"""More times than this do not fit on a page."""
_PEAKED = 10.0
"""A density of which some vertex has this many times the mean is drawn in decades."""
_MADE_BY = {
    "density": "density circuits",
    "particle": "particle circuits",
    "chain": "the chain, without walkers",
    "montecarlo": "Monte Carlo without spikes",
}


@dataclass(frozen=True)
class Units:
    """Names of the units, as the caller has chosen them; "" leaves a unit out.

    Attributes
    ----------
    length, time, mass, value : str
        Of positions, times, what walkers carry, and values of backward problems.
    """

    length: str = ""
    time: str = ""
    mass: str = ""
    value: str = ""

    def at(self, time: float) -> str:
        """Return a time as a title: "t = 0.1 s"."""
        return f"t = {time:.4g} {self.time}".rstrip()

    def axis(self, name: str) -> str:
        """Return the label of an axis of positions: "x [m]"."""
        return _with_unit(name, self.length)

    def density(self, dimensions: int) -> str:
        """Return the label of a mass per length, area or volume; a mass for no dimensions."""
        if not dimensions:
            return _with_unit("mass", self.mass)
        if not self.length:
            return _with_unit("density", self.mass and f"{self.mass} per unit of space")
        power = {1: "", 2: "²", 3: "³"}[dimensions]
        return _with_unit("density", f"{self.mass or 1}/{self.length}{power}")


@dataclass(frozen=True, eq=False)
class Shown:
    """Values per vertex at K times, ready to be drawn.

    Attributes
    ----------
    x : (V,) or (V, dimensions) float64
        Positions of the vertices [length].
    layout : Layout
        How they lie.
    values, stderr : (K, V) float64
        What is shown, and its standard error; 0 where nothing is random.
    exact : (K, V) float64
        The exact solution, NaN at times at which there is none.
    titles : tuple of str
        Of each time.
    label : str
        What the values are, with their unit.
    units : Units
    live : (V,) bool
        Vertices that are not sinks.
    weights : (V,) float64
        Length, area or volume of each vertex.
    logarithmic : bool
        Whether colours tell decades.
    names : (str, str)
        Of the axes of a map.
    """

    x: FloatArray
    layout: Layout
    values: FloatArray
    stderr: FloatArray
    exact: FloatArray
    titles: tuple[str, ...]
    label: str
    units: Units
    live: npt.NDArray[np.bool_]
    weights: FloatArray
    logarithmic: bool
    names: tuple[str, str] = ("x", "y")


def shown(
    solution: Solution, times: npt.ArrayLike | None, units: Units, scale: str, *, most: int = MOST
) -> Shown:
    """Return what a picture shows of all vertices of a solution.

    Parameters
    ----------
    solution : Solution
    times : sequence of float, optional
        Recorded times; at most `most`, evenly chosen, if not given. Without effect where there is
        one state only, of a steady or a backward solution.
    units : Units
    scale : {"auto", "linear", "log"}
        "auto" is "log" for densities over time of which some vertex has ten times the mean.

    Raises
    ------
    InputError
        If a time was not recorded, or there is no such scale, or none for values below 0.
    """
    layout = layout_of(solution.problem.mesh)
    # Directions of flight have no unit, faces lie in two dimensions whatever their corners do.
    dimensions = 2 if len(layout.faces) else len(layout.axes) - layout.streaming
    titles: tuple[str, ...]
    live, start = solution.rates.live, solution.segments[0].start
    if solution.mode == "backward":
        values, stderr = solution.value[None], solution.value_stderr[None]
        label, titles = value_label(units), (f"value at {units.at(start)}",)
        exact = np.full(values.shape, np.nan)
        if solution.problem.exact is not None:
            exact = exact_density(solution.problem, solution.t[-1:] - start)
    else:
        rows = _rows(solution, times, most)
        values, stderr = solution.density[rows], solution.stderr[rows]
        label = units.density(dimensions)
        steady = solution.mode == "steady"
        titles = tuple("steady" if steady else units.at(t) for t in solution.t[rows].tolist())
        exact = _exact(solution, rows)
    as_choice("scale", scale, ("auto", "linear", "log"))
    negative = bool((values < 0).any())
    if scale == "log" and negative:
        raise InputError('scale must be "linear" or "auto" for values of which some are negative')
    return Shown(
        x=solution.x,
        layout=layout,
        values=values,
        stderr=stderr,
        exact=exact,
        titles=titles,
        label=label,
        units=units,
        live=live,
        weights=solution.rates.mass,
        logarithmic=scale == "log"
        or (
            scale == "auto"
            and solution.mode == "forward"
            and _peaked(values[:, live], solution.rates.mass[live])
        ),
    )


def as_units(units: Mapping[str, str] | None) -> Units:
    """Return units from {"length": "m", "time": "s", ...}.

    Raises
    ------
    InputError, InputTypeError
        If there is no such quantity, or what is given does not name a unit.
    """
    if not isinstance(units, Mapping | None):
        raise InputTypeError(
            f"units must be a dict from quantities to names, such as {{'length': 'm'}}, "
            f"got {units!r}"
        )
    given = {} if units is None else dict(units)
    for name, unit in given.items():
        as_choice("a key of units", name, ("length", "time", "mass", "value"))
        if not isinstance(unit, str):
            raise InputTypeError(f"units[{name!r}] must be the name of a unit, got {unit!r}")
    return Units(**given)


def as_view(view: Any) -> tuple[float, float]:
    """Return from where a surface is seen: height above the plane and angle [degree].

    Raises
    ------
    InputError, InputTypeError
        If it is not two numbers.
    """
    angles = as_float_array("view", view)
    if angles.shape != (2,):
        raise InputError(
            "view must be two numbers of degrees, the height above the plane and the angle around "
            f"up, got {view!r}"
        )
    return float(angles[0]), float(angles[1])


def value_label(units: Units) -> str:
    """Return the label of values of a backward problem."""
    return _with_unit("value", units.value)


def require_remains(solution: Solution) -> None:
    """Raise an InputError if walkers were followed until none was left."""
    if solution.mode == "forward" and solution.endless:
        raise InputError(
            "all walkers have left, so there is no density to draw: draw "
            "solution.first_passage().plot(), or solve to a t_span that ends"
        )


def summary_of(solution: Solution) -> str:
    """Return in a few words by whom a solution was made."""
    by = _MADE_BY[solution.method]
    if solution.method == "chain":
        return f"by {by}"
    return f"{solution.walkers:,} walkers by {by}".replace(",", " ")


def _peaked(values: FloatArray, weights: FloatArray) -> bool:
    """Whether values (K, V), none of them negative, are far above their mean at some time."""
    if not values.size or values.min() < 0:
        return False
    return bool((values.max(axis=1) > _PEAKED * (values @ weights) / weights.sum()).any())


def _exact(solution: Solution, rows: list[int]) -> FloatArray:
    """Return the exact density, (K, V), NaN at the start and where walkers all have left."""
    exact = np.full((len(rows), len(solution.x)), np.nan)
    if solution.problem.exact is None:
        return exact
    steady = solution.mode == "steady"
    for place, row in enumerate(rows):
        time = solution.t[row]
        if steady or solution.segments[0].start < time < math.inf:
            exact[place] = exact_density(solution.problem, solution.t[[row]])[0]
    return exact


def _rows(solution: Solution, times: npt.ArrayLike | None, most: int) -> list[int]:
    n = len(solution.t)
    if times is None:
        return sorted({round(row) for row in np.linspace(0, n - 1, min(n, most)).tolist()})
    wanted = np.atleast_1d(as_float_array("times", times))
    if not wanted.size:
        raise InputError(
            f"times must hold at least one recorded time, got {times!r}: leave it out for at most "
            f"{most}, evenly chosen"
        )
    rows = []
    for time in wanted.tolist():
        row = int(np.abs(solution.t - time).argmin())
        if not np.isclose(solution.t[row], time, rtol=1e-6, atol=0):
            raise InputError(
                f"times must have been recorded, got {time:g}; the nearest is {solution.t[row]:g}: "
                "name it in t_eval"
            )
        rows.append(row)
    return rows


def _with_unit(name: str, unit: Any) -> str:
    return f"{name} [{unit}]" if unit else name
