"""What circuits are made from: sizes of any integer type, and errors that name the argument."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from spikealg import circuits
from spikealg.circuits import Adder, Circuit, In, decode, encode
from spikealg.errors import InputError, InputTypeError, SpikealgError
from tests.circuits.cases.case import network_of
from tests.helpers import ALL_CIRCUITS, refused


def of_numpy(value):
    """The same whole number or truth value as a scalar of NumPy."""
    if isinstance(value, bool):
        return np.bool_(value)
    return np.int64(value) if isinstance(value, int) else value


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=lambda case: case.label)
def test_sizes_of_numpy_make_the_same_circuit(case):
    made = case.kind(*map(of_numpy, case.args))
    assert made.compile().identical(network_of(case))
    scalars = {name for name, value in vars(made).items() if isinstance(value, np.generic)}
    assert not scalars


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=lambda case: case.label)
def test_a_size_that_is_none_is_named(case):
    names = list(inspect.signature(case.kind).parameters)
    for place, given in enumerate(case.args):
        if isinstance(given, (bool, int)):
            for wrong in ("x", 1.5, [given, [given]]):
                args = [*case.args[:place], wrong, *case.args[place + 1 :]]
                with pytest.raises(SpikealgError) as found:
                    case.kind(*args)
                assert str(found.value).startswith(f"{names[place]} must be ")


@pytest.mark.parametrize(
    "case",
    [case for case in ALL_CIRCUITS if "signed" in inspect.signature(case.kind).parameters],
    ids=lambda case: case.label,
)
def test_signed_is_true_or_false(case):
    """A block in its place would change the coding of all ports."""
    before = list(inspect.signature(case.kind).parameters).index("signed")
    for wrong in (4, 0, None, "unsigned"):
        with refused(f"signed must be True or False, got {wrong!r}", InputTypeError):
            case.kind(*case.args[:before], signed=wrong)


def test_ports_and_codings_take_integers_of_numpy():
    assert str(In(np.int64(8))) == "8 lines"
    top = Circuit("t")
    assert str(top.input("a", np.int64(3))) == "a (3 lines)"
    assert str(top.input("b", np.int8(1))) == "b (1 line)"
    assert encode([1, 3], "binary", np.int64(64)).shape == (1, 2, 64)
    raster = encode([1, 200], "binary", np.int8(8))
    assert decode(raster, "binary", np.int8(8)).tolist() == [1, 200]
    assert Adder(np.int64(3)).compile()(a=5, b=6) == {"sum": 11}


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda row: circuits.WeightedSum(row), "weights"),
        (lambda row: circuits.Filter(row, 2), "kernel"),
        (lambda row: circuits.SubsetSums(row), "numbers"),
        (lambda row: circuits.Knapsack(row, [1, 2], 5), "weights"),
        (lambda row: circuits.Knapsack([1, 2], row, 5), "values"),
        (lambda row: circuits.Histogram(2, 2, row), "edges"),
    ],
)
def test_sequences_have_one_dimension(make, name):
    with refused(
        f"{name} must be a sequence of whole numbers, got an array of shape (2, 2)", InputError
    ):
        make([[0, 1], [2, 3]])
    with refused(
        f"{name} must be a sequence of whole numbers, got an array of shape ()", InputError
    ):
        make(3)


@pytest.mark.parametrize(
    ("make", "bit", "lines", "total"),
    [
        (lambda: circuits.WeightedSum([2**62] * 4), 62, 4, 2**64),
        (lambda: circuits.WeightedSum([2**61] * 8), 61, 8, 2**64),
        (lambda: circuits.WeightedSum([2**62] * 2), 62, 2, 2**63),
        (lambda: circuits.WeightedSum([-(2**63)]), 63, 1, 2**63),
        (lambda: circuits.Filter([2**62] * 4, 1), 62, 4, 2**64),
    ],
)
def test_weights_beyond_int64_together_are_refused(make, bit, lines, total):
    with refused(
        f"bit {bit} of a sum of {lines} lines takes weights that add up to {total}, and one "
        "neuron has less than 2^31: use fewer lines or bits, or a circuit whose carries ripple",
        InputError,
    ):
        make().compile()


@pytest.mark.parametrize(
    ("count", "width", "signed", "fits"),
    [
        (2, 30, False, True),
        (3, 30, False, False),
        (8, 28, False, True),
        (9, 28, False, False),
        (8, 25, True, True),
        (8, 26, True, False),
    ],
)
def test_the_limit_of_a_sum_is_the_one_that_is_written(count, width, signed, fits):
    """All ones, as wide as the numbers or, if signed, as the sum, stay below 2^31 together."""
    made = circuits.SumOf(count, width, signed)
    wide = made.ports["sum"].width if signed else width
    assert fits == (count * (2**wide - 1) < 2**31)
    if fits:
        smallest, largest = (-(2 ** (width - 1)), 2 ** (width - 1) - 1)
        low, high = (smallest, largest) if signed else (0, 2**width - 1)
        for value in (low, high):
            numbers = {f"a{k}": value for k in range(count)}
            assert made.compile()(**numbers) == {"sum": count * value}
    else:
        with pytest.raises(InputError, match=r"one neuron has less than 2\^31"):
            made.compile()


def test_slices_are_checked():
    a = Circuit("t").input("a", 4)
    with refused("stop of a slice of a (4 lines) must be a whole number, got 'x'", InputTypeError):
        a[1:"x"]
    with refused("start of a slice of a (4 lines) must be a whole number, got 1.0", InputTypeError):
        a[1.0:2]
    with refused("step of a slice of a (4 lines) must not be 0", InputError):
        a[::0]
    assert a[np.int64(1) : np.int64(3)].lines == 2


def test_arrays_of_neurons_are_indexed_like_arrays_or_not_at_all():
    cells = Circuit("t").neurons(4, threshold=1, name="cell")
    for wrong in (slice(None, None, 0), slice(1.0, 2), "x", 4):
        with pytest.raises(InputError, match=r"^cell of shape \(4,\) has no \["):
            cells[wrong]
    assert cells.reshape(2, -1).shape == (2, 2)
    for wrong in ((3,), ("x",), (-1, -1)):
        with pytest.raises(InputError, match=r"^cell of shape \(4,\) cannot be reshaped to \("):
            cells.reshape(*wrong)
