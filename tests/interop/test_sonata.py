import sys

import numpy as np
import pytest

from spikealg import simulate
from spikealg.circuits import Adder
from spikealg.errors import InputError, MissingExtraError
from spikealg.interop.sonata import write_spikes

h5py = pytest.importorskip("h5py")


@pytest.fixture
def run():
    inputs = {"a": [5, 0, 7], "b": [1, 0, 7]}
    return simulate(Adder(3).compile(), inputs, ticks=9, record="all")


def test_a_population_for_each_lane(run, tmp_path):
    write_spikes(run, tmp_path / "spikes.h5", tick_ms=0.5)
    with h5py.File(tmp_path / "spikes.h5") as file:
        assert file.attrs["magic"] == 0x0A7A
        assert file.attrs["version"].tolist() == [0, 1]
        assert list(file["spikes"]) == ["lane_0", "lane_1", "lane_2"]
        for lane in range(3):
            group = file[f"spikes/lane_{lane}"]
            of_lane = run.spikes.lane == lane
            np.testing.assert_array_equal(group["timestamps"], run.spikes.t[of_lane] * 0.5)
            np.testing.assert_array_equal(group["node_ids"], run.spikes.i[of_lane])
            assert group["node_ids"].dtype == np.uint64
            assert group["timestamps"].attrs["units"] == "ms"
            assert group.attrs["sorting"] == 2
            assert h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype)["by_time"] == 2
        assert len(file["spikes/lane_1/node_ids"]) == 0 < len(file["spikes/lane_2/node_ids"])


def test_a_tick_takes_time(run, tmp_path):
    with pytest.raises(InputError, match="tick_ms must be a finite number above 0"):
        write_spikes(run, tmp_path / "spikes.h5", tick_ms=0)
    assert not (tmp_path / "spikes.h5").exists()


def test_without_h5py_the_error_says_how_to_get_it(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spikealg\[sonata\]'"):
        write_spikes(run, tmp_path / "spikes.h5")
