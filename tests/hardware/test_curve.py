"""Exponents with their intervals, and the tables of a curve."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.hardware import AdvantageCurve, Series

X = np.array([1.0, 10.0, 100.0, 1000.0, 10_000.0])


def curve(*series: Series) -> AdvantageCurve:
    return AdvantageCurve("walkers", X, 50 * X, series)


def test_a_power_law_gives_its_exponent_back():
    exact = curve(Series("a", "total", 3 * X**1.5, 2 * X**0.5))
    assert exact.exponent("a").value == pytest.approx(1.5)
    assert exact.exponent("a", "time_s").value == pytest.approx(0.5)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """Of 2000 noisy curves, 95 % hold; 5 standard errors off once in two million seeds."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(2000):
        noisy = Series("a", "total", X**0.7 * np.exp(0.2 * rng.standard_normal(5)), X)
        exponent = curve(noisy).exponent("a")
        held += exponent.low <= 0.7 <= exponent.high
    assert abs(held / 2000 - 0.95) < 5 * np.sqrt(0.95 * 0.05 / 2000)


def test_what_is_unpublished_has_no_exponent():
    unknown = curve(Series("a", "published", X, np.full(5, np.nan), "time unpublished"))
    assert unknown.exponent("a", "time_s") is None
    assert "time unpublished" in str(unknown)
    assert "walkers^1.00" in str(unknown)


def test_updates_per_second_and_per_joule():
    text = curve(Series("a", "total", 10 * X, 5e-3 * X**0.5)).walker_updates()
    header, per_second, per_joule, relative = text.splitlines()
    assert header.split()[:2] == ["walkers", "1"]
    assert per_second.startswith("a, updates per s")
    assert per_second.split()[4:6] == ["10", "k/s"]
    assert per_joule.split()[4:6] == ["5", "/J"]
    assert relative.split()[-1] == "100"


def test_unknown_series_and_quantities_are_said():
    with pytest.raises(InputError, match="there is no series 'b'; the series are: 'a'"):
        curve(Series("a", "total", X, X)).of("b")
    with pytest.raises(InputError, match="quantity must be one of 'energy_J', 'time_s'"):
        curve(Series("a", "total", X, X)).exponent("a", "area")
