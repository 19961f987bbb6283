"""What training makes small: a number, and its gradient by every output of the model.

A loss looks at *rows* of the output (ticks, batch, outputs): the last tick, the mean over ticks, or
each tick. Its value is the mean over rows and batch, so it does not depend on either.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_float, as_int
from spikealg.errors import InputError, InputTypeError

__all__ = [
    "MSE",
    "ActivityPenalty",
    "BernoulliNLL",
    "CrossEntropy",
    "Loss",
    "Over",
    "SquaredHinge",
]

Array = npt.NDArray[Any]
Over = Literal["last", "mean", "each"]


@dataclass(frozen=True)
class Loss:
    """What all losses share.

    Parameters
    ----------
    over : {"last", "mean", "each"}
        The rows: the last tick, the mean over ticks, or each tick.
    from_tick : int
        Earlier ticks do not count, in "mean" and "each".

    Raises
    ------
    InputError
        If `over` is none of the three, or `from_tick` is below 0.
    """

    over: Over = "last"
    _: KW_ONLY
    from_tick: int = 0

    def __post_init__(self) -> None:
        as_choice("over", self.over, ("last", "mean", "each"))
        as_int("from_tick", self.from_tick, low=0)

    def __call__(self, y: npt.ArrayLike, target: npt.ArrayLike) -> tuple[float, Array]:
        """Return the loss and its gradient by `y`.

        Parameters
        ----------
        y : array_like
            (ticks, batch, outputs).
        target : array_like
            Per sample, or per tick and sample where `over` is "each": labels (integers), or
            (..., outputs) values. What is given per sample holds in every tick.

        Returns
        -------
        value : float
        dy : ndarray
            Like `y`; float64 where `y` is not floating.

        Raises
        ------
        InputError, InputTypeError
            If a shape does not fit, or a target is out of range or not a finite number.
        """
        y = np.asarray(y)
        if y.dtype.kind != "f":
            y = y.astype(np.float64)
        rows = self.rows(y)
        dy = np.zeros_like(y)
        if rows.size == 0:
            raise InputError(f"y must hold ticks, samples and outputs, got shape {y.shape}")
        wanted = self._spread(np.asarray(target), rows.shape)
        losses, gradient = self._compare(rows, wanted)
        count = rows.shape[0] * rows.shape[1]
        if self.over == "last":
            dy[-1] = gradient[0] / count
        elif self.over == "mean":
            dy[self.from_tick :] = gradient[0] / (count * (len(y) - self.from_tick))
        else:
            dy[self.from_tick :] = gradient / count
        return float(losses.sum(dtype=np.float64) / count), dy

    def rows(self, y: Array) -> Array:
        """Return what is compared with the target, (rows, batch, outputs)."""
        if y.ndim != 3:
            raise InputError(f"y must have shape (ticks, batch, outputs), got shape {y.shape}")
        if self.over == "last":
            return y[-1:]
        if self.from_tick >= len(y):
            raise InputError(
                f"from_tick must be below the {len(y)} ticks of y, got {self.from_tick}"
            )
        late = y[self.from_tick :]
        return late if self.over == "each" else late.mean(axis=0, keepdims=True)

    def _spread(self, target: Array, shape: tuple[int, ...]) -> Array:
        """Return the target as (rows, batch) labels or (rows, batch, outputs) values."""
        rows, batch, outputs = shape
        if target.dtype.kind not in "fiub":
            raise InputTypeError(f"target must hold labels or values, got dtype {target.dtype}")
        forms = [(batch,), (batch, outputs)] if self.takes_labels else [(batch, outputs)]
        whole = [(rows + self.from_tick, *form) for form in forms] if self.over == "each" else []
        # A whole number per sample is a label; so is one per tick and sample, unless that is what
        # values per sample look like.
        if target.shape in forms:
            spread = np.broadcast_to(target, (rows, *target.shape))
        elif target.shape in whole:
            spread = target[self.from_tick :]
        else:
            raise InputError(
                f"target must have shape {' or '.join(map(str, forms + whole))} for outputs of "
                f"shape {shape}, got shape {target.shape}"
            )
        if spread.ndim == 2:
            return _labels(spread, outputs)
        finite = np.isfinite(spread)
        if not finite.all():
            raise InputError(f"target must hold finite numbers, got {spread[~finite][0]}")
        return spread

    @property
    def takes_labels(self) -> bool:
        """Whether targets may be labels."""
        return True

    def _compare(self, rows: Array, target: Array) -> tuple[Array, Array]:
        """Return the loss (rows, batch) and its gradient (rows, batch, outputs)."""
        raise NotImplementedError


def _labels(labels: Array, classes: int) -> Array:
    if labels.dtype.kind not in "iu":
        raise InputTypeError(f"labels must be whole numbers, got dtype {labels.dtype}")
    bad = (labels < 0) | (labels >= classes)
    if bad.any():
        sample = int(np.argwhere(bad)[0][1])
        raise InputError(
            f"label of sample {sample} must be from 0 to {classes - 1}, got {labels[bad][0]}: "
            f"the model has {classes} outputs"
        )
    return labels.astype(np.int64)


def _one_hot(target: Array, rows: Array, off: float, on: float) -> Array:
    """Return values for labels; values are left as they are."""
    if target.ndim == 3:
        return target.astype(rows.dtype)
    hot = np.full(rows.shape, off, dtype=rows.dtype)
    np.put_along_axis(hot, target[..., np.newaxis], on, axis=-1)
    return hot


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """−log of the softmax at the label; values as targets are probabilities of the classes."""

    def _compare(self, rows: Array, target: Array) -> tuple[Array, Array]:
        shifted = rows - rows.max(axis=-1, keepdims=True)
        log_softmax = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        wanted = _one_hot(target, rows, 0, 1)
        weight = wanted.sum(axis=-1, keepdims=True)
        return -(wanted * log_softmax).sum(axis=-1), np.exp(log_softmax) * weight - wanted


@dataclass(frozen=True)
class MSE(Loss):
    """Squared difference, mean over outputs; a label stands for 1 at its class and 0 elsewhere."""

    def _compare(self, rows: Array, target: Array) -> tuple[Array, Array]:
        difference = rows - _one_hot(target, rows, 0, 1)
        return (difference**2).mean(axis=-1), difference * (2 / rows.shape[-1])


@dataclass(frozen=True)
class SquaredHinge(Loss):
    """max(0, margin − t·y)², mean over outputs; t = +1 at the label and −1 elsewhere.

    As in Yin et al., arXiv 1709.06206.
    """

    _: KW_ONLY
    margin: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        as_float("margin", self.margin, above=0)

    def _compare(self, rows: Array, target: Array) -> tuple[Array, Array]:
        sign = _one_hot(target, rows, -1, 1)
        short = np.maximum(self.margin - sign * rows, 0)
        return (short**2).mean(axis=-1), -sign * short * (2 / rows.shape[-1])


@dataclass(frozen=True)
class BernoulliNLL(Loss):
    """−log probability of independent bits, summed over outputs: the measure of piano rolls.

    Outputs are logits, log(p/(1−p)), or with ``logits=False`` probabilities from a sigmoid.
    Targets are values from 0 to 1.
    """

    over: Over = "each"
    _: KW_ONLY
    logits: bool = True

    @property
    def takes_labels(self) -> bool:
        """Targets are values only."""
        return False

    def _compare(self, rows: Array, target: Array) -> tuple[Array, Array]:
        if target.min() < 0 or target.max() > 1:
            raise InputError(
                f"target must hold values from 0 to 1, got {target.min()} to {target.max()}"
            )
        wanted = target.astype(rows.dtype)
        if self.logits:
            tail = np.exp(-np.abs(rows))
            losses = np.maximum(rows, 0) - rows * wanted + np.log1p(tail)
            return losses.sum(axis=-1), np.where(rows >= 0, 1, tail) / (1 + tail) - wanted
        if rows.min() < 0 or rows.max() > 1:
            raise InputError(
                f"outputs must be probabilities with logits=False, got {rows.min()} to "
                f"{rows.max()}: end the model in a sigmoid, or use logits=True"
            )
        tiny = np.finfo(rows.dtype).eps
        inside = np.clip(rows, tiny, 1 - tiny)
        losses = -(wanted * np.log(inside) + (1 - wanted) * np.log1p(-inside))
        return losses.sum(axis=-1), (inside - wanted) / (inside * (1 - inside))


@dataclass(frozen=True)
class ActivityPenalty:
    """weight · mean over neurons of (r − target)², r the spikes of a neuron per tick and sample.

    The rate regularisation of Bellec et al., Nature Communications 11:3625, 2020; with target 0
    it asks for few spikes.

    Raises
    ------
    InputError
        If `target` is not from 0 to 1, or `weight` is below 0.
    """

    target: float = 0.0
    weight: float = 1.0

    def __post_init__(self) -> None:
        as_float("target", self.target, low=0, high=1)
        as_float("weight", self.weight, low=0)

    def __call__(self, y: Array) -> tuple[float, Array]:
        """Return the penalty and its gradient by the outputs of a layer (ticks, batch, ...)."""
        if y.ndim < 3:
            raise InputError(f"y must have shape (ticks, batch, neurons), got shape {y.shape}")
        excess = y.mean(axis=(0, 1)) - y.dtype.type(self.target)
        value = self.weight * float((excess.astype(np.float64) ** 2).mean())
        slope = excess * (2 * self.weight / y.size)
        return value, np.broadcast_to(slope, y.shape).astype(y.dtype)
