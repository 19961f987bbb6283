"""How the benchmark of training talks to a library, which lives in a Python of its own.

The other end is process.py. A script is started with the file of a task and the number of an open
file to answer to. For every line it is sent it trains and infers, and answers in one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from protocol import median_seconds


@dataclass(frozen=True)
class Task:
    """What all libraries train on.

    `kind` is "feed-forward" or "recurrent", `x` (ticks, batch, features) spikes, `target` of the
    output's shape. `weights` are (n_in, n_out) each; a recurrent task has (input, recurrent,
    output). Units are LIF: kept to `decay` per tick, reset to 0 above `threshold`. The loss is the
    mean squared error of every tick, and a step of gradient descent of `rate` follows.
    """

    kind: str
    x: np.ndarray
    target: np.ndarray
    weights: list[np.ndarray]
    decay: float
    threshold: float
    rate: float
    threads: int


class Training:
    """A model in a library, ready to go. Scripts fill in `train` and `infer`."""

    version: str

    def train(self) -> float:
        """Do one step, forward, backward and update; return the loss before it."""
        raise NotImplementedError

    def infer(self) -> np.ndarray:
        """Return the output, nothing being kept for gradients."""
        raise NotImplementedError


def serve(build: Callable[[Task], Training]) -> None:
    """Build the model of the task whose file the command line names, then time it when asked."""
    answers = os.fdopen(int(sys.argv[-1]), "w")

    def answer(**values: Any) -> None:
        print(json.dumps(values), file=answers, flush=True)

    with np.load(sys.argv[-2]) as file:
        weights = [file[f"weight{k}"] for k in range(int(file["layers"]))]
        scalars = {name: file[name].item() for name in ("kind", "decay", "threshold", "rate")}
        task = Task(
            **scalars,
            threads=int(file["threads"]),
            x=file["x"],
            target=file["target"],
            weights=weights,
        )
    training = build(task)
    out = training.infer()
    answer(version=training.version, loss=float(((out - task.target) ** 2).mean()))
    training.train()
    for _ in sys.stdin:
        answer(train_s=median_seconds(training.train), infer_s=median_seconds(training.infer))
