"""What a trained model does: how often its units fire, what a spike does to the unit that fired it.

Functions look at a pass through a model (:class:`~spikealg.learners.Forward`), at spikes
(ticks, batch, *features), or at weights. `spikealg.viz.learners` draws what they return.
"""

from __future__ import annotations

from spikealg.learners.analysis.excitation import (
    AfterSpike,
    SelfWeights,
    after_spike,
    self_weights,
)
from spikealg.learners.analysis.firing import Activity, Raster, activity, raster, spikes
from spikealg.learners.analysis.weights import weight_maps

__all__ = [
    "Activity",
    "AfterSpike",
    "Raster",
    "SelfWeights",
    "activity",
    "after_spike",
    "raster",
    "self_weights",
    "spikes",
    "weight_maps",
]
