"""Pictures of circuits as SVG, without any package."""

from __future__ import annotations

from spikealg.circuits.drawing.picture import Drawing, draw

__all__ = ["Drawing", "draw"]
