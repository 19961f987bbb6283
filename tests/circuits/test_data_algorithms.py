"""Algorithms on data: known answers, inputs left out, and what is refused, in words."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from spikealg import circuits
from spikealg.circuits import Circuit
from spikealg.engine import simulate
from spikealg.errors import InputError, InputTypeError
from tests.helpers import refused


def letters(name, text):
    return {f"{name}{k}": ord(letter) for k, letter in enumerate(text)}


@pytest.mark.parametrize(
    ("a", "b", "distance", "common"),
    [
        ("kitten", "sitting", 3, 4),
        ("AGGTAB", "GXTXAYB", 4, 4),
        ("flaw", "lawn", 2, 3),
        ("same", "same", 0, 4),
        ("abc", "xyz", 3, 0),
        ("\0\0", "\0", 1, 1),
    ],
)
def test_two_words(a, b, distance, common):
    words = {**letters("a", a), **letters("b", b), "start": 1}
    sizes = len(a), len(b), 7
    assert circuits.EditDistance(*sizes).compile()(**words) == {"distance": distance}
    assert circuits.LongestCommon(*sizes).compile()(**words) == {"length": common}


@pytest.mark.parametrize(
    ("numbers", "rising", "not_falling"),
    [
        ([10, 9, 2, 5, 3, 7, 101, 18], 4, 4),
        ([0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], 6, 6),
        ([7, 7, 7], 1, 3),
        ([0, 0], 1, 2),
        ([3, 2, 1, 0], 1, 1),
    ],
)
def test_longest_increasing_subsequence(numbers, rising, not_falling):
    values = {f"a{k}": number for k, number in enumerate(numbers)}
    for strict, length in ((True, rising), (False, not_falling)):
        circuit = circuits.LongestIncreasing(len(numbers), 7, False, strict)
        assert circuit.compile()(**values, start=1) == {"length": length}


def test_patterns_in_a_text():
    text = "abracadabra, cadabra"
    patterns = ["abra", "a", "cad", "a?a", "zebra"]
    wanted = [[None if letter == "?" else letter for letter in pattern] for pattern in patterns]
    codes = [[letter and ord(letter) for letter in pattern] for pattern in wanted]
    network = circuits.PatternMatcher(codes, 7).compile()
    bits = np.array([[ord(letter) >> bit & 1 for bit in range(7)] for letter in text])
    inputs = {"letter": bits[:, None], "valid": np.ones((len(text), 1, 1), dtype=int)}
    run = simulate(network, inputs, ticks=len(text) + 2)
    found = run.raster("out", 2, len(text))[:, 0]
    for k, pattern in enumerate(wanted):
        ends = [
            end
            for end in range(len(pattern) - 1, len(text))
            if all(
                letter is None or letter == text[end - len(pattern) + 1 + place]
                for place, letter in enumerate(pattern)
            )
        ]
        assert np.nonzero(found[:, k])[0].tolist() == ends
    assert found[:, :4].any(axis=0).all()
    assert not found[:, 4].any()


def test_a_str_is_a_pattern():
    by_str, by_code = (
        circuits.PatternMatcher([pattern], 7) for pattern in ("ab", [ord("a"), ord("b")])
    )
    assert by_str.compile().identical(by_code.compile())


def test_sums_and_the_best_of_a_knapsack():
    found = circuits.SubsetSums([3, 34, 4, 12, 5, 2]).compile()(use=63, start=1)["sums"]
    assert found >> 9 & 1
    assert not found >> 30 & 1
    assert found >> 60 == 1
    packed = circuits.Knapsack([1, 3, 4, 5], [1, 4, 5, 7], capacity=7).compile()
    best = packed(use=[15] * 8, room=np.arange(8), start=[1] * 8)["value"]
    assert best.tolist() == [0, 1, 1, 4, 5, 7, 8, 9]


@pytest.mark.parametrize(
    ("circuit", "operands"),
    [
        (circuits.SubsetSums([2, 0, 3, 2]), {"start": 1}),
        (circuits.Knapsack([2, 1, 3], [3, 2, 4], 5), {"room": 4, "start": 1}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_without_use_all_are_used_and_neurons_are_saved(circuit, operands):
    top = Circuit("top")
    inputs = {name: top.input(name, circuit.ports[name].width) for name in operands}
    (output,) = set(circuit.ports) - {"use", *operands}
    top.output("out", getattr(top.add(circuit, **inputs), output))
    short, long = top.compile(), circuit.compile()
    every = (1 << circuit.ports["use"].width) - 1
    assert short(**operands)["out"] == long(**operands, use=every)[output]
    assert short.n_neurons < long.n_neurons


def test_triangles_of_families():
    graph = nx.convert_node_labels_to_integers(nx.florentine_families_graph())
    circuit = circuits.TriangleCount(len(graph))
    edges = sum(1 << k for k, pair in enumerate(circuit.pairs) if graph.has_edge(*pair))
    assert circuit.compile()(edges=edges) == {"count": sum(nx.triangles(graph).values()) // 3}


def test_a_stream_is_smoothed_as_numpy_does():
    kernel = [1, 4, 6, 4, 1]
    network = circuits.Filter(kernel, 8).compile()
    signal = np.random.default_rng(0).integers(0, 256, 50)
    bits = signal[:, None, None] >> np.arange(8) & 1
    run = simulate(network, {"x": bits}, ticks=52)
    found = run.raster("y", 2, 50)[:, 0] @ (1 << np.arange(network.outputs["y"].width))
    assert np.array_equal(found, np.convolve(signal, kernel)[:50])


REFUSED = [
    (
        lambda: circuits.Histogram(3, 4, [0, 5, 5]),
        "edges must be at least two ascending whole numbers, got 5 before 5",
    ),
    (
        lambda: circuits.Histogram(3, 4, [7]),
        "edges must be at least two ascending whole numbers, got 1",
    ),
    (
        lambda: circuits.Histogram(3, 4, [0, 17]),
        "edges[1] must be a whole number from 0 to 16, got 17",
    ),
    (
        lambda: circuits.Convolution((3, 3), [1, 2], 4),
        "kernel must have 2 dimensions as shape (3, 3), got shape (2,)",
    ),
    (
        lambda: circuits.Convolution(2, [1, 2, 1], 4, mode="valid"),
        'kernel must lie inside shape (2,) for mode "valid", got shape (3,)',
    ),
    (
        lambda: circuits.Convolution(3, [1], 4, mode="circular"),
        "mode must be one of 'full', 'same', 'valid', got 'circular'",
    ),
    (lambda: circuits.Filter([], 4), "kernel must hold at least one whole number, got none"),
    (lambda: circuits.EditDistance(0, 3, 4), "first must be a whole number of at least 1, got 0"),
    (
        lambda: circuits.LongestCommon(3, -1, 4),
        "second must be a whole number of at least 1, got -1",
    ),
    (
        lambda: circuits.LongestIncreasing(3, 31),
        "width must be a whole number from 1 to 30, got 31",
    ),
    (lambda: circuits.SubsetSums([]), "numbers must hold at least one whole number, got none"),
    (
        lambda: circuits.SubsetSums([2, -1]),
        "numbers[1] must be a whole number of at least 0, got -1",
    ),
    (
        lambda: circuits.SubsetSums([2**62] * 4),
        f"numbers must add up to at most {2**30}, got {2**64}",
    ),
    (
        lambda: circuits.Knapsack([1] * 4, [2**62] * 4, 3),
        f"values must add up to at most {2**30}, got {2**64}",
    ),
    (lambda: circuits.PatternMatcher(3, 7), "patterns must be a sequence of patterns, got 3"),
    (lambda: circuits.PatternMatcher([3], 7), "patterns[0] must have at least one letter, got 3"),
    (
        lambda: circuits.Knapsack([1, 2], [3], 4),
        "weights and values must hold one whole number per item, got 2 and 1",
    ),
    (
        lambda: circuits.Knapsack([1, 2], [3, -4], 4),
        "values[1] must be a whole number of at least 0, got -4",
    ),
    (
        lambda: circuits.PatternMatcher("abc", 7),
        "patterns must be a sequence of patterns, got 'abc'",
    ),
    (
        lambda: circuits.PatternMatcher(["ab", ""], 7),
        "patterns[1] must have at least one letter, got ''",
    ),
    (
        lambda: circuits.PatternMatcher(["ab", "né"], 7),
        "patterns[1][1] must be a whole number from 0 to 127, got 233",
    ),
    (
        lambda: circuits.PatternMatcher(["abc", "ab"], 7, mismatches=2),
        "mismatches must be a whole number from 0 to 1, got 2",
    ),
    (lambda: circuits.TriangleCount(2), "nodes must be a whole number of at least 3, got 2"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[case[1][:40] for case in REFUSED])
def test_refused(make, message):
    with refused(message, InputError):
        make()


def test_numbers_that_are_not_whole():
    message = "numbers must hold whole numbers of at least 0, got dtype float64"
    with refused(message, InputTypeError):
        circuits.SubsetSums([1.5])
    with refused("patterns[0][1] must be a whole number from 0 to 127, got 'bc'", InputTypeError):
        circuits.PatternMatcher([["a", "bc"]], 7)
