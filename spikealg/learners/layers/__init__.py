"""Layers: what stands between units."""

from __future__ import annotations

from spikealg.learners.layers.dense import Dense
from spikealg.learners.layers.recurrent import Recurrent

__all__ = ["Dense", "Recurrent"]
