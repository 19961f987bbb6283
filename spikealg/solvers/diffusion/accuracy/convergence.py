"""What a refinement study finds: errors over sizes, the fitted order, a table and a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.accuracy.reference import ROUNDING

__all__ = ["Convergence", "fitted_order"]

FloatArray = npt.NDArray[np.float64]
_QUANTITY = {"space": "mesh width", "time": "time step", "walkers": "walkers"}
_AGAINST = {
    "exact": "the exact solution",
    "refined": "the next finer one",
    "chain": "the chain",
}


@dataclass(frozen=True, eq=False, repr=False)
class Convergence:
    """How the error of a problem falls; ``str(study)`` is a table, and so is a look at it.

    Attributes
    ----------
    along : str
        "space", "time" or "walkers".
    size : (L,) float64
        Mesh widths [length], longest steps [time] or numbers of walkers, one per level.
    vertices, steps : (L,) int64
        Vertices of the mesh and steps of the walk; 0 steps where time has no end.
    relative_l2, max_error : (L,) float64
        Distance from the reference at the last recorded time, as in `ChainCheck`. Along "walkers"
        the root mean square of several runs.
    predicted : (L,) float64
        Along "walkers" what ``solution.stderr`` says of `relative_l2`; empty for others.
    reference : str
        "exact" (``problem.exact``); "refined", the next level, whose distance falls with the same
        order as the error; "chain", along "walkers".
    order, order_stderr : float or None
        p of relative_l2 ∝ sizeᵖ, by least squares of logarithms, and its standard error by their
        residuals; None where fewer than two errors (three for the latter) are above rounding.
    """

    along: str
    size: FloatArray
    vertices: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    relative_l2: FloatArray
    max_error: FloatArray
    predicted: FloatArray
    reference: str
    order: float | None
    order_stderr: float | None

    @property
    def quantity(self) -> str:
        """What `size` is: "mesh width", "time step" or "walkers"."""
        return _QUANTITY[self.along]

    @property
    def orders(self) -> FloatArray:
        """The order between each level and the next, (L − 1,); NaN where there is only rounding."""
        error = np.where(self.relative_l2 > ROUNDING, self.relative_l2, np.nan)
        return np.asarray(np.diff(np.log(error)) / np.diff(np.log(self.size)))

    def plot(self, *, axes: Any = None) -> Any:
        """Draw the errors and the fitted line with matplotlib (extra "plot"); return the figure.

        Parameters
        ----------
        axes : matplotlib Axes, optional
            Where to draw; a new figure if not given.
        """
        from spikealg.viz.convergence import plot_convergence

        return plot_convergence(self, axes=axes)

    def __str__(self) -> str:
        heads = [self.quantity, "vertices", "steps", "relative L2", "largest error", "order"]
        orders = ["", *("" if np.isnan(p) else f"{p:.2f}" for p in self.orders)]
        rows = [
            [f"{h:.6g}", str(v), str(n) if n else "", f"{l2:.3e}", f"{most:.3e}", order]
            for h, v, n, l2, most, order in zip(
                self.size, self.vertices, self.steps, self.relative_l2, self.max_error, orders,
                strict=True,
            )
        ]  # fmt: skip
        for row, more in zip([heads, *rows], self._foreseen(), strict=False):
            row.append(more)
        widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
        lines = [
            "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
            for row in (heads, *rows)
        ]
        return "\n".join([*lines, self.verdict])

    def _foreseen(self) -> list[str]:
        """Return the column of standard errors, empty where there are none."""
        return (
            ["standard error", *(f"{e:.3e}" for e in self.predicted)]
            if self.along == "walkers"
            else []
        )

    @property
    def verdict(self) -> str:
        """One sentence with the fitted order."""
        against = _AGAINST[self.reference]
        if self.order is None:
            return f"no order: the distance from {against} is that of rounding"
        spread = "" if self.order_stderr is None else f" ± {self.order_stderr:.2f}"
        return f"distance from {against} ∝ ({self.quantity})^({self.order:.2f}{spread})"

    __repr__ = __str__


def fitted_order(size: FloatArray, error: FloatArray) -> tuple[float | None, float | None]:
    """Return the slope of log error over log size, and its standard error."""
    seen = (error > ROUNDING) & np.isfinite(error)
    if seen.sum() < 2:
        return None, None
    x, y = np.log(size[seen]), np.log(error[seen])
    away = x - x.mean()
    slope = float(away @ y / (away @ away))
    if len(x) < 3:
        return slope, None
    residual = y - y.mean() - slope * away
    return slope, float(np.sqrt(residual @ residual / (len(x) - 2) / (away @ away)))
