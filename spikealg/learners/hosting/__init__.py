"""Quantised models as networks of the engine."""

from __future__ import annotations

from spikealg.learners.hosting.hosted import Hosted, host

__all__ = ["Hosted", "host"]
