"""Data files are found in SPIKEALG_DATA, then in the cache; errors say where to get them."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile

import numpy as np
import pytest

from spikealg.errors import DataNotFoundError, FileFormatError, InputError
from spikealg.learners.data import fsdd, fsdd_recordings, jsb, mnist, spectrogram, text
from spikealg.learners.data.files import DataFile
from tests.helpers import refused

CONTENT = b"two notes\n"
FILE = DataFile("songs/two.gz", hashlib.sha256(CONTENT).hexdigest(), "https://example.org/two.gz")


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Name an empty data folder and an empty cache; return both."""
    monkeypatch.setenv("SPIKEALG_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "data", tmp_path / "cache" / "spikealg"


def put(folder, content=CONTENT, **options):
    (folder / "songs").mkdir(parents=True)
    (folder / "songs" / "two.gz").write_bytes(gzip.compress(content, **options))


def test_the_named_folder_comes_before_the_cache(folders):
    data, cache = folders
    put(cache)
    assert FILE.locate() == cache / "songs" / "two.gz"
    put(data)
    assert FILE.locate() == data / "songs" / "two.gz"


@pytest.mark.parametrize("level", [1, 9])
def test_how_a_file_was_packed_does_not_matter(folders, level):
    put(folders[0], compresslevel=level)
    assert FILE.read() == CONTENT


def test_a_missing_file_is_asked_for(folders):
    data, cache = folders
    with refused(
        f"songs/two.gz is not in {data} and {cache}: get it from https://example.org/two.gz and "
        f"put it at {data / 'songs' / 'two.gz'}; expected SHA-256 of its content: {FILE.sha256}",
        DataNotFoundError,
    ):
        FILE.read()


def test_without_a_named_folder_the_variable_is_mentioned(folders, monkeypatch):
    monkeypatch.delenv("SPIKEALG_DATA")
    with pytest.raises(DataNotFoundError, match="or name another folder in SPIKEALG_DATA; exp"):
        FILE.read()


def test_another_edition_is_refused(folders):
    put(folders[0], b"three notes\n")
    found = hashlib.sha256(b"three notes\n").hexdigest()
    with refused(
        f"{FILE.locate()} is damaged or another edition: its content has SHA-256 {found}, "
        f"expected {FILE.sha256}: get it from https://example.org/two.gz",
        FileFormatError,
    ):
        FILE.read()


@pytest.mark.parametrize("damage", [lambda packed: packed[:-9], lambda packed: b"no gzip"])
def test_a_damaged_file_is_refused(folders, damage):
    put(folders[0])
    path = FILE.locate()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(FileFormatError, match="is damaged: it cannot be unpacked"):
        FILE.read()


@pytest.mark.parametrize("load", [mnist, jsb, text])
def test_every_loader_says_where_its_files_come_from(folders, load):
    with pytest.raises(DataNotFoundError, match=r"get it from https://.*SHA-256 of .*: \w{64}$"):
        load()


def test_an_archive_of_other_recordings_is_refused(folders):
    fsdd_recordings.cache_clear()
    folder = folders[0] / "fsdd"
    folder.mkdir(parents=True)
    with tarfile.open(folder / "fsdd.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("recordings/0_nobody_0.wav")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"RIFF"))
    with pytest.raises(FileFormatError, match="is damaged or another edition"):
        fsdd()
    (folder / "fsdd.tar.gz").write_bytes(b"no archive")
    with pytest.raises(FileFormatError, match="is damaged: it cannot be unpacked"):
        fsdd()


def test_choices_are_named():
    with refused("form must be one of 'quarter', 'mat', got 'midi'", InputError):
        jsb("midi")
    with refused("form must be one of 'characters', 'words', got 'bytes'", InputError):
        text("bytes")
    with refused("split must be one of 'random', 'official', got 'speaker'", InputError):
        fsdd("speaker")


def naive_spectrogram(sound):
    """Return the spectrogram, sum by sum, as it is defined."""
    turns = np.arange(256) / 256
    out = np.zeros((64, 64))
    for k in range(64):
        centre = round(k * (len(sound) - 1) / 63)
        frame = np.zeros(256)
        for n in range(256):
            place = centre - 128 + n
            if 0 <= place < len(sound):
                frame[n] = sound[place] * (0.5 - 0.5 * np.cos(2 * np.pi * n / 255))
        power = [abs(np.sum(frame * np.exp(-2j * np.pi * f * turns))) ** 2 for f in range(129)]
        out[k] = [np.log10(power[2 * b + 1] + power[2 * b + 2] + 1e-4) for b in range(64)]
    return out


@pytest.mark.parametrize("length", [1, 100, 701])
def test_spectrogram_is_what_is_defined(length):
    sound = np.random.default_rng(length).uniform(-1, 1, length)
    np.testing.assert_allclose(spectrogram(sound), naive_spectrogram(sound), atol=1e-9)


def test_spectrogram_of_nothing_is_refused():
    with refused("sound must have shape (samples,), got shape (0,)", InputError):
        spectrogram([])
