"""NIR's linear nodes as sparse matrices of what lies between one neuron and the next.

Arrays are flattened in C order. A convolution is a sum over the positions of its kernel of
(weights between channels) ⊗ (shift along the first axis) ⊗ (shift along the second).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from spikealg.arguments import as_float_array, as_int_array
from spikealg.errors import InputError

__all__ = ["LINEAR", "Signal", "apply"]

_WHOLE = 1e-6
"""How far from a whole number of ticks a delay may be: rounding of seconds in float32 files."""


@dataclass(frozen=True)
class Signal:
    """What arrives somewhere: Σ matrix @ (spikes of `source`, `delay` ticks ago) + constant.

    Attributes
    ----------
    shape : tuple of int
        Of the array that the node's equation is about.
    terms : dict of (source, delay [ticks]) to sparse matrix (prod(shape), size of source)
    constant : float array, shape (prod(shape),)
    """

    shape: tuple[int, ...]
    terms: Mapping[tuple[str, int], sp.csr_array]
    constant: npt.NDArray[np.float64]

    @classmethod
    def of(cls, source: str, shape: tuple[int, ...]) -> Signal:
        """Return the spikes of `source` themselves."""
        size = prod(shape)
        return cls(shape, {(source, 0): sp.csr_array(sp.eye_array(size))}, np.zeros(size))

    def plus(self, other: Signal) -> Signal:
        """Return the sum of two signals of one shape."""
        terms = dict(self.terms)
        for key, matrix in other.terms.items():
            terms[key] = terms[key] + matrix if key in terms else matrix
        return replace(self, terms=terms, constant=self.constant + other.constant)

    def times(self, matrix: Any, shape: tuple[int, ...]) -> Signal:
        """Return the signal after a linear map to `shape`."""
        matrix = sp.csr_array(matrix)
        terms = {key: sp.csr_array(matrix @ term) for key, term in self.terms.items()}
        return Signal(shape, terms, matrix @ self.constant)

    def later(self, ticks: npt.NDArray[np.int64]) -> Signal:
        """Return the signal with element k delayed by ``ticks[k]``."""
        terms: dict[tuple[str, int], sp.csr_array] = {}
        for wait in np.unique(ticks):
            chosen = sp.diags_array((ticks == wait).astype(np.float64))
            for (source, delay), matrix in self.terms.items():
                key = source, delay + int(wait)
                part = sp.csr_array(chosen @ matrix)
                terms[key] = terms[key] + part if key in terms else part
        return replace(self, terms=terms)


def apply(name: str, node: Any, signal: Signal, dt: float) -> Signal:
    """Return what the linear node `node` makes of `signal`.

    Raises
    ------
    InputError
        If shapes do not fit, or a delay is not a whole number of ticks; it names the node.
    """
    return LINEAR[type(node).__name__](name, node, signal, dt)


def _affine(name: str, node: Any, signal: Signal, dt: float) -> Signal:
    weight = _floats(name, node, "weight")
    *several, rows, columns = weight.shape
    _require_shape(name, signal, (*several, columns))
    blocks = weight.reshape(prod(several), rows, columns)
    matrix = blocks[0] if len(blocks) == 1 else sp.block_diag(list(blocks), format="csr")
    made = signal.times(matrix, (*several, rows))
    return _with_bias(name, node, made) if hasattr(node, "bias") else made


def _scale(name: str, node: Any, signal: Signal, dt: float) -> Signal:
    scale = _floats(name, node, "scale")
    _require_shape(name, signal, scale.shape)
    return signal.times(sp.diags_array(scale.reshape(-1)), signal.shape)


def _flatten(name: str, node: Any, signal: Signal, dt: float) -> Signal:
    axes = len(signal.shape)
    ends = [int(node.start_dim), int(node.end_dim)]
    if not all(-axes <= end < axes for end in ends):
        raise InputError(
            f"node {name!r} flattens from axis {ends[0]} to {ends[1]}, but what leads to it has "
            f"shape {signal.shape}"
        )
    first, last = (end % axes for end in ends)
    middle = prod(signal.shape[first : last + 1])
    return replace(signal, shape=(*signal.shape[:first], middle, *signal.shape[last + 1 :]))


def _delay(name: str, node: Any, signal: Signal, dt: float) -> Signal:
    delay = np.asarray(node.delay, dtype=np.float64)
    _require_shape(name, signal, delay.shape)
    ticks = delay.reshape(-1) / dt
    wrong = ~(np.abs(ticks - np.rint(ticks)) <= _WHOLE * np.maximum(1, np.abs(ticks)))
    wrong |= ~((ticks > -0.5) & (ticks < 2**31 - 1))
    if wrong.any():
        raise InputError(
            f"node {name!r}: a delay must be a whole number of ticks of dt = {dt:g} s, "
            f"got {delay.reshape(-1)[wrong][0]:g} s: choose another dt"
        )
    return signal.later(np.rint(ticks).astype(np.int64))


def _convolution(name: str, node: Any, signal: Signal, dt: float) -> Signal:
    weight = _floats(name, node, "weight")
    kernel = weight.shape[2:]
    groups = int(node.groups)
    if groups < 1 or weight.shape[0] % groups:
        raise InputError(
            f"node {name!r}: groups must divide the {weight.shape[0]} output channels, got {groups}"
        )
    channels = weight.shape[1] * groups
    _require_axes(name, signal, channels, len(kernel))
    dilation = _per_axis(name, node, "dilation", len(kernel), low=1)
    padding = node.padding
    if isinstance(padding, (str, bytes)):
        same = padding in ("same", b"same")
        span = [d * (k - 1) if same else 0 for d, k in zip(dilation, kernel, strict=True)]
        before, around = [total // 2 for total in span], span
    else:
        before = _per_axis(name, node, "padding", len(kernel), low=0)
        around = [2 * width for width in before]
    # Kernel positions first: what is left is a matrix between channels.
    parts = np.split(np.moveaxis(weight, (0, 1), (-2, -1)), groups, axis=-2)
    made = _shifted(
        name,
        signal,
        lambda position: sp.block_diag([part[position] for part in parts]),
        weight.shape[0],
        kernel,
        _per_axis(name, node, "stride", len(kernel), low=1),
        before,
        around,
        dilation,
    )
    return _with_bias(name, node, made, over=made.shape[1:])


def _pool(name: str, node: Any, signal: Signal, dt: float) -> Signal:
    kernel = tuple(_per_axis(name, node, "kernel_size", 2, low=1))
    _require_axes(name, signal, signal.shape[0] if signal.shape else 0, 2)
    padding = _per_axis(name, node, "padding", 2, low=0)
    share = 1 / prod(kernel) if type(node).__name__ == "AvgPool2d" else 1.0
    channels = signal.shape[0]
    return _shifted(
        name,
        signal,
        lambda position: share * sp.eye_array(channels),
        channels,
        kernel,
        _per_axis(name, node, "stride", 2, low=1),
        padding,
        [2 * width for width in padding],
        [1, 1],
    )


LINEAR: dict[str, Callable[[str, Any, Signal, float], Signal]] = {
    "Affine": _affine,
    "AvgPool2d": _pool,
    "Conv1d": _convolution,
    "Conv2d": _convolution,
    "Delay": _delay,
    "Flatten": _flatten,
    "Linear": _affine,
    "Scale": _scale,
    "SumPool2d": _pool,
}
"""By the type of the node: name, node, signal, tick [s] → signal."""


def _shifted(
    name: str,
    signal: Signal,
    channels: Callable[[tuple[int, ...]], Any],
    n_channels: int,
    kernel: tuple[int, ...],
    stride: list[int],
    before: list[int],
    around: list[int],
    dilation: list[int],
) -> Signal:
    """Sum over the kernel's positions; `before` and `around` are zeros beside each axis."""
    sizes = signal.shape[1:]
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    made = [
        (size + zeros - span) // step + 1
        for size, zeros, span, step in zip(sizes, around, reach, stride, strict=True)
    ]
    if min(made) < 1:
        raise InputError(f"node {name!r}: a kernel of {kernel} does not fit into {sizes}")
    matrix: Any = 0
    for position in product(*map(range, kernel)):
        term = channels(position)
        for axis, offset in enumerate(position):
            shift = offset * dilation[axis] - before[axis]
            reads = np.arange(made[axis]) * stride[axis] + shift
            inside = np.flatnonzero((reads >= 0) & (reads < sizes[axis]))
            entries = (np.ones(len(inside)), (inside, reads[inside]))
            term = sp.kron(term, sp.coo_array(entries, shape=(made[axis], sizes[axis])), "csr")
        matrix = matrix + term
    return signal.times(matrix, (n_channels, *made))


