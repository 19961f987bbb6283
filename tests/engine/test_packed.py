"""Spikes and values, 64 lanes to a word, against the same one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikealg.engine import Spikes
from spikealg.engine.packed import PackedSpikes, full_plane, grid_words, pack_values, unpack_values
from spikealg.errors import TooLargeError
from tests.helpers import packed_spikes

SHAPES = [(0, 1), (1, 1), (127, 1), (0, 63), (0, 64), (0, 65), (5, 128), (64, 300), (101, 1000)]


def planes_one_by_one(values: np.ndarray, width: int, offset: int) -> np.ndarray:
    """The oracle: NumPy's bits, lane by lane."""
    bits = np.zeros((width, 64 * grid_words(offset, len(values))), dtype=np.uint8)
    for lane, value in enumerate(values.tolist()):
        for k in range(width):
            bits[k, offset + lane] = value >> k & 1
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


@pytest.mark.parametrize("width", [1, 7, 8, 9, 16, 17, 33, 63])
@pytest.mark.parametrize(("offset", "lanes"), SHAPES)
def test_values_are_packed_and_unpacked(offset, lanes, width):
    values = np.random.default_rng(width).integers(0, 2**width, lanes)
    planes, fit = pack_values(values, width, offset)
    assert fit
    assert np.array_equal(planes, planes_one_by_one(values, width, offset))
    assert np.array_equal(unpack_values(planes, lanes, offset), values)


def test_a_grid_has_an_even_number_of_words():
    assert [grid_words(*shape) for shape in SHAPES] == [2, 2, 2, 2, 2, 2, 4, 6, 18]
    for offset, lanes in SHAPES:
        ones = np.ones(lanes, dtype=np.int64)
        assert np.array_equal(full_plane(offset, lanes)[None], planes_one_by_one(ones, 1, offset))


@pytest.mark.parametrize("at", [0, 70, 199])
@pytest.mark.parametrize("wrong", [-1, 32, 2**62, -(2**63)])
def test_a_value_that_does_not_fit_is_noticed(at, wrong):
    """In the whole words in the middle as in those cut at both ends."""
    values = np.full(200, 31)
    assert pack_values(values, 5, 3)[1]
    values[at] = wrong
    assert not pack_values(values, 5, 3)[1]


def random_spikes(rng: np.random.Generator, n: int, ticks: int, lanes: int) -> Spikes:
    """Each neuron in each tick and lane or not."""
    t, i, lane = np.nonzero(rng.random((ticks, n, lanes)) < rng.choice([0.02, 0.5]))
    return Spikes(i, t + 7, lane)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_packed_spikes_are_read_as_if_one_by_one(seed):
    rng = np.random.default_rng(seed)
    n, ticks, lanes = (int(rng.integers(1, most)) for most in (6, 9, 300))
    offset = int(rng.integers(128))
    spikes = random_spikes(rng, n, ticks, lanes)
    words = packed_spikes(spikes, offset)
    assert words.expand().sorted().identical(spikes)
    first, span = 7 + int(rng.integers(ticks)), int(rng.integers(1, ticks + 1))
    neurons = rng.integers(0, n, int(rng.integers(1, 7)))
    dense = np.zeros((span, lanes, len(neurons)), dtype=np.int64)
    for neuron, tick, lane in spikes:
        if first <= tick < first + span:
            dense[tick - first, lane, neurons == neuron] = 1
    assert np.array_equal(words.raster(neurons, first, span, lanes), dense)
    planes = words.planes(neurons, first, span, lanes)
    for tick in range(span):
        for column in range(len(neurons)):
            values = unpack_values(planes[tick, column : column + 1], lanes, offset)
            assert np.array_equal(values, dense[tick, :, column])
    line = dense[:, :, 0]
    assert np.array_equal(words.counts(int(neurons[0]), first, span, lanes), line.sum(axis=0))
    found = words.first(int(neurons[0]), first, span, lanes)
    assert np.array_equal(found, np.where(line.any(axis=0), line.argmax(axis=0), -1))
    stopped = rng.integers(7, 7 + ticks, lanes)
    last = np.zeros((len(neurons), lanes), dtype=np.int64)
    for neuron, tick, lane in spikes:
        last[neurons == neuron, lane] |= stopped[lane] == tick
    planes = words.last_planes(neurons, stopped)
    for column in range(len(neurons)):
        values = unpack_values(planes[column : column + 1], lanes, offset)
        assert np.array_equal(values, last[column])


def test_joined_spikes_keep_their_grid():
    spikes = random_spikes(np.random.default_rng(0), 3, 4, 90)
    early = spikes.t < 9
    parts = [
        packed_spikes(Spikes(spikes.i[some], spikes.t[some], spikes.lane[some]), 100)
        for some in (early, ~early)
    ]
    joined = PackedSpikes.concatenate([PackedSpikes.empty(100), *parts])
    assert joined.expand().sorted().identical(spikes)
    assert len(joined) == len(parts[0]) + len(parts[1])
    assert PackedSpikes.concatenate([PackedSpikes.empty(100)]).offset == 100


def test_spikes_that_cannot_fit_one_by_one_are_refused(monkeypatch):
    words = packed_spikes(random_spikes(np.random.default_rng(1), 9, 9, 20_000), 0)
    assert 64 * words.expand().t.size > 2**20
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 2**19)
    with pytest.raises(TooLargeError, match=r"\d+ spikes one by one would need about .* GiB"):
        words.expand()
    with pytest.raises(TooLargeError, match="a raster of 1 neurons in 100000 ticks"):
        words.planes(np.array([1]), 0, 100_000, 90)
