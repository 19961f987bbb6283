"""Cores on a mesh of routers: where they stand, and the exchange of cores that talk far."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from numba import njit

from spikealg.hardware.platform import Limits

__all__ = ["exchange_cores", "exchange_gain", "positions", "route_hops"]

Array = npt.NDArray[np.int64]
Integers = npt.NDArray[np.integer[Any]]

SWEEPS = 20


def positions(slots: int, limits: Limits) -> tuple[Array, Array]:
    """Return the chip (slots,) and the router (slots, 2) of each place for a core.

    Places are numbered chip by chip; within a chip the routers follow each other along a line
    that turns at its ends, so that neighbours in number are neighbours on the mesh. A chip that is
    not filled is used in a square. Chips tile the plane in a square too, and the mesh goes on
    across their borders.
    """
    slot = np.arange(slots, dtype=np.int64)
    per_chip = limits.cores_per_chip or max(slots, 1)
    chip, local = np.divmod(slot, per_chip)
    width, height = limits.mesh or (1, 1)
    per_router = -(-per_chip // (width * height))
    routers = -(-np.minimum(slots - chip * per_chip, per_chip) // per_router)
    line = np.ceil(np.maximum(np.sqrt(routers), routers / height)).astype(np.int64)
    line = np.minimum(line, width)
    row, column = np.divmod(local // per_router, line)
    column = np.where(row % 2 == 1, line - 1 - column, column)
    side = int(np.ceil(np.sqrt(chip.max(initial=0) + 1)))
    tile_row, tile_column = np.divmod(chip, side)
    router = np.stack([column + tile_column * width, row + tile_row * height], axis=1)
    return chip, router


def route_hops(router: Array, source: Integers, target: Integers) -> Array:
    """Return the links between the routers of two cores: first along x, then along y."""
    hops: Array = np.abs(router[source] - router[target]).sum(axis=1)
    return hops


def exchange_cores(traffic: sp.csr_array, router: Array) -> Array:
    """Return the place of each core after exchanges that shorten the ways between them.

    A core may change places with one near the middle (the median, weighted by traffic) of those
    it talks to; only exchanges that save hops are made.

    Parameters
    ----------
    traffic : csr_array (cores, cores) of int64
        Messages between cores; both directions are added.
    router : int64 array (cores, 2)
        Router of each place; core k starts at place k.

    Returns
    -------
    int64 array (cores,)
        A permutation.
    """
    both = sp.csr_array(traffic + traffic.T).astype(np.int64)
    both.setdiag(0)
    both.eliminate_zeros()
    width, height = (router.max(axis=0) + 1).tolist()
    cell = router[:, 1] * width + router[:, 0]
    by_cell = np.argsort(cell, kind="stable")
    first = np.searchsorted(cell[by_cell], np.arange(width * height + 1))
    place: Array = _exchange(
        both.indptr.astype(np.int64), both.indices.astype(np.int64), both.data,
        router, by_cell, first, width, height, SWEEPS,
    )  # fmt: skip
    return place


@njit(cache=True)
def _exchange(indptr, indices, data, router, by_cell, first, width, height, sweeps):
    """Exchange cores, sweep after sweep, until none saves a hop.

    Parameters
    ----------
    indptr, indices, data : int64 arrays
        Symmetric traffic between cores in compressed rows, without diagonal.
    router : int64 array (cores, 2)
        Router of each place.
    by_cell, first : int64 arrays
        The places at router x, y are ``by_cell[first[c]:first[c + 1]]`` with c = y·width + x.
    width, height, sweeps : int

    Returns
    -------
    int64 array (cores,)
        Place of each core.
    """
    cores = len(router)
    place = np.arange(cores)
    core_at = np.arange(cores)
    for _ in range(sweeps):
        saved = 0
        for a in range(cores):
            x = _median(indptr, indices, data, router, place, a, 0)
            y = _median(indptr, indices, data, router, place, a, 1)
            best, most = -1, 0
            for row in range(max(y - 1, 0), min(y + 2, height)):
                for column in range(max(x - 1, 0), min(x + 2, width)):
                    cell = row * width + column
                    for at in range(first[cell], first[cell + 1]):
                        b = core_at[by_cell[at]]
                        gain = exchange_gain(indptr, indices, data, router, place, a, b)
                        if gain > most:
                            best, most = b, gain
            if best >= 0:
                place[a], place[best] = place[best], place[a]
                core_at[place[a]], core_at[place[best]] = a, best
                saved += most
        if saved == 0:
            break
    return place


@njit(cache=True)
def _median(indptr, indices, data, router, place, core, axis):
    """Return the weighted median coordinate of what `core` talks to (its own without any)."""
    start, stop = indptr[core], indptr[core + 1]
    if start == stop:
        return router[place[core], axis]
    coordinates = np.empty(stop - start, dtype=np.int64)
    total = 0
    for entry in range(start, stop):
        coordinates[entry - start] = router[place[indices[entry]], axis]
        total += data[entry]
    passed = 0
    for at in np.argsort(coordinates):
        passed += data[start + at]
        if 2 * passed >= total:
            return coordinates[at]
    return coordinates[-1]


@njit(cache=True)
def exchange_gain(indptr, indices, data, router, place, a, b):
    """Return the hops that exchanging cores `a` and `b` saves; their own link stays as long.

    Parameters
    ----------
    indptr, indices, data : int64 arrays
        Symmetric traffic between cores in compressed rows, without diagonal.
    router, place : int64 arrays (cores, 2), (cores,)
        Router of each place, and place of each core.
    a, b : int
    """
    if a == b:
        return 0
    here, there = router[place[a]], router[place[b]]
    gain = 0
    for mover, other, old, new in ((a, b, here, there), (b, a, there, here)):
        for entry in range(indptr[mover], indptr[mover + 1]):
            if indices[entry] != other:
                end = router[place[indices[entry]]]
                before = abs(old[0] - end[0]) + abs(old[1] - end[1])
                after = abs(new[0] - end[0]) + abs(new[1] - end[1])
                gain += data[entry] * (before - after)
    return gain
