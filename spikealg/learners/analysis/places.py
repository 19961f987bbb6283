"""Layers by their places, as analysis calls them."""

from __future__ import annotations

from spikealg.learners.base import Layer
from spikealg.learners.layers.recurrent import Recurrence
from spikealg.learners.sequential import Sequential
from spikealg.learners.units import Unit

__all__ = ["name_of", "unit_of"]


def name_of(model: Sequential, place: int) -> str:
    """Return what the layer at `place` is called."""
    return f"layer {place} ({model.layers[place].kind})"


def unit_of(layer: Layer) -> Unit | None:
    """Return the unit that a layer is, or is built around."""
    if isinstance(layer, Recurrence):
        return layer.unit
    return layer if isinstance(layer, Unit) else None
