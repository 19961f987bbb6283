"""What a study found, with all that tells where the figures come from: a JSON file for each run."""

from __future__ import annotations

import json
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from benchmarks.machine import describe

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
CHECKPOINTS = FOLDER / "checkpoints"
"""Training in progress; git ignores it."""


class Record:
    """A run of a study: written to results/NAME.json when the block ends without an error.

    Parameters
    ----------
    name : str
        Of the file.
    seeds : mapping of str to int
        What each seed is of.
    results, checkpoints : Path
        Folders; made where they are missing.

    Attributes
    ----------
    figures : dict
        To be filled: what was found. Numbers, texts, lists and mappings; NumPy's numbers and
        arrays too.

    Examples
    --------
    with Record("mnist_dense_bli", seeds={"weights": 0, "training": 0}) as record:
        history = fit(model, data, checkpoint=record.checkpoint(), seed=0, ...)
        record.figures["accuracy"] = evaluate(model, test, ...)["accuracy"]
    """

    def __init__(
        self,
        name: str,
        seeds: Mapping[str, int],
        results: Path = RESULTS,
        checkpoints: Path = CHECKPOINTS,
    ) -> None:
        self.name, self.seeds = name, dict(seeds)
        self.results, self.checkpoints = results, checkpoints
        self.figures: dict[str, Any] = {}
        self.resumed = False

    def checkpoint(self, part: str = "training") -> Path:
        """Return the file by which a training of this run goes on where it was stopped.

        A run that finds one is marked as resumed: its times are those of the rest.
        """
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        path = self.checkpoints / f"{self.name}_{part}.npz"
        self.resumed |= path.exists()
        return path

    def __enter__(self) -> Self:
        self._origin = {
            "command": shlex.join(["python", *sys.orig_argv[1:]]),
            "commit": _commit(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": describe(),
        }
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            return
        found = {
            "name": self.name,
            **self._origin,
            "versions": _versions(),
            "seeds": self.seeds,
            "wall_s": round(time.perf_counter() - self._wall, 2),
            "cpu_s": round(time.process_time() - self._cpu, 2),
            "resumed": self.resumed,
            "figures": self.figures,
        }
        text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False, default=_plain)
        self.results.mkdir(parents=True, exist_ok=True)
        (self.results / f"{self.name}.json").write_text(text + "\n", "utf-8")


def read(name: str, results: Path = RESULTS) -> dict[str, Any]:
    """Return what a run wrote."""
    found: dict[str, Any] = json.loads((results / f"{name}.json").read_text("utf-8"))
    return found


def _commit() -> str:
    """Return the commit of the code, with a + where files differ from it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=FOLDER.parent, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    try:
        # What studies write, and what is said of it, changes no figure.
        changed = git("status", "--porcelain", "--", ".", ":!docs", ":!studies/results")
        return git("rev-parse", "HEAD") + "+" * bool(changed)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in ("numba", "numpy", "scipy")}
    return {"python": platform.python_version(), **packages}


def _plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"figures must hold numbers, texts, lists and mappings, got {type(value)}")
