"""What other systems are known to compute, tick by tick where it matters."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.circuits import (
    Adder,
    BitSerialAdder,
    Circuit,
    Counter,
    Delay,
    MaxOf,
    Register,
    Timer,
    WinnerTakeAll,
    Xor,
)
from spikealg.engine import simulate


@pytest.mark.parametrize(
    ("a", "b", "width", "expected"), [(3, 2, 8, 5), (219, 219, 8, 438), (255, 1, 8, 256)]
)
def test_bit_serial_adder_gives_bits_in_order_one_per_tick(a, b, width, expected):
    network = BitSerialAdder(width).compile()
    assert network(a=a, b=b) == {"sum": expected}
    port = network.outputs["sum"]
    run = simulate(network, {"a": a, "b": b}, ticks=30, record=["sum"])
    bits = [bit for bit in range(width + 1) if expected >> bit & 1]
    assert (run.spikes.t - port.latency).tolist() == bits


@pytest.mark.parametrize(
    ("a", "b", "expected"), [(10, 7, 17), (10, 8, 18), (9, 9, 18), (10, 25, 3)]
)
def test_parallel_adder_modulo_32(a, b, expected):
    top = Circuit("modulo")
    total = top.add(Adder(5), a=top.input("a", 5), b=top.input("b", 5)).sum
    top.output("sum", total[:5])
    assert top.compile()(a=a, b=b) == {"sum": expected}


def test_adder_costs_two_neurons_a_bit_and_a_tick_a_bit():
    summary = Adder(16).summary()
    inputs, relays = 2 * 16 + 1, 1
    assert summary.neurons == inputs + 2 * 16 + relays
    assert summary.latency == 17


def test_register_stores_recalls_clears_and_overwrites():
    network = Register(5).compile()
    ticks = 12
    lines = {name: np.zeros((ticks, 1, port.lines), int) for name, port in network.inputs.items()}

    def store(tick, value):
        lines["data"][tick, 0] = [value >> bit & 1 for bit in range(5)]
        lines["store"][tick] = 1

    store(0, 22)
    lines["recall"][2] = 1
    lines["clear"][3] = 1
    lines["recall"][5] = 1
    store(6, 22)
    store(7, 19)
    lines["recall"][9] = 1
    lines["data"][10] = 1  # not stored
    lines["recall"][11] = 1
    latency = network.outputs["out"].latency
    run = simulate(network, lines, ticks=ticks + latency, record=["out"])
    shown = np.zeros(ticks + latency, int)
    line = {neuron: bit for bit, neuron in enumerate(network.outputs["out"].neurons.tolist())}
    for neuron, tick in zip(run.spikes.i.tolist(), run.spikes.t.tolist(), strict=True):
        shown[tick] += 1 << line[neuron]
    expected = {2: 22, 5: 0, 9: 19, 11: 19}
    assert shown.tolist() == [expected.get(t - latency, 0) for t in range(ticks + latency)]


def test_parity_of_four_lines():
    results = Xor(4).compile()(a=np.arange(16))["out"]
    assert np.nonzero(results)[0].tolist() == [1, 2, 4, 7, 8, 11, 13, 14]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([5], 5), ([5, 3, 10, 2, 17, 25], 25), ([23, 23, 23], 23), ([0, 0], 0)],
)
def test_maximum_of_a_set_is_done_even_for_zero(numbers, expected):
    top = Circuit("maximum")
    lines = {f"a{k}": top.input(f"a{k}", 5) for k in range(len(numbers))}
    found = top.add(MaxOf(len(numbers), 5), **lines)
    top.output("out", found.out)
    top.output("winners", found.winners)
    top.output("done", top.add(Delay(found.winners.ready), a=top.input("start")).out)
    network = top.compile()
    values = {f"a{k}": number for k, number in enumerate(numbers)}
    ties = sum(1 << k for k, number in enumerate(numbers) if number == expected)
    assert network(start=1, **values) == {"out": expected, "winners": ties, "done": 1}
    assert network(start=0, **values)["done"] == 0


@pytest.mark.parametrize(
    ("numbers", "first"), [([5], 0), ([5, 3, 10, 2, 17, 25], 5), ([23, 23, 23], 0), ([0, 0], 0)]
)
def test_winner_of_a_race_is_done_even_for_zero(numbers, first):
    network = WinnerTakeAll(len(numbers), 5).compile()
    values = {f"a{k}": number for k, number in enumerate(numbers)}
    ties = sum(1 << k for k, number in enumerate(numbers) if number == max(numbers))
    assert network(start=1, **values) == {"index": first, "winners": ties, "done": 1}
    run = simulate(network, {"start": 0, **values}, ticks=60)
    assert not run.counts[network.outputs["done"].neurons].any()


def test_fibonacci_by_adders():
    top = Circuit("fibonacci")
    numbers = [top.input("first", 6), top.input("second", 6)]
    for k in range(3, 11):
        total = top.add(Adder(6), a=numbers[-2], b=numbers[-1]).sum[:6]
        numbers.append(total)
        top.output(f"f{k}", total)
    results = top.compile()(first=0, second=1)
    assert list(results.values()) == [1, 2, 3, 5, 8, 13, 21, 34]


def test_fibonacci_by_bit_serial_adders():
    top = Circuit("fibonacci")
    numbers = [top.input("first", 1, "stream"), top.input("second", 1, "stream")]
    for k in range(3, 11):
        width = max(number.width for number in numbers[-2:])
        a, b = (number.extend(width) for number in numbers[-2:])
        numbers.append(top.add(BitSerialAdder(width), a=a, b=b).sum)
        top.output(f"f{k}", numbers[-1])
    results = top.compile()(first=0, second=1)
    assert list(results.values()) == [1, 2, 3, 5, 8, 13, 21, 34]


@pytest.mark.parametrize("width", [1, 5])
def test_timer_is_done_after_its_ticks_even_for_zero(width):
    network = Timer(width).compile()
    waits = np.arange(2**width)
    run = simulate(
        network, {"ticks": waits, "start": np.ones_like(waits)}, ticks=50, until=("done", 1)
    )
    assert run.stopped.tolist() == (waits + 2).tolist()


def test_timer_can_be_started_again():
    network = Timer(3).compile()
    ticks = np.zeros((30, 1, 3), int)
    start = np.zeros((30, 1, 1), int)
    for tick, wait in ((0, 5), (8, 0), (11, 7)):
        ticks[tick, 0] = [wait >> bit & 1 for bit in range(3)]
        start[tick] = 1
    ticks[3] = 1  # without a start it is not read
    run = simulate(network, {"ticks": ticks, "start": start}, ticks=40, record=["done"])
    assert run.spikes.t.tolist() == [0 + 5 + 2, 8 + 0 + 2, 11 + 7 + 2]


def test_counter_counts_a_pulse_in_every_tick():
    network = Counter(3).compile()
    run = simulate(network, {"pulse": np.ones((16, 1, 1), int)}, ticks=40, record=["carry"])
    latency = network.outputs["carry"].latency
    assert run.spikes.t.tolist() == [7 + latency, 15 + latency]
