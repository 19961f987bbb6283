"""Pictures of bills show the numbers that they are given."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.circuits import Adder
from spikealg.engine import simulate
from spikealg.hardware import AdvantageCurve, Series, compare

mpl = pytest.importorskip("matplotlib")
mpl.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_a_bar_per_way_to_do_the_work():
    run = simulate(Adder(3).compile(), {"a": np.arange(8), "b": 1}, ticks=9, seed=0)
    table = compare(run, ["loihi", "truenorth", "loihi2"], measured_s=1e-3, watts=10)
    ax = table.plot().axes[0]
    names = [label.get_text() for label in ax.get_yticklabels()]
    # Loihi 2 has no price, so no bar.
    assert names == ["Loihi", "TrueNorth", "this processor", "MACs, 32-bit float",
                     "MACs, 8-bit integer"]  # fmt: skip
    *bars, static = ax.patches
    drawn = {round(bar.get_y() + bar.get_height() / 2): bar.get_width() for bar in bars}
    rows = [row for row in table.rows if row.energy_J is not None]
    assert [drawn[4 - k] for k in range(5)] == [row.per_work_J.value for row in rows]
    # Loihi has no total: its static power stands beside what activity costs.
    assert static.get_x() == rows[0].per_work_J.value
    assert static.get_width() == rows[0].static_J.value / 8
    assert ax.get_xlabel() == "energy per result [J]"


def test_a_curve_per_series():
    x = np.array([10.0, 100.0, 1000.0])
    curve = AdvantageCurve(
        "walkers",
        x,
        x,
        (
            Series("chip", "total", 2 * x, x),
            Series("other", "published", 3 * x, np.full(3, np.nan)),
            Series("rival", "measured", x**2, x),
        ),
    )
    energy, time = curve.plot().axes
    assert [line.get_linestyle() for line in energy.lines] == ["-", "--", ":"]
    assert energy.lines[2].get_ydata().tolist() == (x**2).tolist()
    assert len(time.lines) == 2
    texts = [text.get_text() for text in energy.get_legend().get_texts()]
    assert texts[0] == "chip: 1.00 (1.00 to 1.00)"
