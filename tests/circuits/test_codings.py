from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikealg.circuits import Adder
from spikealg.circuits.codings import CODINGS, coding_lines, coding_ticks, decode, encode
from spikealg.errors import InputError, InputTypeError
from tests.helpers import refused

RANGES = {
    "binary": lambda width: (0, 2**width - 1),
    "signed": lambda width: (-(2 ** (width - 1)), 2 ** (width - 1) - 1),
    "stream": lambda width: (0, 2**width - 1),
    "unary": lambda width: (0, width),
    "temporal": lambda width: (-1, width - 1),
}


@st.composite
def coded_values(draw):
    coding = draw(st.sampled_from(list(RANGES)))
    width = draw(st.integers(1, 80))
    low, high = RANGES[coding](width)
    values = draw(st.lists(st.integers(low, high), min_size=1, max_size=5))
    return coding, width, values


@given(coded_values())
def test_decoding_gives_back_what_was_encoded(case):
    coding, width, values = case
    array = np.array(values, dtype=object if max(map(abs, values)) >= 2**63 else np.int64)
    raster = encode(array, coding, width)
    assert raster.shape == (coding_ticks(coding, width), len(values), coding_lines(coding, width))
    assert set(np.unique(raster)) <= {0, 1}
    assert decode(raster, coding, width).tolist() == values


@given(
    hnp.arrays(
        np.int64, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.integers(-99, 99)
    )
)
def test_currents_pass_as_they_are(amounts):
    raster = encode(amounts, "current", amounts.shape[1])
    assert raster.shape == (1, *amounts.shape)
    np.testing.assert_array_equal(decode(raster, "current", amounts.shape[1]), amounts)


@given(
    hnp.arrays(np.int64, (6, 3, 1), elements=st.integers(0, 1)),
    st.sampled_from(["stream", "unary", "temporal"]),
)
def test_decoding_follows_the_definition(raster, coding):
    values = decode(raster, coding, 6)
    for lane, value in enumerate(values.tolist()):
        spikes = np.nonzero(raster[:, lane, 0])[0].tolist()
        expected = {
            "stream": sum(2**tick for tick in spikes),
            "unary": len(spikes),
            "temporal": spikes[0] if spikes else -1,
        }
        assert value == expected[coding]


def test_lines_and_ticks_of_small_examples():
    assert encode(6, "binary", 4).tolist() == [[[0, 1, 1, 0]]]
    assert encode(-3, "signed", 4).tolist() == [[[1, 0, 1, 1]]]
    assert encode(6, "stream", 4)[:, 0, 0].tolist() == [0, 1, 1, 0]
    assert encode(3, "unary", 4)[:, 0, 0].tolist() == [1, 1, 1, 0]
    assert encode(3, "temporal", 4)[:, 0, 0].tolist() == [0, 0, 0, 1]
    assert encode(-1, "temporal", 4)[:, 0, 0].tolist() == [0, 0, 0, 0]
    assert encode([5, -6], "current", 2).tolist() == [[[5, -6]]]
    assert encode([5, -6], "current", 1).tolist() == [[[5], [-6]]]
    assert encode(np.array([2**63], dtype=np.uint64), "binary", 64).sum() == 1
    assert decode(np.ones((7, 1, 2), int), "current", 2).tolist() == [[7, 7]]


@pytest.mark.parametrize(
    ("values", "coding", "width", "message"),
    [
        (256, "binary", 8, r"port a must be from 0 to 255 \(binary, width 8\), got 256"),
        ([3, -1], "stream", 8, r"port a must be from 0 to 255 \(stream, width 8\), got -1"),
        (5, "unary", 4, r"port a must be from 0 to 4 \(unary, width 4\), got 5"),
        (4, "temporal", 4, r"port a must be from -1 to 3 \(temporal, width 4\), got 4"),
        (2**70, "binary", 70, rf"port a must be from 0 to {2**70 - 1} \(binary, width 70\), got"),
        (
            [[1, 2]],
            "binary",
            8,
            r"port a must be one value or have shape \(lanes,\), got shape \(1",
        ),
        (
            [1, 2, 3],
            "current",
            2,
            r"port a must have shape \(lanes, 2\) or \(2,\) \(current, width 2\), got shape \(3,\)",
        ),
        (2**31, "current", 1, "port a must be a whole number from -2147483647 to 2147483647, got"),
        (1, "gray", 8, "coding must be one of 'binary', 'signed', 'stream', .*, got 'gray'"),
        (1, "binary", 0, "width must be a whole number of at least 1, got 0"),
    ],
)
def test_values_that_do_not_fit_are_named(values, coding, width, message):
    with pytest.raises(InputError, match=message):
        encode(values, coding, width, name="port a")


@pytest.mark.parametrize("values", [1.5, [1.0, 2.0], "12", np.nan, [2**70, "x"]])
@pytest.mark.parametrize("coding", CODINGS)
def test_only_whole_numbers_are_coded(values, coding):
    with pytest.raises(InputTypeError, match="port a must hold whole numbers"):
        encode(values, coding, 2, name="port a")


def test_a_raster_of_another_shape_is_refused():
    message = r"raster must have shape \(8, lanes, 1\) for stream, width 8, got \(7, 2, 1\)"
    with pytest.raises(InputError, match=message):
        decode(np.zeros((7, 2, 1), int), "stream", 8)
    message = r"raster must have shape \(ticks, lanes, 8\) for current, width 8, got \(7, 2, 1\)"
    with pytest.raises(InputError, match=message):
        decode(np.zeros((7, 2, 1), int), "current", 8)


def test_large_whole_numbers_are_coded_whatever_they_are_mixed_with():
    """NumPy alone makes floats of such lists."""
    for values in ([0, 2**63], [2**63, 2**63 + 1], [np.uint64(2**63 + 1), 1], [True, 2**64 - 1]):
        assert decode(encode(values, "binary", 65), "binary", 65).tolist() == list(map(int, values))
    for values in ([-(2**63), 2**63], [-1, 2**63 + 1]):
        assert decode(encode(values, "signed", 66), "signed", 66).tolist() == values
    found = Adder(64).compile()(a=[0, 2**63], b=[1, 1])["sum"]
    assert found.tolist() == [1, 2**63 + 1]


def test_rows_of_different_lengths_are_refused():
    with refused(
        "value must be a number or an array, got rows of different lengths", InputTypeError
    ):
        encode([[1], [1, 2]], "binary", 2)
