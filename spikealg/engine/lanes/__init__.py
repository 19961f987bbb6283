"""The lanes kernel: many lanes at once, a bit each.

Spikes of 64 lanes are the bits of a word, potentials a few such bit planes; one vector instruction
updates a synapse in 512 lanes.
"""

from spikealg.engine.lanes.kernel import run

__all__ = ["run"]
