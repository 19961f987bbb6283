"""What a run would cost on a chip, and whether it fits there."""

from __future__ import annotations

from spikealg.hardware.adapt import Adaptation, adapt, adaptation
from spikealg.hardware.advantage import advantage
from spikealg.hardware.catalogue import PlatformTable, load_platform, platform, platforms
from spikealg.hardware.compare import Comparison, Row, compare
from spikealg.hardware.counts import Counts, LaneCounts, NetworkCounts, Work, count
from spikealg.hardware.curve import AdvantageCurve, Exponent, Series
from spikealg.hardware.estimate import CostEstimate, Term, estimate
from spikealg.hardware.figures import Figure
from spikealg.hardware.fits import Fit, fits
from spikealg.hardware.loihi import LoihiExactness, loihi_exact
from spikealg.hardware.place import Placement, Usage, place
from spikealg.hardware.platform import Constant, Features, Limits, Platform
from spikealg.hardware.walls import Breach

__all__ = [
    "Adaptation",
    "AdvantageCurve",
    "Breach",
    "Comparison",
    "Constant",
    "CostEstimate",
    "Counts",
    "Exponent",
    "Features",
    "Figure",
    "Fit",
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
    "adapt",
    "adaptation",
    "advantage",
    "compare",
    "count",
    "estimate",
    "fits",
    "load_platform",
    "loihi_exact",
    "place",
    "platform",
    "platforms",
]
