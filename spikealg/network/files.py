"""Networks as a header and arrays, and on disk: npz behind a JSON header, never pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy.typing as npt

from spikealg.archive import read_archive, write_archive
from spikealg.errors import FileFormatError, InputError
from spikealg.network.network import Network
from spikealg.network.ports import Port

__all__ = ["from_parts", "load", "save", "to_parts"]

FORMAT = "spikealg-network"
VERSION = 1
_HEADER = ("inputs", "outputs", "groups", "interval")
_ARRAYS = [field.name for field in fields(Network) if field.name not in _HEADER]


def _describe(port: Port) -> dict[str, Any]:
    return {
        "neurons": port.neurons.tolist(),
        "width": port.width,
        "coding": port.coding,
        "latency": port.latency,
        "optional": port.optional,
        "absent": port.absent,
    }


def to_parts(network: Network) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Return the ports and names of a network, as JSON can hold them, and its arrays."""
    header = {
        "inputs": {name: _describe(port) for name, port in network.inputs.items()},
        "outputs": {name: _describe(port) for name, port in network.outputs.items()},
        "groups": [list(group) for group in network.groups],
        "interval": network.interval,
    }
    return header, {name: getattr(network, name) for name in _ARRAYS}


def from_parts(
    header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], source: str
) -> Network:
    """Build a network from what :func:`to_parts` returned; every invariant is checked again.

    Raises
    ------
    FileFormatError
        If the parts do not make a network; it says so of `source`.
    """
    try:
        ports: dict[str, Any] = {
            side: {
                name: Port(
                    **{
                        key: entry[key]
                        for key in ("neurons", "width", "coding", "latency", "optional")
                    },
                    absent=entry.get("absent"),
                )
                for name, entry in header[side].items()
            }
            for side in ("inputs", "outputs")
        }
        parts: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
        # Files of the first releases say nothing of intervals and of ports that are left out.
        return Network(**parts, **ports, groups=header["groups"], interval=header.get("interval"))
    except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
        raise FileFormatError(
            f"{source} but its content does not make a network ({error})"
        ) from error


def save(network: Network, path: str | Path) -> None:
    """Write `network` to `path`; the file appears whole or not at all."""
    write_archive(path, FORMAT, VERSION, *to_parts(network))


def load(path: str | Path) -> Network:
    """Read a network; every invariant is checked again.

    Raises
    ------
    FileFormatError
        If the file is damaged, foreign, or of a later format version.
    """
    header, arrays = read_archive(path, FORMAT, VERSION)
    return from_parts(header, arrays, f"{path} is damaged: it is a {FORMAT} file")
