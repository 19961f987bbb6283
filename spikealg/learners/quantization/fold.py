"""A trained model taken apart: what folds into weights is folded, the rest is put in groups."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spikealg.errors import InputError
from spikealg.learners.base import Array, Layer
from spikealg.learners.layers import (
    AvgPool,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
)
from spikealg.learners.layers.recurrent import Recurrence
from spikealg.learners.units import Unit

__all__ = ["Group", "Linear", "folded", "groups_of"]

Linear = Dense | Conv2d


@dataclass(frozen=True)
class Group:
    """Layers of a model that become one layer of neurons.

    Attributes
    ----------
    name : str
        Place and kind of the layer that fires, as errors call it.
    places : tuple of int
        Of all its layers, in the order of the model.
    before, after : tuple of AvgPool
        Averages before and after the weights.
    weights : Dense, Conv2d, Recurrence or None
        The layer with weights; None for a max-pool.
    unit : Unit or None
        None for a max-pool, and for a last layer without unit.
    pool : MaxPool or None
    """

    name: str
    places: tuple[int, ...]
    before: tuple[AvgPool, ...] = ()
    weights: Linear | Recurrence | None = None
    after: tuple[AvgPool, ...] = ()
    unit: Unit | None = None
    pool: MaxPool | None = None


def folded(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return copies of layers, batch normalisation folded into weights and dropout left out.

    Raises
    ------
    InputError
        If a batch normalisation does not stand between a linear layer and a unit.
    """
    copies = [layer for layer in copy.deepcopy(list(layers)) if not isinstance(layer, Dropout)]
    kept: list[Layer] = []
    for layer, follows in zip(copies, [*copies[1:], None], strict=True):
        if not isinstance(layer, BatchNorm):
            kept.append(layer)
            continue
        last = kept[-1] if kept else None
        if not isinstance(last, Linear) or not isinstance(follows, Unit):
            raise InputError(
                "BatchNorm can be folded between a linear layer (Dense, Conv2d) and a unit only; "
                f"here it stands between {_kind(last)} and {_kind(follows)}"
            )
        _fold(last, layer)
    return tuple(kept)


def _kind(layer: Layer | None) -> str:
    return "the edge of the model" if layer is None else layer.kind


def _fold(linear: Linear, norm: BatchNorm) -> None:
    """Let a linear layer do what a normalisation by running statistics does after it."""
    values = {**norm.parameters, **norm.buffers}
    factor, shift = _affine(values, norm.epsilon)
    weight = linear.parameters["weight"]
    bias = linear.parameters.get("bias", np.zeros(len(factor)))
    wide = factor if isinstance(linear, Dense) else factor[:, None, None, None]
    linear.parameters = {
        "weight": (weight * wide).astype(linear.dtype),
        "bias": (bias * factor + shift).astype(linear.dtype),
    }
    linear.bias = True


def _affine(values: dict[str, Array], epsilon: float) -> tuple[Array, Array]:
    """Return a and b of the normalisation y = a·x + b."""
    exact = {name: value.astype(np.float64) for name, value in values.items()}
    factor = exact["scale"] / np.sqrt(exact["variance"] + epsilon)
    return factor, exact["shift"] - factor * exact["mean"]


def groups_of(layers: Sequence[Layer]) -> list[Group]:
    """Put layers into groups, each of which becomes a layer of neurons.

    Raises
    ------
    InputError
        If layers stand in an order that neurons cannot take; the message names the layer.
    """
    groups: list[Group] = []
    places: list[int] = []
    before: list[AvgPool] = []
    after: list[AvgPool] = []
    linear: Linear | None = None

    def close(
        name: str,
        weights: Linear | Recurrence | None,
        unit: Unit | None = None,
        pool: MaxPool | None = None,
    ) -> None:
        nonlocal linear
        groups.append(Group(name, tuple(places), tuple(before), weights, tuple(after), unit, pool))
        places.clear()
        before.clear()
        after.clear()
        linear = None

    for place, layer in enumerate(layers):
        places.append(place)
        name = f"layer {place} ({layer.kind})"
        if isinstance(layer, AvgPool):
            (before if linear is None else after).append(layer)
        elif isinstance(layer, MaxPool):
            if linear is not None or before:
                raise InputError(
                    f"{name} cannot be hosted: it takes the largest of real numbers, and neurons "
                    "do the largest of spikes only: put it right after a unit"
                )
            close(name, None, pool=layer)
        elif isinstance(layer, Linear):
            if linear is not None:
                raise InputError(
                    f"{name} cannot be hosted: there is no unit between it and the linear layer "
                    "before it: put one between them, or multiply their weights into one layer"
                )
            linear = layer
        elif isinstance(layer, Recurrence):
            if linear is not None:
                raise InputError(
                    f"{name} cannot be hosted: there is no unit between it and the linear layer "
                    "before it"
                )
            close(name, layer, layer.unit)
        elif isinstance(layer, Unit):
            if linear is None:
                raise InputError(
                    f"{name} cannot be hosted: there is no linear layer right before it whose "
                    "weights would be its synapses"
                )
            close(name, linear, layer)
        elif not isinstance(layer, Flatten):
            raise InputError(f"{name} cannot be hosted: no neurons are known for it")
    if linear is not None:
        close(f"layer {places[-1]} (readout)", linear)
    if before:
        raise InputError(
            f"layer {places[-1]} (AvgPool) cannot be hosted: no linear layer follows it, whose "
            "weights could take the average in"
        )
    if not groups:
        raise InputError("layers hold nothing that could be neurons: no layer has weights")
    if places:
        groups[-1] = replace(groups[-1], places=(*groups[-1].places, *places))
    return groups
