"""What a run would cost on a chip: platforms with their sources."""

from __future__ import annotations

from spikealg.hardware.catalogue import PlatformTable, load_platform, platform, platforms
from spikealg.hardware.platform import Constant, Features, Limits, Platform

__all__ = [
    "Constant",
    "Features",
    "Limits",
    "Platform",
    "PlatformTable",
    "load_platform",
    "platform",
    "platforms",
]
