"""Models of whole numbers: rounding, and a forward pass that is the engine's arithmetic."""

from __future__ import annotations

from spikealg.learners.quantization.model import Quantized, quantize
from spikealg.learners.quantization.rounding import Settings

__all__ = ["Quantized", "Settings", "quantize"]
