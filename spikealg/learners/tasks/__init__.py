"""Tasks that tell units apart: tracking a hidden object, spoken digits, written digits.

A task draws or holds sequences (ticks, batch, channels, height, width) and says what is wanted.
"""

from __future__ import annotations

from spikealg.learners.tasks.estimators import ESTIMATORS, differences, estimate
from spikealg.learners.tasks.labelled import Labelled, digits, nearest_neighbour, speech
from spikealg.learners.tasks.tracking import LEVELS, Tracking, Tracks, tracking, tracking_error

__all__ = [
    "ESTIMATORS",
    "LEVELS",
    "Labelled",
    "Tracking",
    "Tracks",
    "differences",
    "digits",
    "estimate",
    "nearest_neighbour",
    "speech",
    "tracking",
    "tracking_error",
]
