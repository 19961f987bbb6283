"""Colours of values: one scale for all panels of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from spikealg.viz.shown import Shown

__all__ = ["Colours", "colours_of"]

_DECADES = 3.0
"""How far colours reach below the highest value, where they tell decades."""


@dataclass(frozen=True)
class Colours:
    """How values become colours.

    Attributes
    ----------
    norm : matplotlib.colors.Normalize
    cmap : str
        Name of a colour map.
    unit : float
        What values are multiplied by before.
    logarithmic : bool
    """

    norm: Any
    cmap: str
    unit: float
    logarithmic: bool

    def values(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return values to colour; NaN, which stays empty, where there is no logarithm."""
        scaled = self.unit * values
        return np.where(scaled > 0, scaled, np.nan) if self.logarithmic else scaled

    def mappable(self) -> Any:
        """Return what a colour bar is made for."""
        from matplotlib.cm import ScalarMappable

        return ScalarMappable(norm=self.norm, cmap=self.cmap)


def colours_of(shown: Shown, unit: float = 1.0) -> Colours:
    """Return one scale for all values shown.

    Decades below the highest value, or from 0 to it; of values of both signs blue and red about 0.
    """
    from matplotlib.colors import LogNorm, Normalize

    values = unit * shown.values
    highest, lowest = float(values.max()), float(values.min())
    if shown.logarithmic and highest > 0:
        return Colours(LogNorm(highest / 10**_DECADES, highest), "viridis", unit, True)
    if lowest < 0:
        far = max(highest, -lowest)
        return Colours(Normalize(-far, far), "RdBu_r", unit, False)
    return Colours(Normalize(0, highest or 1.0), "viridis", unit, False)
