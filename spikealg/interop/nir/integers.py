"""The integers of an exported network, kept in the metadata of its graph."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from spikealg.errors import FileFormatError, InputError
from spikealg.network import Network
from spikealg.network.files import from_parts, to_parts

__all__ = ["KEY", "attach", "restore"]

KEY = "spikealg"
FORMAT = "spikealg-nir"
VERSION = 1
_RULE = """\
Integers, tick by tick; L(x, k) rounds x*(4096 - k)/4096 toward zero:
1. i = L(i, current_leak) + sum of the weights of arriving spikes
2. if c > 0: c = c - 1, and nothing else happens in this tick
3. v = max(L(v, leak) + i + bias + input, floor)
4. a spike, with probability draw_limit/2^32, if v >= threshold
5. on a spike v = reset_value (reset 0), v - threshold (1) or v (2), and c = refractory
At first v = v_init, i = 0, c = refractory_init. The synapses of neuron j are those from indptr[j]
to before indptr[j + 1]; delays are in ticks."""
_DERIVED = ("input_type", "output_type", "metadata")


def attach(graph: Any, network: Network, dt: float, notes: Sequence[str]) -> None:
    """Put the integers of `network` into the metadata of `graph`, which describes it."""
    header, arrays = to_parts(network)
    graph.metadata[KEY] = {
        "format": FORMAT,
        "version": VERSION,
        "dt": dt,
        "step": "v += dt/tau (v_leak - v + r I) in every tick of dt seconds",
        "rule": _RULE,
        "notes": "\n".join(notes),
        "ports": json.dumps(header),
        "arrays": arrays,
        "digest": digest(graph),
    }


def restore(graph: Any) -> tuple[Network, float, tuple[str, ...]] | None:
    """Return network, tick [s] and notes of an exported graph; None if `graph` is no such graph.

    Raises
    ------
    FileFormatError
        If the integers are damaged, or of a later version.
    InputError
        If the graph was changed after it was exported.
    """
    stored = graph.metadata.get(KEY) if isinstance(graph.metadata, dict) else None
    if stored is None:
        return None
    try:
        version, dt = int(stored["version"]), float(stored["dt"])
        notes, expected = str(stored["notes"]), str(stored["digest"])
        header, arrays = json.loads(str(stored["ports"])), stored["arrays"]
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(
            f"the metadata {KEY!r} of the graph is damaged ({error!r})"
        ) from error
    if version > VERSION:
        raise FileFormatError(
            f"the metadata {KEY!r} of the graph has version {version}; this release reads up to "
            f"version {VERSION}: install a newer spikealg"
        )
    if digest(graph) != expected:
        raise InputError(
            "the graph was changed after spikealg exported it, so its integers no longer describe "
            "it: use from_nir(graph, integers=False) to read the graph alone"
        )
    network = from_parts(header, arrays, f"the metadata {KEY!r} of the graph is damaged")
    return network, dt, tuple(notes.splitlines())


def digest(graph: Any) -> str:
    """Return a hash of the nodes, their parameters and the edges, whatever their order."""
    content = hashlib.sha256()
    for name, node in sorted(graph.nodes.items()):
        content.update(f"\n{name} {type(node).__name__}".encode())
        if hasattr(node, "nodes"):
            content.update(digest(node).encode())
        elif type(node).__name__ == "Input":
            _add(content, "shape", node.input_type["input"])
        elif type(node).__name__ == "Output":
            _add(content, "shape", node.output_type["output"])
        else:
            for field in fields(node):
                if field.name not in _DERIVED:
                    _add(content, field.name, getattr(node, field.name))
    content.update(repr(sorted((str(a), str(b)) for a, b in graph.edges)).encode())
    return content.hexdigest()


def _add(content: Any, name: str, value: Any) -> None:
    if value is None or isinstance(value, (str, dict)):
        content.update(f"\n{name} {value}".encode())
        return
    numbers = np.asarray(value, dtype="<f8")
    content.update(f"\n{name} {numbers.shape}".encode())
    content.update(np.ascontiguousarray(numbers).tobytes())
