"""The gates before the exits: every outcome of their draws, tick by tick."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from spikealg.solvers.diffusion.density_circuits.choice import (
    Choice,
    Terms,
    chain_of_gates,
    tree_of_gates,
)
from spikealg.solvers.diffusion.equation.transition import ExitLists
from tests.transitions import all_trees, cheapest_tree

DEGREES = [3, 1, 8, 2, 5, 1, 7, 4, 6]


def exits_of(degrees, rng) -> ExitLists:
    indptr = np.concatenate([[0], np.cumsum(degrees)])
    probability = np.concatenate([rng.dirichlet(np.ones(degree)) for degree in degrees])
    return ExitLists(indptr, np.zeros(indptr[-1], dtype=np.int64), probability)


def told(terms: Terms, spikes: dict[int, int], arrived: dict[int, tuple[int, int]]) -> None:
    """Add to arrived[place] = (tick, sum) what `spikes` = {source: tick} tell; ticks must agree."""
    for place, source, weight, delay in np.stack(terms, axis=1).tolist():
        if source in spikes:
            tick, total = arrived.get(place, (spikes[source] + delay, 0))
            assert tick == spikes[source] + delay
            arrived[place] = (tick, total + weight)


def outcome(choice: Choice, vertex: int, draws: dict[int, bool]) -> tuple[dict, dict]:
    """Return what one walker of a vertex brings to gates and exits if gates draw like this.

    Spikes of gates are found by repetition until nothing changes, in whatever order they come.
    """
    fired: dict[int, int] = {}
    while True:
        at_gates: dict[int, tuple[int, int]] = {}
        told(choice.gates_from_walkers, {vertex: 0}, at_gates)
        told(choice.gates_from_gates, fired, at_gates)
        now = {g: tick for g, (tick, total) in at_gates.items() if total > 0 and draws[g]}
        if now == fired:
            break
        fired = now
    at_exits: dict[int, tuple[int, int]] = {}
    told(choice.exits_from_walkers, {vertex: 0}, at_exits)
    told(choice.exits_from_gates, fired, at_exits)
    assert all(total in (0, 1) for _, total in [*at_gates.values(), *at_exits.values()])
    return fired, at_exits


@pytest.mark.parametrize("make", [chain_of_gates, tree_of_gates])
def test_each_walker_takes_one_exit_with_its_probability(make):
    exits = exits_of(DEGREES, np.random.default_rng(3))
    choice = make(exits)
    assert len(choice.probability) == sum(DEGREES) - len(DEGREES)
    found = np.zeros(len(exits.probability))
    # Border by border, and at each the vertices that have it.
    places = [(k, v) for k in range(7) for v, degree in enumerate(DEGREES) if k < degree - 1]
    for vertex, degree in enumerate(DEGREES):
        gates = [number for number, (_, at) in enumerate(places) if at == vertex]
        for drawn in product((False, True), repeat=degree - 1):
            draws = dict(zip(gates, drawn, strict=True))
            _, at_exits = outcome(choice, vertex, draws)
            ((taken, tick),) = [(e, tick) for e, (tick, total) in at_exits.items() if total]
            assert exits.indptr[vertex] <= taken < exits.indptr[vertex + 1]
            assert tick == choice.arrival[taken] <= choice.latency[vertex]
            p = [
                choice.probability[g] if x else 1 - choice.probability[g] for g, x in draws.items()
            ]
            found[taken] += np.prod(p)
    np.testing.assert_allclose(found, exits.probability, atol=1e-12)


def test_ticks_to_the_last_exit():
    exits = exits_of(DEGREES, np.random.default_rng(4))
    assert chain_of_gates(exits).latency.tolist() == DEGREES
    depth = [int(np.ceil(np.log2(degree))) for degree in DEGREES]
    assert tree_of_gates(exits).latency.tolist() == [d + 1 for d in depth]


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ([1 / 4, 1 / 4, 1 / 2], [1 / 2, 1 / 2]),
        ([1 / 6, 1 / 6, 2 / 3], [1 / 2, 1 / 3]),
        ([1 / 8] * 4 + [1 / 2], [1 / 2] * 4),
        ([1 / 6] * 6, [1 / 2, 1 / 3, 1 / 2, 1 / 2, 1 / 2]),
        ([0.3, 0.25, 0.2, 0.15, 0.1], None),
        ([0.05, 0.1, 0.5, 0.35], None),
        ([0.01, 0.02, 0.3, 0.04, 0.5, 0.06, 0.07], None),
    ],
)
def test_a_tree_is_the_cheapest_of_the_lowest(chances, expected):
    """Of all trees: ½ and ¾ are cheap to draw, and so are gates that seldom send walkers on."""
    exits = ExitLists(np.array([0, len(chances)]), np.zeros(len(chances), int), np.array(chances))
    choice = tree_of_gates(exits)
    if expected is not None:
        np.testing.assert_allclose(choice.probability, expected, rtol=1e-15)
    else:
        assert choice.arrival.tolist() == [passed + 1 for _, passed in cheapest_tree(chances)]
    gates = range(len(chances) - 1)
    spikes = 0.0
    for drawn in product((False, True), repeat=len(gates)):
        fired, _ = outcome(choice, 0, dict(zip(gates, drawn, strict=True)))
        p = [q if x else 1 - q for q, x in zip(choice.probability, drawn, strict=True)]
        spikes += float(np.prod(p)) * len(fired)
    bits = [
        min((Fraction(round(q * 2**32), 2**32).denominator).bit_length() - 1, 11)
        for q in choice.probability
    ]
    least = min(cost for cost, _ in all_trees(chances, (len(chances) - 1).bit_length()))
    assert sum(bits) + spikes == pytest.approx(least)


def test_many_exits_are_halved():
    chances = np.random.default_rng(0).dirichlet(np.ones(21))
    exits = ExitLists(np.array([0, 21]), np.zeros(21, int), chances)
    assert tree_of_gates(exits).latency.tolist() == [6]


def test_gates_of_a_regular_mesh_lie_border_by_border():
    exits = ExitLists(np.arange(0, 30, 3), np.zeros(27, int), np.tile([0.2, 0.3, 0.5], 9))
    assert chain_of_gates(exits).probability.tolist() == [0.2] * 9 + [0.3 / 0.8] * 9


@pytest.mark.parametrize(
    ("make", "expected"), [(chain_of_gates, [1, 1 / 4, 1 / 3]), (tree_of_gates, [1, 1, 1 / 3])]
)
def test_small_probabilities_beside_large_ones_are_kept(make, expected):
    exits = ExitLists(np.array([0, 4]), np.zeros(4, int), np.array([1.0, 1e-17, 1e-17, 2e-17]))
    np.testing.assert_allclose(make(exits).probability, expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("make", "expected"), [(chain_of_gates, [0.25, 1, 1]), (tree_of_gates, [0.25, 1, 1])]
)
def test_where_trailing_exits_cannot_be_taken_gates_always_fire(make, expected):
    exits = ExitLists(np.array([0, 4]), np.zeros(4, int), np.array([0.25, 0.75, 0.0, 0.0]))
    assert make(exits).probability.tolist() == expected
