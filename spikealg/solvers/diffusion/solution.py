"""What a solve gives: one frozen record, the same for every method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.solvers.diffusion.estimates import Expectation, count_stderr, estimate

if TYPE_CHECKING:
    from spikealg.engine import Run
    from spikealg.hardware import CostEstimate, Platform, Work
    from spikealg.solvers.diffusion.check import Check
    from spikealg.solvers.diffusion.circuit_summary import CircuitSummary
    from spikealg.solvers.diffusion.problem import Problem
    from spikealg.solvers.diffusion.rates import Rates
    from spikealg.solvers.diffusion.saved import SavedProblem
    from spikealg.solvers.diffusion.times import Segment

__all__ = ["Solution"]

FloatArray = npt.NDArray[np.float64]
_FIELDS = ("density", "stderr", "counts")


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
    """The density of a diffusion problem at T times on V vertices, with its error bars.

    Made by `solve` and by `load`. Masses are in the units of the initial condition (1 for a point
    release), densities in mass per length, area or volume of the domain.

    Attributes
    ----------
    problem : Problem or SavedProblem
        What was solved; a `SavedProblem` if the solution was read from a file.
    method : str
        "density", "particle", "chain" or "montecarlo".
    t : (T,) float64
        The recorded times.
    counts : (T, V)
        Walkers at each vertex: int64, and for method "chain" float64, the number expected.
    exit_counts : (T, S)
        Walkers that have left by each side so far; sides in the order of ``rates.sides``.
    rates : Rates
        The mesh and its rates, which all methods share.
    start : (V,) float64
        Chance of a walker to start at each vertex.
    total : float
        Mass that all walkers together carry.
    walkers : int
        How many walkers there are; for method "chain" the scale of `counts`.
    segments : tuple of Segment
        The stretches of time that were walked in equal steps.
    lanes : int
        Over how many copies of the circuit the walkers were spread; one per walker for method
        "particle".
    circuit : str or None
        Name of the circuit; None for methods that have no choice of one.
    probability_bits : int
        To how many bits the probabilities of the circuit were rounded.
    seed : int
        Gives the same solution again.
    runs : tuple of Run
        What the engine recorded, one run per segment, or for method "particle" per segment and
        block of lanes; empty for methods without a circuit, and after `load`.
    """

    problem: Problem | SavedProblem
    method: str
    t: FloatArray
    counts: npt.NDArray[Any]
    exit_counts: npt.NDArray[Any]
    rates: Rates
    start: FloatArray
    total: float
    walkers: int
    segments: tuple[Segment, ...]
    lanes: int
    circuit: str | None
    probability_bits: int
    seed: int
    runs: tuple[Run, ...] = field(default=())

    def __post_init__(self) -> None:
        for array in (self.t, self.counts, self.exit_counts, self.start):
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

    @cached_property
    def density(self) -> FloatArray:
        """Mass per length, area or volume, (T, V); 0 at sinks."""
        return np.asarray(self._scale * self.counts)

    @cached_property
    def stderr(self) -> FloatArray:
        """Standard error of `density`, (T, V); 0 for method "chain", which draws nothing.

        Multinomial with the smoothed probability (n + ½)/(walkers + 1), so that a vertex which
        happens to be empty is not taken for one where nothing can be.
        """
        if self.method == "chain":
            return np.zeros(self.counts.shape)
        return self._scale * count_stderr(self.counts, self.walkers)

    @property
    def mass(self) -> FloatArray:
        """Mass still in the domain, (T,)."""
        return np.asarray(self.total / self.walkers * self.counts.sum(axis=1))

    @property
    def absorbed(self) -> FloatArray:
        """Mass that has left by any side so far, (T,)."""
        return np.asarray(self.total / self.walkers * self.exit_counts.sum(axis=1))

    @property
    def exited(self) -> dict[str, FloatArray]:
        """Mass that has left by each side so far, {side: (T,)}."""
        mass = self.total / self.walkers * self.exit_counts
        return {side: mass[:, i] for i, side in enumerate(self.rates.sides)}

    @property
    def mass_stderr(self) -> FloatArray:
        """Standard error of `mass` and of `absorbed`, (T,); 0 where nothing can leave."""
        if self.method == "chain" or not self.rates.sides:
            return np.zeros(len(self.t))
        left = self.exit_counts.sum(axis=1)
        return self.total / self.walkers * count_stderr(left, self.walkers)

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
        return estimate(
            f, self.x, self.counts, self.walkers, self.total, drawn=self.method != "chain"
        )

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
        from spikealg.solvers.diffusion.check import check

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
            step = self.rates.transition(segment.dt)
            total += segment.steps * (step.move.nnz + step.leave.nnz)
        return total

    def plot(self, **options: Any) -> Any:
        """Draw the density with matplotlib (extra "plot") and return the figure.

        Options are those of `spikealg.viz.diffusion.plot`.
        """
        from spikealg.viz.diffusion import plot

        return plot(self, **options)

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

    @cached_property
    def _scale(self) -> FloatArray:
        """Density of one walker at each vertex, (V,)."""
        return self.total / self.walkers / self.rates.mass

    def __repr__(self) -> str:
        times = "1 time" if len(self.t) == 1 else f"{len(self.t)} times"
        return (
            f"<Solution by {self.method!r}: {times} to t = {self.t[-1]:g}, "
            f"{self.counts.shape[1]} vertices, {self.walkers} walkers, {self.steps} steps of "
            f"{self.dt:.4g}, seed {self.seed}>"
        )
