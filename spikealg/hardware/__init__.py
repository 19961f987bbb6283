"""What a run would cost on a chip: platforms with their sources."""

from __future__ import annotations

from spikealg.hardware.catalogue import PlatformTable, load_platform, platform, platforms
from spikealg.hardware.loihi import LoihiExactness, loihi_exact
from spikealg.hardware.place import Placement, Usage, place
from spikealg.hardware.platform import Constant, Features, Limits, Platform

__all__ = [
    "Constant",
    "Features",
    "Limits",
    "LoihiExactness",
    "Placement",
    "Platform",
    "PlatformTable",
    "Usage",
    "load_platform",
    "loihi_exact",
    "place",
    "platform",
    "platforms",
]
