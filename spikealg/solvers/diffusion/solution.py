"""What a solve gives: one frozen record, the same for every method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array
from spikealg.errors import InputError
from spikealg.solvers.diffusion.accuracy.estimates import Expectation, count_stderr
from spikealg.solvers.diffusion.groups import TIMED, Group, spread_of
from spikealg.solvers.diffusion.times import step_times

if TYPE_CHECKING:
    from spikealg.engine import Run
    from spikealg.hardware import CostEstimate, Platform, Work
    from spikealg.solvers.diffusion.accuracy.check import Check
    from spikealg.solvers.diffusion.circuit_summary import CircuitSummary
    from spikealg.solvers.diffusion.equation.rates import Rates
    from spikealg.solvers.diffusion.passage import FirstPassage
    from spikealg.solvers.diffusion.problem import Problem
    from spikealg.solvers.diffusion.saved import SavedProblem
    from spikealg.solvers.diffusion.times import Segment
    from spikealg.solvers.diffusion.walks.walkers import Share

__all__ = ["Solution"]

FloatArray = npt.NDArray[np.float64]
_FIELDS = ("density", "stderr", "counts")


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
    """What a diffusion problem was solved for, with its error bars.

    Made by `solve` and by `load`. Masses are in the units of the initial condition (1 for a point
    release), densities in mass per length, area or volume of the domain.

    Attributes
    ----------
    problem : Problem or SavedProblem
        What was solved; a `SavedProblem` if the solution was read from a file.
    mode : str
        "forward" and "steady" give densities, "backward" values.
    method : str
        "density", "particle", "chain" or "montecarlo".
    t : (T,) float64
        The recorded times; infinity where walkers were followed until all had left.
    groups : tuple of Group
        The walkers of every kind, and what became of them.
    rates : Rates
        The mesh and its rates, which all methods share.
    segments : tuple of Segment
        The stretches of time that were walked in equal steps.
    points : tuple
        Points whose values a backward solution tells; empty if it tells those of all vertices.
    held : (V,) float64
        The given value at each sink vertex, 0 where a side only absorbs.
    value, value_stderr : (A,) float64
        Values at the points of `at`, or at all vertices if none were named, and their standard
        errors, 0 for method "chain". Empty unless the mode is "backward".
    lanes : int
        Over how many copies of the circuit the walkers of a group (or of a batch of it) were
        spread, the most of any group; one per walker for method "particle".
    circuit : str or None
        Name of the circuit; None for methods that have no choice of one.
    probability_bits : int
        To how many bits the probabilities of the circuit were rounded.
    seed : int
        Gives the same solution again.
    runs : tuple of Run
        What the engine recorded, one run per segment, or for method "particle" per segment and
        block of lanes; empty for methods without a circuit, and after `load`.
    stages : tuple of Share
        Walkers and lanes of the first group (of its first batch), in the order of lanes: one entry,
        or more if they were added until a tolerance was met; empty after `load`.
    """

    problem: Problem | SavedProblem
    mode: str
    method: str
    t: FloatArray
    groups: tuple[Group, ...]
    rates: Rates
    segments: tuple[Segment, ...]
    points: tuple[Any, ...]
    held: FloatArray
    value: FloatArray
    value_stderr: FloatArray
    lanes: int
    circuit: str | None
    probability_bits: int
    seed: int
    runs: tuple[Run, ...] = field(default=())
    stages: tuple[Share, ...] = field(default=())

    def __post_init__(self) -> None:
        for array in (self.t, self.held, self.value, self.value_stderr):
            array.flags.writeable = False

    @property
    def x(self) -> FloatArray:
        """Positions of the vertices, (V,) or (V, dimensions) [length]; sinks included."""
        return self.rates.x

    @property
    def dt(self) -> float:
        """The longest step that was taken [time]; `segments` lists them all."""
        return max(segment.dt for segment in self.segments)

    @property
    def steps(self) -> int:
        """Walk steps from the start to the last recorded time."""
        return sum(segment.steps for segment in self.segments)

    @property
    def endless(self) -> bool:
        """Whether walkers were followed until all had left."""
        return bool(np.isinf(self.t[-1]))

    @property
    def walkers(self) -> int:
        """Walkers of all groups; for method "chain" the scale of `counts`."""
        return sum(group.total_walkers for group in self.groups)

    @property
    def total(self) -> float:
        """Mass that the walkers of the initial condition carry together."""
        return sum(group.load.total for group in self.groups if group.load.role == "initial")

    @cached_property
    def counts(self) -> npt.NDArray[Any]:
        """Walkers of all groups at each vertex, (T, V): int64, or float64 where expected."""
        self._require_density("counts")
        return _frozen(sum(group.counts.sum(axis=0) for group in self.groups))

    @cached_property
    def exit_counts(self) -> npt.NDArray[Any]:
        """Walkers of all groups that have left by each side so far, (T, S)."""
        self._require_density("exit_counts")
        return _frozen(sum(group.exited.sum(axis=0) for group in self.groups))

    @cached_property
    def density(self) -> FloatArray:
        """Mass per length, area or volume, (T, V); at sinks the value given there, or 0."""
        self._require_density("density")
        density = np.asarray(sum(group.mass() for group in self.groups) / self.rates.mass)
        return np.where(self.rates.sink >= 0, self.held, density)

    @cached_property
    def stderr(self) -> FloatArray:
        """Standard error of `density`, (T, V); 0 for method "chain", which draws nothing.

        Multinomial with the smoothed probability (n + ½)/(walkers + 1), so that a vertex which
        happens to be empty is not taken for one where nothing can be. What a source brought in has
        that of the spread between batches of walkers.
        """
        self._require_density("stderr")
        if self.method == "chain":
            return np.zeros(self.density.shape)
        return np.asarray(np.sqrt(sum(self.stderr_of(group) ** 2 for group in self.groups)))

    def stderr_of(self, group: Group) -> FloatArray:
        """Return what a group of walkers brings into the standard error of a density, (T, V)."""
        # What a step adds to ``group.stay``: time, or a part of half the time.
        step = 2 / max(1, self.steps) if group.load.role == "average" else self.dt
        return np.asarray(group.mass_stderr(step) / self.rates.mass)

    @property
    def mass(self) -> FloatArray:
        """Mass still in the domain, (T,)."""
        self._require_density("mass")
        return np.asarray(sum(group.mass().sum(axis=1) for group in self.groups))

    @property
    def absorbed(self) -> FloatArray:
        """Mass that has left by any side so far, (T,); where steady, mass per time.

        With `mass` it is all that was there or came in, also what a source puts on an absorbing
        side, which has left at once. On curved shores that is the source times the area of the
        cells whose centres are inside: for a disk of n = 20, 40, 80 it is short by 2.9, 0.9 and
        0.3 %, of which `mass` and `density` know nothing.
        """
        return np.asarray(self._left.sum(axis=1))

    @property
    def exited(self) -> dict[str, FloatArray]:
        """Mass that has left by each side so far, {side: (T,)}; where steady, mass per time."""
        return {side: self._left[:, i] for i, side in enumerate(self.rates.sides)}

    @cached_property
    def _left(self) -> FloatArray:
        self._require_density("exited")
        steady = self.mode == "steady"
        times = None if steady else step_times(self.segments)
        return np.asarray(sum(group.mass_left(self.t, times) for group in self.groups))

    @property
    def mass_stderr(self) -> FloatArray:
        """Standard error of `mass`, (T,); 0 where nothing can leave.

        Also that of `absorbed`, but where steady: what leaves is what comes in, without an error.
        """
        self._require_density("mass_stderr")
        waits = any(group.load.role == "arriving" for group in self.groups)
        if self.method == "chain" or not (self.rates.sides or waits):
            return np.zeros(len(self.t))
        squares = np.zeros(len(self.t))
        for group in self.groups:
            if group.load.role in TIMED:
                assert group.stay is not None, "sources are timed"
                squares += (
                    group.load.total * spread_of(group.stay.sum(axis=2), group.walkers)
                ) ** 2
            else:
                elsewhere = group.exited.sum(axis=(0, 2))
                if group.load.role == "arriving":
                    elsewhere = group.total_walkers - group.counts.sum(axis=(0, 2))
                squares += (group.each * count_stderr(elsewhere, group.total_walkers)) ** 2
        return np.asarray(np.sqrt(squares))

    def expectation(self, f: Callable[[FloatArray], Any] | npt.ArrayLike) -> Expectation:
        """Return ∫ f·u dx at every recorded time, with its standard error.

        For a density of total mass 1 that loses nothing this is the mean of f.

        Parameters
        ----------
        f : callable or array_like
            A function of `x` that returns one value per vertex, or these values, shape (V,).

        Returns
        -------
        Expectation
            ``value`` and ``stderr``, (T,) float64 each.
        """
        self._require_density("expectation")
        values = as_float_array("f", f(self.x) if callable(f) else f, shape=(len(self.x),))
        drawn = self.method != "chain"
        parts = [group.expectation(values, drawn=drawn) for group in self.groups]
        return Expectation(
            np.sum([part.value for part in parts], axis=0),
            np.sqrt(np.sum([part.stderr**2 for part in parts], axis=0)),
        )

    def first_passage(self) -> FirstPassage:
        """Return when and by which side walkers leave: distribution, mean, variance.

        Times are those of steps. With time_scheme="euler" and rates that do not depend on time,
        mean and sides are exactly those of rates in continuous time, whatever the step; the
        distribution is not: Var[T] in continuous time is the variance here + dt·mean. Where that
        matters, take a smaller `dt`, or steps of time_scheme="exponential" and an end of time. The
        chain knows mean, variance and sides whatever the end of time; of walkers that are still
        there at the end the mean is not known, so give ``t_span=(0, math.inf)``.

        Returns
        -------
        FirstPassage
            ``cdf(t)``, ``mean``, ``variance``, ``probability(side)``, with standard errors.

        Raises
        ------
        InputError
            If walkers have no common start, or nothing absorbs them.
        """
        from spikealg.solvers.diffusion.passage import first_passage

        return first_passage(self)

    def grid(self, field: str | npt.ArrayLike = "density") -> FloatArray:
        """Return a field as an array of the shape of the lattice, NaN where it has no vertex.

        Parameters
        ----------
        field : str or array_like
            "density", "stderr" or "counts", or values per vertex, shape (..., V).

        Returns
        -------
        (T, nx, ny, ...) float64
            Axes after the first are those of the positions: the value at x[i], y[j] is [t, i, j].
            For values of shape (V,) there is no first axis.

        Raises
        ------
        InputError
            If the domain is no lattice, or `field` does not have one value per vertex.
        """
        if isinstance(field, str):
            if field not in _FIELDS:
                raise InputError(
                    f"field must be one of {', '.join(map(repr, _FIELDS))} or an array of values "
                    f"per vertex, got {field!r}"
                )
            values = np.asarray(getattr(self, field), dtype=np.float64)
        else:
            values = np.asarray(field, dtype=np.float64)
        return self.problem.mesh.grid(values)

    def check(self) -> Check:
        """Compare the walkers with their chain, and the chain with the exact or a finer solution.

        Returns
        -------
        Check
            Shows itself as a table; ``.ok``, ``.circuit``, ``.chain``, ``.raise_if_failed()``.
        """
        from spikealg.solvers.diffusion.accuracy.check import check

        return check(self)

    def circuit_summary(self) -> CircuitSummary:
        """Return size and activity of the circuit that walked (method "density" or "particle").

        Returns
        -------
        CircuitSummary
            Neurons, synapses, ticks, spikes, ...; shows itself as a table.

        Raises
        ------
        InputError
            If the solution was made by another method, or read from a file.
        """
        from spikealg.solvers.diffusion.circuit_summary import summarize

        return summarize(self)

    def cost(self, platform: str | Platform, *, lanes: str = "together") -> CostEstimate:
        """Return what the circuit that walked would cost on a platform.

        Parameters
        ----------
        platform : str or Platform
            "loihi", "truenorth", ...; `hardware.platforms()` lists them.
        lanes : {"together", "in turn"}
            Whether lanes are copies of the circuit side by side, or one copy does them in turn.

        Returns
        -------
        CostEstimate
            Energy and time, also per walker-step; shows itself as a bill.

        Raises
        ------
        InputError
            If the solution was made by a method without a circuit, or read from a file, or the
            platform is unknown.
        """
        from spikealg.hardware import estimate

        return estimate(self, platform, lanes=lanes)

    @property
    def work(self) -> Work:
        """Steps of a walker that the circuit took, the unit that its cost is divided by."""
        from spikealg.hardware import Work
        from spikealg.solvers.diffusion.circuit_summary import walker_steps

        return Work("walker-step", walker_steps(self))

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of the same walk as products with the sparse matrix."""
        total = 0
        for segment in self.segments:
            step = segment.own(self.rates).transition(segment.dt)
            total += segment.steps * (step.move.nnz + step.leave.nnz)
        return total

    def replay(self, steps: int | None = None, lane: int = 0) -> Run:
        """Run the first walk steps of a density circuit again, with all spikes recorded.

        Draws depend on the seed alone, so these are the spikes that the solution was made of.

        Parameters
        ----------
        steps : int, optional
            Walk steps, of those before the first time at which the walk was cut: three, or as many
            as there are.
        lane : int
            Which copy of the circuit.

        Returns
        -------
        Run
            To be looked at by ``run.trace("walk", "readout")``, `spikealg.viz.raster.plot_raster`
            or, all together, `spikealg.viz.counters.plot_counters`.

        Raises
        ------
        InputError
            If the solution is not that of a density circuit that walks forward without sources.
        """
        from spikealg.solvers.diffusion.walks.replay import replay

        return replay(self, steps, lane)

    def plot(self, **options: Any) -> Any:
        """Draw density or values with matplotlib (extra "plot") and return the figure.

        Options are those of `spikealg.viz.diffusion.plot`.
        """
        from spikealg.viz.diffusion import plot

        return plot(self, **options)

    def animate(self, path: str | Path | None = None, **options: Any) -> Any:
        """Return the density in motion, a frame per recorded time; write it to a .gif or .html.

        Options are those of `spikealg.viz.animation.animate`.
        """
        from spikealg.viz.animation import animate

        return animate(self, path, **options)

    def to_xarray(self) -> Any:
        """Return the solution as an `xarray.Dataset` (extra "xarray")."""
        from spikealg.interop.xarray import from_solution

        return from_solution(self)

    def save(self, path: str | Path) -> None:
        """Write the solution to `path` (npz, no pickle); `diffusion.load` reads it.

        The file holds every number of the solution and of its chain. Functions of the problem
        (coefficients, exact solution) cannot be saved; their values on the mesh are.
        """
        from spikealg.solvers.diffusion.files import save

        save(self, path)

    def _require_density(self, what: str) -> None:
        if self.mode == "backward":
            raise InputError(
                f"a backward solution has no {what}: look at solution.value and "
                "solution.value_stderr"
            )

    def __repr__(self) -> str:
        times = "1 time" if len(self.t) == 1 else f"{len(self.t)} times"
        kind = "" if self.mode == "forward" else f", {self.mode}"
        return (
            f"<Solution by {self.method!r}{kind}: {times} to t = {self.t[-1]:g}, "
            f"{len(self.x)} vertices, {self.walkers} walkers, {self.steps} steps of "
            f"{self.dt:.4g}, seed {self.seed}>"
        )


def _frozen(values: Any) -> npt.NDArray[Any]:
    array = np.asarray(values)
    array.flags.writeable = False
    return array
