"""A simulator in a process of its own, as the benchmark sees it; protocol.py is the other end."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workloads import Workload

SCRIPTS = Path(__file__).parent


def save(workload: Workload, path: Path) -> None:
    """Write the arrays of a workload for the scripts to read."""
    network = workload.network
    started = np.concatenate([network.inputs[name].neurons for name in workload.inputs] or [[]])
    np.savez(
        path,
        kind=workload.kind,
        ticks=workload.ticks,
        lanes=workload.lanes,
        start=started.astype(np.int64),
        pre=network.pre,
        probability=network.probability,
        **{name: getattr(network, name) for name in ("threshold", "leak", "bias", "v_init")},
        **{name: getattr(network, name) for name in ("post", "weight", "delay")},
    )


class SimulatorProcess:
    """One simulator with one network. Start several, then wait for each, then let them take turns.

    Parameters
    ----------
    python : Path
        The Python that has the simulator.
    command : sequence of str
        Script in this folder and its first arguments.
    network : Path
        What :func:`save` wrote.
    errors : Path
        The file to which it writes them.
    """

    def __init__(self, python: Path, command: Sequence[str], network: Path, errors: Path) -> None:
        reading, writing = os.pipe()
        self._errors = errors
        script, *arguments = command
        with errors.open("wb") as log:
            self._process = subprocess.Popen(
                [python, SCRIPTS / script, *arguments, network, str(writing)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=[writing],
            )
        os.close(writing)
        self._answers = os.fdopen(reading)

    def answer(self) -> dict[str, Any]:
        """Wait for the next answer: first to being built, then to every turn.

        Raises
        ------
        RuntimeError
            If the process has ended; the message says why.
        """
        line = self._answers.readline()
        if not line:
            self._process.wait()
            said = self._errors.read_text("utf-8", "replace").strip().splitlines()
            raise RuntimeError(said[-1] if said else f"ended with {self._process.returncode}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def turn(self) -> dict[str, Any]:
        """Let it simulate once."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"run\n")
        self._process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._answers.close()
