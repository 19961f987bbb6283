"""Traces print what ports show, tick by tick; rasters are found by name."""

from __future__ import annotations

import numpy as np

from spikealg import simulate
from spikealg.circuits import Adder, BitSerialAdder, Circuit
from spikealg.errors import InputError, InputTypeError
from tests.helpers import refused


def adder_run(**settings):
    values = {"a": [3, 2], "b": [1, 3]}
    return simulate(Adder(2).compile(), values, ticks=5, **({"record": "all"} | settings))


def test_the_table():
    assert str(adder_run().trace("a", "b", "sum")) == (
        "tick  a  b  sum\n"
        "   0  3  1    ·\n"
        "   1  ·  ·    ·\n"
        "   2  ·  ·    ·\n"
        "   3  ·  ·    4\n"
        "   4  ·  ·    ·"
    )
    assert str(adder_run().trace("carry[1]", "sum", lane=1, first=2, ticks=2)) == (
        "tick  carry[1]  sum\n   2         1    ·\n   3         ·    5"
    )


def test_what_was_recorded_is_shown():
    assert list(adder_run().trace().columns) == ["a", "b", "carry_in", "sum"]
    assert list(adder_run(record="outputs").trace().columns) == ["sum"]


def test_values_are_those_of_the_raster():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 40, 3, 4))
    run = simulate(Adder(4).compile(), {"a": a, "b": b}, ticks=45, record="all")
    for lane in range(3):
        shown = run.trace(lane=lane)
        assert shown.columns["a"].tolist() == [*(a[:, lane] @ [1, 2, 4, 8]), *[0] * 5]
        expected = (a[:, lane] + b[:, lane]) @ [1, 2, 4, 8]
        assert shown.columns["sum"][5:].tolist() == expected.tolist()
        assert shown.fired["sum"].tolist() == (shown.columns["sum"] > 0).tolist()


def test_signed_numbers_streams_and_currents():
    top = Circuit("top")
    a = top.input("a", 3, "signed")
    top.output("out", -a)
    network = top.compile()
    run = simulate(network, {"a": -4}, ticks=6, record="all")
    shown = run.trace()
    assert shown.columns["a"][0] == -4
    assert shown.columns["out"][network.outputs["out"].latency] == 4
    stream = simulate(BitSerialAdder(3).compile(), {"a": 5, "b": 0}, ticks=6, record="all")
    assert stream.trace("a").columns["a"].tolist() == [1, 0, 1, 0, 0, 0]


def test_rasters_by_name():
    run = adder_run()
    lines = run.network.outputs["sum"].neurons
    assert np.array_equal(run.raster("sum"), run.raster(lines, 0, 5))
    assert np.array_equal(run.raster("carry[1]", 1), run.raster(run.network.find("carry[1]"), 1, 4))


def test_what_is_not_there_is_refused():
    run = adder_run(record="outputs")
    with refused("lane must be a whole number from 0 to 1, got 2", InputError):
        run.trace(lane=2)
    with refused("ticks must be a whole number from 1 to 3, got 4", InputError):
        run.trace(first=2, ticks=4)
    with refused("neuron 0 (a[0]) was not recorded: name it, or its port, in record", InputError):
        run.trace("a")
    with refused(
        'no port was recorded: name neurons that were, or simulate with record="all"', InputError
    ):
        adder_run(record="counts").trace()
    for wrong in (5, None):
        with refused(
            f"path must name a port, a group or a neuron, for example 'sum', got {wrong!r}",
            InputTypeError,
        ):
            run.trace(wrong)


def test_ticks_that_were_not_run_are_refused():
    begun = adder_run()
    later = simulate(begun.network, ticks=4, state=begun.state, record="all")
    for run, first, end in ((begun, 0, 5), (later, 5, 9)):
        assert run.raster("a").shape == run.raster("a", first, 5 if run is begun else 4).shape
        assert run.raster("a", end).shape == (0, 2, 2)
        for wrong in (first - 1, end + 1, 99):
            with refused(
                f"first must be a whole number from {first} to {end}, got {wrong}", InputError
            ):
                run.raster("a", wrong)
        for wrong in (first - 1, end, 99):
            with refused(
                f"first must be a whole number from {first} to {end - 1}, got {wrong}", InputError
            ):
                run.trace("a", first=wrong)
        for wrong in (-1, 3, 99):
            with refused(f"ticks must be a whole number from 0 to 2, got {wrong}", InputError):
                run.raster("a", end - 2, wrong)
        with refused("ticks must be a whole number from 1 to 2, got 3", InputError):
            run.trace("a", first=end - 2, ticks=3)
