"""What a run would cost on a chip, and whether it fits there."""

from __future__ import annotations

from spikealg.hardware.advantage import advantage
from spikealg.hardware.catalogue import PlatformTable, load_platform, platform, platforms
from spikealg.hardware.compare import Comparison, Row, compare
from spikealg.hardware.counts import Counts, LaneCounts, NetworkCounts, Work, count
from spikealg.hardware.curve import AdvantageCurve, Exponent, Series
from spikealg.hardware.estimate import CostEstimate, Term, estimate
from spikealg.hardware.figures import Figure
from spikealg.hardware.loihi import LoihiExactness, loihi_exact
from spikealg.hardware.place import Placement, Usage, place
from spikealg.hardware.platform import Constant, Features, Limits, Platform

__all__ = [
    "AdvantageCurve",
    "Comparison",
    "Constant",
    "CostEstimate",
    "Counts",
    "Exponent",
    "Features",
    "Figure",
    "LaneCounts",
    "Limits",
    "LoihiExactness",
    "NetworkCounts",
    "Placement",
    "Platform",
    "PlatformTable",
    "Row",
    "Series",
    "Term",
    "Usage",
    "Work",
    "advantage",
    "compare",
    "count",
    "estimate",
    "load_platform",
    "loihi_exact",
    "place",
    "platform",
    "platforms",
]
