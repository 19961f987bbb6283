"""Samples become batches: sequences of equal length side by side, time-major."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError, InputTypeError

__all__ = ["Encode", "Samples"]

Array = npt.NDArray[Any]
Encode = Callable[[Array, np.random.Generator], Array]
"""From values (batch, *features) to a sequence (ticks, batch, *features)."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples and their targets, in one of three forms.

    Attributes
    ----------
    x, y : ndarray or list of ndarray
        With `encode`: x (samples, *features). Without: x (ticks, samples, *features), or a list of
        arrays (ticks, *features) whose lengths differ. y holds an entry per sample; for a list, a
        list of entries.
    encode : callable, optional
        Makes a batch of values into a sequence.
    """

    x: Array | list[Array]
    y: Array | list[Array]
    encode: Encode | None = None

    @classmethod
    def of(cls, name: str, data: Any, encode: Encode | None) -> Samples:
        """Check a pair (x, y).

        Raises
        ------
        InputError, InputTypeError
            If it is no pair, x and y differ in length, or x is not finite.
        """
        try:
            x, y = data
        except (TypeError, ValueError):
            raise InputTypeError(f"{name} must be a pair (x, y)") from None
        if encode is None and isinstance(x, (list, tuple)):
            if not isinstance(y, (list, tuple)):
                y = list(np.asarray(y))
            samples = cls([np.asarray(a) for a in x], [np.asarray(b) for b in y])
        else:
            samples = cls(np.asarray(x), np.asarray(y), encode)
        if samples.x_count != len(samples):
            ticks = "ticks, " if encode is None and isinstance(samples.x, np.ndarray) else ""
            raise InputError(
                f"{name} must hold a target for each sample, got {samples.x_count} samples, x "
                f"being ({ticks}samples, *features) of shape {_shape(samples.x)}, and "
                f"{len(samples)} targets, y of shape {_shape(samples.y)}"
            )
        if len(samples) == 0:
            raise InputError(f"{name} must hold at least one sample, got none")
        for place, part in enumerate(samples.x if isinstance(samples.x, list) else [samples.x]):
            if encode is None and len(part) == 0:
                where = f" of sample {place}" if isinstance(samples.x, list) else ""
                raise InputError(f"x{where} in {name} must have at least one tick, got none")
            if part.dtype.kind == "f" and not np.isfinite(part).all():
                where = f" of sample {place}" if isinstance(samples.x, list) else ""
                at = np.argwhere(~np.isfinite(part))[0].tolist()
                raise InputError(
                    f"x{where} in {name} must be finite, got {part[tuple(at)]} at {at}"
                )
        return samples

    def check_labels(self, name: str, classes: int) -> None:
        """Check labels that are an array, per sample or per tick and sample.

        Raises
        ------
        InputError
            If one is out of range; the message names the sample.
        """
        y = self.y
        if isinstance(y, list) or y.dtype.kind not in "iu" or y.ndim != 1 + self._per_tick:
            return
        bad = (y < 0) | (y >= classes)
        if bad.any():
            raise InputError(
                f"label of sample {np.argwhere(bad)[0][-1]} in {name} must be from 0 to "
                f"{classes - 1}, got {y[bad][0]}: the model has {classes} outputs"
            )

    @property
    def x_count(self) -> int:
        """Number of samples in `x`."""
        if isinstance(self.x, list) or self.encode is not None:
            return len(self.x)
        return self.x.shape[1] if self.x.ndim > 1 else 0

    def __len__(self) -> int:
        """Return the number of targets."""
        # Targets per tick and sample are time-major as x is.
        if isinstance(self.x, np.ndarray) and isinstance(self.y, np.ndarray) and self._per_tick:
            return int(self.y.shape[1])
        return len(self.y)

    @property
    def _per_tick(self) -> bool:
        x, y = self.x, self.y
        return (
            self.encode is None
            and isinstance(x, np.ndarray)
            and isinstance(y, np.ndarray)
            and y.ndim >= 2
            and y.shape[:2] == x.shape[:2]
        )

    def batches(
        self, size: int, order: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> Iterator[tuple[Array, Array]]:
        """Give sequences (ticks, batch, *features) with their targets, in `order`."""
        for which in self._groups(size, order):
            if isinstance(self.x, list):
                y = [self.y[k] for k in which]
                axis = 1 if y[0].ndim and len(y[0]) == len(self.x[which[0]]) else 0
                yield np.stack([self.x[k] for k in which], axis=1), np.stack(y, axis=axis)
            elif self.encode is not None:
                yield self.encode(self.x[which], rng), np.asarray(self.y)[which]
            elif self._per_tick:
                yield self.x[:, which], np.asarray(self.y)[:, which]
            else:
                yield self.x[:, which], np.asarray(self.y)[which]

    def _groups(self, size: int, order: npt.NDArray[np.int64]) -> Sequence[npt.NDArray[np.int64]]:
        if not isinstance(self.x, list) or size == 1:
            return [order[k : k + size] for k in range(0, len(order), size)]
        # A batch is of one length; it goes where its last sample stands in the order.
        waiting: dict[int, list[int]] = {}
        groups = []
        for k in order.tolist():
            group = waiting.setdefault(len(self.x[k]), [])
            group.append(k)
            if len(group) == size:
                groups.append(np.array(waiting.pop(len(self.x[k]))))
        return groups + [np.array(group) for group in waiting.values()]


def _shape(array: Array | list[Array]) -> tuple[int, ...]:
    return (len(array),) if isinstance(array, list) else array.shape
