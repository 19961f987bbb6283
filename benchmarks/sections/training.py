"""Training and inference of LIF networks, here and in libraries on top of PyTorch."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from peers.process import SimulatorProcess
from report import Report, Table
from settings import Settings

OURS = "spikealg"
CONTENDERS = {
    OURS: ("learn_spikealg.py",),
    "PyTorch, by hand": ("learn_torch.py", "torch"),
    "snnTorch": ("learn_torch.py", "snntorch"),
    "SpikingJelly": ("learn_torch.py", "spikingjelly"),
    "Norse": ("learn_torch.py", "norse"),
}
EXACT = (OURS, "PyTorch, by hand", "SpikingJelly")
"""Those whose LIF unit is ours, tick by tick: their loss is checked to be equal."""
COLUMNS = ("network", "library", "training ms", "against", "inference ms", "against", "seen")
NOTE = (
    "Medians; all on the same number of threads, each library in a process of its own, taking "
    "turns. "
    "*against* says how many times longer it takes than spikealg. *loss* is that of the first "
    "forward pass: it is the same where units are the same."
)


def measure(settings: Settings) -> Report:
    """Let all libraries train the same networks on the same spikes."""
    tasks = [
        feed_forward(5 if settings.quick else 20),
        recurrent(10 if settings.quick else 60, 1),
        recurrent(10 if settings.quick else 60, 100),
    ]
    rows = [row for task in tasks for row in _contest(_name(task), task, settings)]
    return Report([Table("Training and inference", COLUMNS, rows, NOTE)])


def feed_forward(ticks: int) -> dict[str, np.ndarray]:
    """Return a task of the size of rate-coded digits: 4 % of the inputs are active per tick."""
    rng = np.random.default_rng(0)
    weights = [_weights(rng, a, b, 2.5) for a, b in ((784, 250), (250, 250), (250, 10))]
    return _task("feed-forward", rng, (ticks, 100, 784), 0.04, weights)


def recurrent(ticks: int, batch: int) -> dict[str, np.ndarray]:
    """Return a task of the size of piano rolls: 4 of 88 keys are down."""
    rng = np.random.default_rng(1)
    weights = [_weights(rng, a, b, 2.5) for a, b in ((88, 150), (150, 150), (150, 88))]
    return _task("recurrent", rng, (ticks, batch, 88), 0.045, weights)


def _name(task: dict[str, np.ndarray]) -> str:
    ticks, batch, _ = task["x"].shape
    layers = "88-150-88 recurrent" if task["kind"] == "recurrent" else "784-250-250-10"
    return f"{layers}, T = {ticks}, batch {batch}"


def _weights(rng: np.random.Generator, rows: int, columns: int, gain: float) -> np.ndarray:
    bound = gain * np.sqrt(6 / (rows + columns))
    return rng.uniform(-bound, bound, (rows, columns)).astype(np.float32)


def _task(kind, rng, shape, share, weights) -> dict[str, np.ndarray]:
    target = rng.random((*shape[:2], weights[-1].shape[1]), dtype=np.float32)
    return {
        "kind": np.array(kind),
        "x": (rng.random(shape) < share).astype(np.float32),
        "target": target,
        "decay": np.array(0.9),
        "threshold": np.array(1.0),
        # So small that activity stays what it is.
        "rate": np.array(1e-6),
        "threads": np.array(len(os.sched_getaffinity(0))),
        "layers": np.array(len(weights)),
        **{f"weight{k}": weight for k, weight in enumerate(weights)},
    }


def _contest(name: str, task: dict[str, np.ndarray], settings: Settings) -> list[list[str]]:
    losses: dict[str, float] = {}
    seen: dict[str, str] = {}
    walls: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder) / "task.npz"
        np.savez(path, **task)
        running = {}
        for library, command in CONTENDERS.items():
            python = Path(sys.executable) if library == OURS else settings.peers
            process = SimulatorProcess(python, command, path, Path(folder) / f"{library}.txt")
            stack.callback(process.close)
            running[library] = process
        for library, process in list(running.items()):
            try:
                answer = process.answer()
            except RuntimeError as error:
                seen[library] = f"not measured: {error}"
                del running[library]
                continue
            losses[library] = answer["loss"]
            seen[library] = f"{answer['version']}, loss {answer['loss']:.4g}"
        for library in EXACT:
            if library in losses and not np.isclose(losses[library], losses[OURS], rtol=1e-3):
                raise AssertionError(f"{library} has loss {losses[library]}, not {losses[OURS]}")
        for _ in range(settings.repeat):
            for library, process in running.items():
                answer = process.turn()
                walls.setdefault(library, []).append((answer["train_s"], answer["infer_s"]))
    medians = {
        library: [1e3 * statistics.median(each) for each in zip(*turns, strict=True)]
        for library, turns in walls.items()
    }
    rows = []
    for library in CONTENDERS:
        if library not in medians:
            rows.append([name, library, "", "", "", "", seen[library]])
            continue
        (train, infer), ours = medians[library], medians[OURS]
        ratios = f"{train / ours[0]:.2f}", f"{infer / ours[1]:.2f}"
        rows.append(
            [name, library, f"{train:.3g}", ratios[0], f"{infer:.3g}", ratios[1], seen[library]]
        )
    return rows