def _with_bias(name: str, node: Any, signal: Signal, over: tuple[int, ...] = ()) -> Signal:
    """Add the bias of a node, one for each element or one per channel `over` the other axes."""
    bias = np.repeat(_floats(name, node, "bias").reshape(-1), prod(over))
    if bias.size != signal.constant.size:
        raise InputError(
            f"node {name!r}: bias must have {signal.constant.size // prod(over)} values, "
            f"got {np.size(node.bias)}"
        )
    return replace(signal, constant=signal.constant + bias)


def _floats(name: str, node: Any, field: str) -> npt.NDArray[np.float64]:
    return as_float_array(f"node {name!r}: {field}", getattr(node, field))


def _per_axis(name: str, node: Any, field: str, axes: int, low: int) -> list[int]:
    value = as_int_array(f"node {name!r}: {field}", getattr(node, field), shape=(axes,), low=low)
    return [int(number) for number in value]


def _require_shape(name: str, signal: Signal, wanted: tuple[int, ...]) -> None:
    if signal.shape != wanted:
        raise InputError(
            f"node {name!r} takes an array of shape {wanted}, but what leads to it has shape "
            f"{signal.shape}"
        )


def _require_axes(name: str, signal: Signal, channels: int, axes: int) -> None:
    if len(signal.shape) != 1 + axes or signal.shape[0] != channels:
        wanted = ", ".join(["height", "width"] if axes == 2 else ["length"])
        raise InputError(
            f"node {name!r} takes an array of shape ({channels}, {wanted}), but what leads to it "
            f"has shape {signal.shape}"
        )
