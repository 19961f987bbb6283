"""Networks on disk: the same again, or a clear error; never half a file."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from spikealg import archive
from spikealg.errors import FileFormatError
from spikealg.network import Network, Port


@pytest.fixture
def net():
    rng = np.random.default_rng(0)
    return Network.from_arrays(
        threshold=rng.integers(1, 5, 20), probability=rng.random(20), reset="none", floor=-9,
        pre=rng.integers(0, 20, 50), post=rng.integers(0, 20, 50), weight=rng.integers(-9, 9, 50),
        delay=rng.integers(1, 99, 50), inputs={"x": Port([0, -1], 2, "binary", optional=True)},
        outputs={"done": Port([3], 1, "binary", None)}, groups=(("a", 0), ("b.c", 7)),
    )  # fmt: skip


@pytest.fixture
def path(net, tmp_path):
    net.save(tmp_path / "net.npz")
    return tmp_path / "net.npz"


def rewritten(path, **changes):
    """Rewrite a file with some arrays changed or, where None, left out."""
    with np.load(path) as file:
        arrays = {**dict(file), **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def test_the_same_again(net, path):
    assert Network.load(path).identical(net)
    assert Network.load(str(path)).identical(net)
    assert [entry.name for entry in path.parent.iterdir()] == ["net.npz"]


def test_nothing_is_pickled(path):
    with np.load(path, allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)
        assert json.loads(str(file["header"]))["format"] == "spikealg-network"


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        Network.load(tmp_path / "none.npz")


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.98])
def test_cut_short(path, keep):
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if keep < 1 else keep])
    with pytest.raises(FileFormatError, match="damaged or not a spikealg-network file"):
        Network.load(path)


def test_flipped_bytes_are_found(path):
    data = bytearray(path.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 40] = bytes(byte ^ 0xFF for byte in data[middle : middle + 40])
    path.write_bytes(data)
    with pytest.raises(FileFormatError):
        Network.load(path)


def test_foreign_files(path, tmp_path):
    np.save(tmp_path / "array.npy", np.arange(3))
    with pytest.raises(FileFormatError, match="it is a bare array"):
        Network.load(tmp_path / "array.npy")
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    with pytest.raises(FileFormatError, match="it has no header"):
        Network.load(tmp_path / "other.npz")
    archive.write_archive(tmp_path / "solution.npz", "spikealg-solution", 1, {}, {})
    with pytest.raises(FileFormatError, match="its format is 'spikealg-solution'"):
        Network.load(tmp_path / "solution.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(FileFormatError, match="cannot be read"):
        Network.load(tmp_path / "text.npz")
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as file:
        file.writestr("header.npy", b"nonsense")
    with pytest.raises(FileFormatError):
        Network.load(tmp_path / "zip.npz")


def test_later_version(path):
    with np.load(path) as file:
        header = json.loads(str(file["header"]))
    rewritten(path, header=np.array(json.dumps({**header, "version": 99})))
    with pytest.raises(FileFormatError, match="reads up to version 1: install a newer spikealg"):
        Network.load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"delay": None},
        {"delay": np.zeros(50, dtype=np.int32)},
        {"post": np.full(50, 20, dtype=np.int32)},
        {"threshold": np.ones(19, dtype=np.int32)},
        {"weight": np.ones(50, dtype=np.float64)},
        {"indptr": np.zeros(21, dtype=np.int64)},
    ],
)
def test_wrong_content(path, change):
    rewritten(path, **change)
    with pytest.raises(FileFormatError, match="its content does not make a network"):
        Network.load(path)


def damaged(path, value, *keys):
    """Set an entry of the header."""
    with np.load(path) as file:
        header = json.loads(str(file["header"]))
    entry = header
    for key in keys[:-1]:
        entry = entry[key]
    entry[keys[-1]] = value
    rewritten(path, header=np.array(json.dumps(header)))


@pytest.mark.parametrize(
    ("value", "keys"),
    [
        *(([value], ("outputs", "done", "neurons")) for value in (0.7, True, 2**70, "a", None)),
        ([[1], [2]], ("outputs", "done", "neurons")),
        (5, ("outputs", "done", "neurons")),
        ([3, True], ("inputs", "x", "neurons")),
        *((value, ("interval",)) for value in ("x", -5, 0, 1.5, True)),
        *(([["a", value]], ("groups",)) for value in (0.9, float("inf"), "0", True, None)),
        *((value, ("groups",)) for value in (5, "abc", [["a", 0, 1]], [[1, 0]])),
        *((value, ("inputs", "x", "optional")) for value in ("no", 1, None)),
        *((value, ("inputs", "x", "width")) for value in (99, 2.0, True)),
        (7, ("outputs", "done", "width")),
        ("rate", ("outputs", "done", "coding")),
        ("a", ("outputs", "done", "latency")),
        *((value, ("inputs",)) for value in (5, [], {"x": 5}, {"x": {}})),
    ],
)
def test_a_wrong_header(path, value, keys):
    damaged(path, value, *keys)
    with pytest.raises(FileFormatError, match="its content does not make a network"):
        Network.load(path)


@pytest.mark.parametrize("version", [True, 0, 1.0, "1", None])
def test_a_version_is_a_whole_number(path, version):
    damaged(path, version, "version")
    with pytest.raises(FileFormatError, match=f"has version {version!r} of spikealg-network"):
        Network.load(path)


def test_a_failed_save_leaves_the_old_file(net, path, monkeypatch):
    before = path.read_bytes()

    def fail(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="disk full"):
        net.save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["net.npz"]
