"""What every network keeps to: dtypes, shapes, ranges, and sums that fit int32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.circuits.neuron import INT32_MAX, MEMORYLESS, RESETS
from spikealg.errors import InputError, InputTypeError

if TYPE_CHECKING:
    from spikealg.network.network import Network

__all__ = [
    "NEURON_ARRAYS",
    "NO_FLOOR",
    "SYNAPSE_ARRAYS",
    "as_groups",
    "check_invariants",
    "weight_sums",
]

NO_FLOOR = -(2**31)
"""A floor that is never felt: what an array holds where there is none."""

NEURON_ARRAYS: dict[str, Any] = {
    "threshold": np.int32,
    "leak": np.int32,
    "bias": np.int32,
    "current_leak": np.int32,
    "reset": np.int8,
    "reset_value": np.int32,
    "draw_limit": np.uint64,
    "refractory": np.int32,
    "refractory_init": np.int32,
    "floor": np.int32,
    "v_init": np.int32,
    "stream": np.uint32,
}
SYNAPSE_ARRAYS: dict[str, Any] = {"post": np.int32, "weight": np.int32, "delay": np.int32}


def as_groups(groups: Any) -> tuple[tuple[str, int], ...]:
    """Return names of groups and their first indices, as they are told apart and kept in files.

    Raises
    ------
    InputError, InputTypeError
        If they are no pairs of a name and an index.
    """
    if not isinstance(groups, (list, tuple)):
        raise InputTypeError(
            f"groups must be a tuple of pairs (name, first index), got {type(groups).__name__}"
        )
    made = []
    for group in groups:
        if not isinstance(group, (list, tuple)) or len(group) != 2 or not isinstance(group[0], str):
            raise InputTypeError(f"groups must hold pairs (name, first index), got {group!r}")
        made.append((group[0], as_int(f"first index of group {group[0]!r}", group[1], low=0)))
    return tuple(made)


def check_invariants(network: Network) -> None:
    """Raise an error that names the first array which breaks a rule of the format."""
    n, m = len(network.threshold), len(network.post)
    if n == 0:
        raise InputError("threshold must have at least one neuron, got an empty array")
    for length, kinds in ((n, NEURON_ARRAYS), (m, SYNAPSE_ARRAYS)):
        for name, dtype in kinds.items():
            array = getattr(network, name)
            if array.shape != (length,) or array.dtype != dtype:
                raise InputError(
                    f"{name} must be {np.dtype(dtype)} of shape ({length},), "
                    f"got {array.dtype} of shape {array.shape}"
                )
    indptr = network.indptr
    shaped = indptr.shape == (n + 1,) and indptr.dtype == np.int64
    if not shaped or indptr[0] != 0 or indptr[-1] != m or (np.diff(indptr) < 0).any():
        raise InputError(f"indptr must be int64 and rise from 0 to {m} in {n + 1} entries")
    ranges = {
        "leak": (0, MEMORYLESS),
        "current_leak": (0, MEMORYLESS),
        "reset": (0, len(RESETS) - 1),
        "draw_limit": (0, 2**32),
        "refractory": (0, INT32_MAX),
        "refractory_init": (0, INT32_MAX),
        "floor": (NO_FLOOR, 0),
        "post": (0, n - 1),
        "delay": (1, INT32_MAX),
    }
    for name, (low, high) in ranges.items():
        array = getattr(network, name)
        if array.size and (int(array.min()) < low or int(array.max()) > high):
            worst = array[(array < low) | (array > high)][0]
            raise InputError(f"{name} must be from {low} to {high}, got {worst}")
    subtracting = network.reset == RESETS.index("subtract")
    if (network.threshold[subtracting] < 1).any():
        neuron = int(np.nonzero(subtracting & (network.threshold < 1))[0][0])
        raise InputError(
            f'reset "subtract" needs threshold >= 1, got {network.threshold[neuron]} '
            f"at neuron {neuron}"
        )
    if len(np.unique(network.stream)) != n:
        raise InputError("stream must be distinct within a network")
    rise, fall = weight_sums(network)
    bias = np.abs(network.bias.astype(np.int64))
    for sign, drive in (("positive", rise + bias), ("negative", fall + bias)):
        if (drive > INT32_MAX).any():
            neuron = int(np.argmax(drive > INT32_MAX))
            raise InputError(
                f"the {sign} weights into neuron {neuron} and its bias add up to {drive[neuron]} "
                f"in magnitude; at most {INT32_MAX} fits int32: use smaller weights"
            )
    _check_groups(network, n)
    for argument, ports, low in (("inputs", network.inputs, -1), ("outputs", network.outputs, 0)):
        for name, port in ports.items():
            if not isinstance(name, str):
                raise InputTypeError(f"{argument} must have names that are str, got {name!r}")
            if port.lines and (port.neurons.min() < low or port.neurons.max() >= n):
                raise InputError(
                    f"{argument}[{name!r}] must hold neurons from 0 to {n - 1}, "
                    f"got {port.neurons.tolist()}"
                )


def weight_sums(network: Network) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return Σ of the positive weights into each neuron, and Σ|w| of the negative ones.

    However the spikes of a tick come together, in whatever order, their sum stays between them.
    """
    weight = network.weight.astype(np.int64)
    rise, fall = np.zeros((2, len(network.threshold)), dtype=np.int64)
    np.add.at(rise, network.post, np.maximum(weight, 0))
    np.add.at(fall, network.post, np.maximum(-weight, 0))
    return rise, fall


def _check_groups(network: Network, n: int) -> None:
    starts = [first for _, first in network.groups]
    if not starts or starts[0] != 0 or starts != sorted(set(starts)) or starts[-1] >= n:
        raise InputError(
            f"groups must start at 0 and rise below {n}, got first indices {starts[:8]}"
        )
