"""Exchange with other tools for spiking networks by NIR (extra "nir").

NIR (Pedersen et al., Nature Communications 15:8122, 2024) describes a network as a graph of
differential equations: IF, LIF and CubaLIF neurons, weights, convolutions, delays in seconds.
:func:`to_nir` says in these terms what can be said, refuses or states the rest, and writes the
integers beside it; :func:`from_nir` reads those back unchanged, or turns a graph of another tool
into integers and ticks.
"""

from __future__ import annotations

from spikealg.interop.nir.export import to_nir
from spikealg.interop.nir.read import NirImport, from_nir

__all__ = ["NirImport", "from_nir", "to_nir"]
