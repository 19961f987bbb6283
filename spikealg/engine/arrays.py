"""Arrays as compiled functions want them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["read_only"]


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return `array` contiguous, aligned and read only; not copied if it is the first two.

    A compiled function exists once for each kind of array it has met. Arrays that come from
    outside are brought to one kind, or it would be compiled again for some of them.
    """
    steady = np.require(array, requirements=["C", "A"]).view()
    steady.setflags(write=False)
    return steady
