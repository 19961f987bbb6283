"""Inputs as planes, one bit per lane, against the same inputs one by one."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.circuits import encode
from spikealg.engine.injection import MANY_LANES, as_arrays, make_injection
from spikealg.network import Network, Port

NET = Network.from_arrays(
    threshold=[1, 1, 1], pre=[0], post=[1], inputs={"x": [2, 0], "y": [1], "z": [1]}
)


def sums(injection, lanes):
    """What is added to each neuron: {(tick, neuron): values (lanes,)}, once from either form."""
    one_by_one, packed = {}, {}
    none = np.zeros(lanes, dtype=np.int64)
    lane = np.repeat(np.arange(lanes), np.diff(injection.pointer))
    for where, tick, neuron, value in zip(
        lane, injection.tick.tolist(), injection.neuron.tolist(), injection.value, strict=True
    ):
        one_by_one.setdefault((tick, neuron), none.copy())[where] += value
    form, offset = injection.packed, injection.grid.offset
    keys = list(zip(form.tick.tolist(), form.neuron.tolist(), strict=True))
    assert keys == sorted(keys)
    for key, weight, plane in zip(keys, form.weight.tolist(), form.planes, strict=True):
        assert abs(weight).bit_count() == 1
        bits = np.unpackbits(plane.view(np.uint8), bitorder="little").astype(np.int64)
        assert plane.any()
        assert not bits[:offset].any()
        assert not bits[offset + lanes :].any()
        packed.setdefault(key, none.copy())[:] += weight * bits[offset : offset + lanes]
    return one_by_one, packed


RASTERS = {
    "bits": lambda rng, lanes: rng.integers(0, 2, (3, lanes, 2)),
    "bits in bytes": lambda rng, lanes: rng.integers(0, 2, (3, lanes, 2), dtype=np.int8),
    "signed bytes": lambda rng, lanes: rng.integers(-128, 128, (2, lanes, 2), dtype=np.int8),
    "unsigned bytes": lambda rng, lanes: rng.integers(0, 256, (2, lanes, 2), dtype=np.uint8),
    "truth": lambda rng, lanes: rng.random((2, lanes, 2)) < 0.5,
    "integers": lambda rng, lanes: rng.integers(-(2**31) + 1, 2**31, (2, lanes, 2)),
    "negative": lambda rng, lanes: -rng.integers(1, 9, (2, lanes, 2)),
    "nothing": lambda rng, lanes: np.zeros((2, lanes, 2), dtype=np.int64),
    "one for all": lambda rng, lanes: rng.integers(-9, 10, (5, 1, 2)),
    "one byte for all": lambda rng, lanes: rng.integers(0, 2, (5, 1, 2), dtype=np.int8),
    "current": lambda rng, lanes: rng.integers(-9, 10, (lanes, 2)),
}


@pytest.mark.parametrize("name", RASTERS)
@pytest.mark.parametrize(("lanes", "first_lane"), [(1, 0), (64, 0), (65, 128), (200, 100)])
def test_planes_add_up_to_the_values(name, lanes, first_lane):
    rng = np.random.default_rng(len(name) * 1000 + lanes)
    inputs = {"x": RASTERS[name](rng, lanes), "y": rng.integers(0, 2, (2, 1, 1)), "z": 3}
    injection = make_injection(
        NET, as_arrays(NET, inputs), lanes=lanes, ticks=9, start_tick=7, first_lane=first_lane
    )
    one_by_one, packed = sums(injection, lanes)
    assert one_by_one.keys() == packed.keys()
    for key, values in one_by_one.items():
        assert values.tolist() == packed[key].tolist()
    # What was given, read off directly.
    given = np.asarray(inputs["x"]).astype(np.int64)
    given = given if given.ndim == 3 else given[np.newaxis]
    for tick, values in enumerate(given):
        for line, neuron in enumerate((2, 0)):
            found = packed.get((7 + tick, neuron), np.zeros(lanes, dtype=np.int64))
            assert found.tolist() == np.broadcast_to(values[:, line], lanes).tolist()


CODED = Network.from_arrays(
    threshold=[1] * 14,
    inputs={
        "b": Port([9, 3, -1, 4, 5], 5, "binary"),
        "s": Port([6], 4, "stream"),
        "u": Port([7], 3, "unary"),
        "t": Port([8], 3, "temporal"),
        "wide": Port([10], 70, "stream"),
    },
)


@pytest.mark.parametrize("first_lane", [0, 37, 64, 1000])
@pytest.mark.parametrize("lanes", [1, 63, 64, 130, MANY_LANES + 5])
def test_values_go_to_their_lines_in_either_form(lanes, first_lane):
    """Integers on their way to planes, against the codings bit by bit."""
    rng = np.random.default_rng(lanes)
    inputs = {
        "b": rng.integers(0, 32, lanes).astype(np.uint8),
        "s": rng.integers(0, 16, lanes),
        "u": rng.integers(0, 4, lanes),
        "t": rng.integers(-1, 3, lanes),
        "wide": rng.integers(0, 2**62, lanes).tolist(),
    }
    for given in (inputs, {name: values[-1] for name, values in inputs.items()}):
        injection = make_injection(
            CODED, as_arrays(CODED, given), lanes=lanes, ticks=70, start_tick=2,
            first_lane=first_lane,
        )  # fmt: skip
        one_by_one, packed = sums(injection, lanes)
        expected = {}
        for name, values in given.items():
            port = CODED.inputs[name]
            raster = np.broadcast_to(
                encode(values, port.coding, port.width).astype(np.int64),
                (1 if name == "b" else port.width, lanes, port.lines),
            )
            for tick, line in np.ndindex(len(raster), port.lines):
                if port.neurons[line] >= 0 and raster[tick, :, line].any():
                    expected[2 + tick, int(port.neurons[line])] = raster[tick, :, line].tolist()
        for form in (one_by_one, packed):
            assert {key: values.tolist() for key, values in form.items()} == expected


def test_values_may_change_after_the_call():
    """What was injected is kept where a run may be repeated."""
    values = np.arange(MANY_LANES)[None, :, None] % 3
    injection = make_injection(
        NET, {"y": values}, lanes=MANY_LANES, ticks=1, start_tick=0, first_lane=0
    )
    before = injection.packed.planes.copy()
    values[:] = 0
    assert np.array_equal(injection.packed.planes, before)
