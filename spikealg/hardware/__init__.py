"""What a run would cost on a chip, and whether it fits there."""

from __future__ import annotations

from spikealg.hardware.catalogue import PlatformTable, load_platform, platform, platforms
from spikealg.hardware.counts import Counts, LaneCounts, NetworkCounts, Work, count
from spikealg.hardware.loihi import LoihiExactness, loihi_exact
from spikealg.hardware.place import Placement, Usage, place
from spikealg.hardware.platform import Constant, Features, Limits, Platform

__all__ = [
    "Constant",
    "Counts",
    "Features",
    "LaneCounts",
    "Limits",
    "LoihiExactness",
    "NetworkCounts",
    "Placement",
    "Platform",
    "PlatformTable",
    "Usage",
    "Work",
    "count",
    "load_platform",
    "loihi_exact",
    "place",
    "platform",
    "platforms",
]
