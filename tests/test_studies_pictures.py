"""Pages show what was recorded: tables and pictures of as many runs as there are."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.report import Table
from studies import binary_recurrence, report, unit_pictures, units
from studies.binary_recurrence import Size
from studies.picture import Picture
from studies.record import Record

mpl = pytest.importorskip("matplotlib")
mpl.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

LAYERS = ("layer 0 (ConvRecurrent of GLIF)", "layer 1 (ConvRecurrent of GLIF)")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def write(results, row, seed, rate, **figures):
    """Record a run of a row that is not like those of other seeds."""
    binary = row in ("BLI", "LIF", "BA")
    layers = LAYERS if binary else ()
    found = {
        "rate": rate, "updates": 500, "every": 200, "loss": [1, 1, 1],
        "held_out": [0.4, 0.3, 0.1 + 0.01 * seed], "error": 0.1,
        "active": {name: 0.1 * (k + 1 + seed) for k, name in enumerate(layers)},
        "self_weight": {
            name: {"own": 0.2, "others": 0.0, "excess": 1.0 + seed}
            for name in ("layer 0 (ConvRecurrent of Tanh)", *layers)[-2:]
        },
        "after_spike": {name: {"potential": 0.5, "otherwise": 0.75} for name in layers},
        **figures,
    }  # fmt: skip
    folder = units.folder("tracking", results)
    with Record(units.file_name(row, seed, rate), {}, folder, folder) as record:
        record.figures |= found


@pytest.fixture
def results(tmp_path):
    (rate, other) = units.TASKS["tracking"][1].rates
    for seed in (0, 1):
        write(tmp_path, "BLI", seed, rate)
    write(tmp_path, "BLI", 0, other, held_out=[1, 1, 1])
    write(tmp_path, "real", 0, other)
    silent = {name: {"potential": None, "otherwise": 0.1} for name in LAYERS}
    write(tmp_path, "BA", 0, rate, after_spike=silent)
    write(tmp_path, "still_cnn", 0, rate, self_weight={})
    return tmp_path


def test_there_is_a_picture_of_everything_for_each_task_that_was_run(results, tmp_path):
    assert unit_pictures.pictures(tmp_path / "nothing") == []
    pictures = unit_pictures.pictures(results)
    assert [picture.file for picture in pictures] == [
        f"units_tracking_{name}.png" for name in unit_pictures.PICTURES
    ]
    for picture in pictures:
        picture.draw(tmp_path)
        assert (tmp_path / picture.file).stat().st_size > 1000


def test_learning_curves_are_means_of_seeds_within_their_band(results):
    made = units.runs("tracking", results)
    assert {row: len(figures) for row, figures in made.items()} == {
        "real": 1, "BLI": 2, "BA": 1, "still_cnn": 1,
    }  # fmt: skip
    (ax,) = unit_pictures.plot_learning("tracking", made).axes
    lines = {line.get_label(): line for line in ax.lines}
    assert lines["BLI"].get_xdata().tolist() == [200, 400, 500]
    np.testing.assert_allclose(lines["BLI"].get_ydata(), [0.4, 0.3, 0.105])
    band = ax.collections[list(lines).index("BLI")].get_paths()[0].vertices
    assert {0.1, 0.11} <= set(np.round(band[:, 1], 6))
    assert ax.get_yscale() == "log"


def bars(ax):
    """Return the heights of the bars that are drawn, those of the legend left out."""
    return [round(bar.get_height(), 6) for bar in ax.patches if bar.get_height()]


def ticks(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


def test_bars_are_means_of_seeds_for_each_layer(results):
    made = units.runs("tracking", results)
    (active,) = unit_pictures.plot_activity("tracking", made).axes
    assert ticks(active) == ["BLI", "BA"]
    assert bars(active) == [0.15, 0.25, 0.1, 0.2]
    assert active.lines[0].get_ydata().tolist() == pytest.approx([0.1, 0.2])  # the seeds of a bar
    (after,) = unit_pictures.plot_after_spike("tracking", made).axes
    assert ticks(after) == ["BLI", "BA"]
    assert bars(after) == [-0.25, -0.25]  # those of BA are unknown
    (own,) = unit_pictures.plot_self_excitation("tracking", made).axes
    assert ticks(own) == ["real", "BLI", "BA"]
    assert bars(own) == [1.0, 1.5, 1.5, 1.0, 1.0]
    kinds = [text.get_text() for text in own.get_legend().get_texts()]
    assert kinds == ["real", "potential, never reset", "no potential"]


def test_every_row_has_a_kind():
    assert set(unit_pictures.COLOURS) == set(units.ROWS)


SMALL = Size(units=48, inputs=16, sequences=12, warm=10, ticks=12)


def test_one_spike_spreads_where_nothing_integrates_and_gradients_end():
    forgetful, integrating = (binary_recurrence.measure(n, 4.0, 0, SMALL) for n in ("BA", "BLI"))
    assert forgetful["differ"][5:].mean() > 5 * integrating["differ"][5:].mean()
    assert forgetful["gradient"][-1] < 0.1 * integrating["gradient"][-1]
    assert forgetful["gradient"][0] == integrating["gradient"][0] == 1


def test_both_units_have_the_same_weights_and_gains_scale_them():
    parameters = [binary_recurrence.model_of(n, 2.0, 3, SMALL).parameters() for n in ("BA", "BLI")]
    doubled = binary_recurrence.model_of("BA", 4.0, 3, SMALL).parameters()
    for name, value in parameters[0].items():
        np.testing.assert_array_equal(value, parameters[1][name])
        np.testing.assert_array_equal(doubled[name], value * (1 + name.endswith("recurrent")))
    deviation = parameters[0]["0.recurrent"].std()
    assert deviation == pytest.approx(2 / np.sqrt(48), rel=0.1)


def test_the_gradient_is_that_of_backpropagation():
    """Without recurrence the gradient of BLI by an input decays as its potential does."""
    found = binary_recurrence.measure("BLI", 0.0, 1, SMALL)
    whole = found["gradient"]
    assert np.all(np.diff(whole) < 0)
    np.testing.assert_allclose(whole, binary_recurrence.DECAY ** np.arange(12), rtol=1e-9)
    assert np.all(found["differ"] == 0)


def test_recurrence_as_recorded(tmp_path):
    assert binary_recurrence.tables(tmp_path) == binary_recurrence.pictures(tmp_path) == []
    with Record("binary_recurrence", {}, tmp_path, tmp_path) as record:
        binary_recurrence.run(record, Size(24, 8, 4, 5, 22), gains=(1.0, 4.0))
    (table,) = binary_recurrence.tables(tmp_path)
    assert [row[:2] for row in table.rows] == [
        ["BA", "1"], ["BA", "4"], ["BLI", "1"], ["BLI", "4"],
    ]  # fmt: skip
    (picture,) = binary_recurrence.pictures(tmp_path)
    differ = picture.figure().axes[0]
    found = record.figures["units"]["BA"]["4"]["differ"]
    np.testing.assert_array_equal(differ.lines[1].get_ydata(), found)


def test_a_section_is_tables_then_pictures(monkeypatch):
    drawn = Picture("a.png", "What is seen", plt.figure)
    table = Table("What", ["unit"], [["BLI"]])
    monkeypatch.setattr(report, "tables", lambda study: [table])
    monkeypatch.setattr(report, "pictures", lambda study: [drawn])
    assert report.section("any") == (
        "What:\n\n| unit |\n| --- |\n| BLI |\n\n![What is seen](images/a.png)\n"
    )


def test_the_report_writes_pages_and_pictures(tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    for page in set(report.STUDIES.values()):
        marks = [f"<!-- {s}: begin -->\nold\n<!-- {s}: end -->\n" for s in report.STUDIES]
        (tmp_path / page).write_text("".join(marks), "utf-8")
    drawn = Picture("a.png", "What is seen", lambda: plt.figure(figsize=(1, 1)))
    monkeypatch.setattr(report, "pictures", lambda study: [drawn] if study == "units" else [])
    report.main(tmp_path)
    assert "![What is seen](images/a.png)\n<!-- units: end -->" in (
        (tmp_path / report.STUDIES["units"]).read_text("utf-8")
    )
    assert (tmp_path / "images" / "a.png").stat().st_size > 0


@pytest.mark.parametrize("study", report.STUDIES)
def test_pictures_of_pages_are_there(study):
    for picture in report.pictures(study):
        assert (report.DOCS / "images" / picture.file).is_file()
