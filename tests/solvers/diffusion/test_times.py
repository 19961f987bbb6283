import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.times import as_span, as_times, segments


def test_a_number_means_from_zero():
    assert as_span(2.5) == (0.0, 2.5)
    assert as_span((1, 3)) == (1.0, 3.0)


@pytest.mark.parametrize(
    ("t_span", "message"),
    [
        ((1, 2, 3), r"t_span must be a number or a pair \(start, end\), got 3 values"),
        ((2, 1), "t_span must end after it starts, got 2 to 1: give a later end"),
        (0, "t_span must end after it starts, got 0 to 0"),
        (float("nan"), "t_span must be a finite number, got nan"),
    ],
)
def test_spans_that_cannot_be(t_span, message):
    with pytest.raises(InputError, match=message):
        as_span(t_span)


def test_a_word_is_no_span():
    with pytest.raises(InputTypeError, match="t_span must be a number or a pair"):
        as_span("5 days")


def test_times_default_to_the_end():
    np.testing.assert_array_equal(as_times(None, (0.0, 2.0)), [2.0])


def test_times_within_rounding_of_the_end_are_the_end():
    assert as_times([0.1 * 3], (0.0, 0.3))[0] == 0.3


def test_times_near_the_start_stay_where_they_are():
    assert as_times([1e-10, 0.5], (0.0, 1.0)).tolist() == [1e-10, 0.5]
    assert as_times([1e6 + 0.1], (1e6, 1e6 + 0.1 - 1e-10))[0] == 1e6 + 0.1 - 1e-10


@pytest.mark.parametrize(
    ("t_eval", "message"),
    [
        ([0.5, 0.5], "t_eval must increase, got 0.5 followed by 0.5: sort it"),
        ([0.7, 0.5], "t_eval must increase, got 0.7 followed by 0.5"),
        ([0.5, 1.5], "t_eval must lie within t_span 0 to 1, got 1.5"),
        ([-0.5, 0.5], "t_eval must lie within t_span 0 to 1, got -0.5"),
        ([], "t_eval must be one time or a list of times"),
        ([[0.5]], r"t_eval must be one time or a list of times, got an array of shape \(1, 1\)"),
        ([0.5, np.nan], r"t_eval\[1\] must be a finite number, got nan"),
    ],
)
def test_times_that_cannot_be(t_eval, message):
    with pytest.raises(InputError, match=message):
        as_times(t_eval, (0.0, 1.0))


def test_whole_steps_of_the_longest_length_stay_as_they_are():
    (only,) = segments(0.0, np.array([0.125]), 1 / 6 / 32**2)
    assert only.steps == 768
    assert only.recorded == (768,)


def test_one_step_serves_intervals_with_a_common_divisor():
    days = 86_400.0
    (only,) = segments(0.0, np.array([5, 15, 30]) * days, 20_000.0)
    assert [step / only.steps * 30 for step in only.recorded] == [5, 15, 30]
    assert only.dt <= 20_000


def test_intervals_without_one_have_their_own_step():
    found = segments(0.0, np.array([1.0, 1.0 + np.pi / 3]), 0.3)
    assert [segment.steps for segment in found] == [4, 4]
    assert [segment.recorded for segment in found] == [(4,), (4,)]


def test_the_start_is_recorded_without_a_step():
    (only,) = segments(2.0, np.array([2.0, 3.0]), 0.5)
    assert only.recorded == (0, 2)
    (only,) = segments(2.0, np.array([2.0]), 0.5)
    assert (only.steps, only.recorded) == (0, (0,))


def test_too_many_steps_are_refused():
    with pytest.raises(InputError, match="the walk would take 1e\\+12 steps of 1e-12"):
        segments(0.0, np.array([1.0]), 1e-12)


@given(
    st.lists(st.floats(1e-3, 10), min_size=1, max_size=5),
    st.floats(1e-3, 3),
    st.booleans(),
)
def test_segments_cover_the_time_in_whole_steps(lengths, longest, with_start):
    start = -1.0
    times = start + np.cumsum([0.0, *lengths] if with_start else lengths)
    found = segments(start, times, longest)
    reached = [segment.start + step * segment.dt for segment in found for step in segment.recorded]
    np.testing.assert_allclose(reached, times, rtol=1e-9, atol=1e-9)
    assert all(segment.dt <= longest * (1 + 1e-6) for segment in found)
    assert found[0].start == start
    assert [s.start for s in found[1:]] == [s.end for s in found[:-1]]
