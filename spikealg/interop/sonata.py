"""Spikes as SONATA files, which are HDF5 (extra "sonata").

Source: Dai et al., "The SONATA data format for efficient description of large-scale network
models", PLOS Computational Biology 16(2): e1007696, 2020; the files of spikes are described in
the SONATA developer guide.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.arguments import as_float
from spikealg.errors import MissingExtraError

if TYPE_CHECKING:
    from spikealg.engine import Run

__all__ = ["write_spikes"]

MAGIC, VERSION = 0x0A7A, (0, 1)
SORTING = {"none": 0, "by_id": 1, "by_time": 2}


def write_spikes(run: Run, path: str | Path, *, tick_ms: float = 1.0) -> None:
    """Write the recorded spikes of a run as a SONATA spikes file.

    A lane is a population, "lane_0" and so on (by its number in the run); its node ids are
    neurons. A tick is a point in time, tick·`tick_ms`.

    Parameters
    ----------
    run : Run
    path : str or Path
        Of the file, usually spikes.h5; a file that exists is replaced.
    tick_ms : float
        Time of a tick [ms], above 0.

    Raises
    ------
    MissingExtraError
        If h5py is not installed.
    InputError, InputTypeError
        If `tick_ms` cannot be used.
    """
    tick_ms = as_float("tick_ms", tick_ms, above=0.0)
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError(
            "write_spikes needs h5py, which is not installed: pip install 'spikealg[sonata]'"
        ) from error
    spikes = run.spikes
    # Lane by lane, in each by time, as the file says.
    order = np.argsort(spikes.lane, kind="stable")
    ends = np.cumsum(np.bincount(spikes.lane, minlength=run.lanes))
    with h5py.File(path, "w") as file:
        file.attrs["magic"] = np.uint32(MAGIC)
        file.attrs["version"] = np.array(VERSION, dtype=np.uint32)
        sorting: Any = h5py.enum_dtype(SORTING, basetype=np.uint8)
        for lane, chosen in enumerate(np.split(order, ends[:-1])):
            group = file.create_group(f"spikes/lane_{lane}")
            group.attrs.create("sorting", SORTING["by_time"], dtype=sorting)
            times = group.create_dataset("timestamps", data=spikes.t[chosen] * tick_ms)
            times.attrs["units"] = "ms"
            group.create_dataset("node_ids", data=spikes.i[chosen].astype(np.uint64))
