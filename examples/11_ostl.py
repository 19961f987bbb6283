"""The same gradients without going back in time: OSTL against BPTT in one picture.

A small recurrent layer of sSNU neurons learns what comes next in a chorale, three times from the
same start: by backpropagation through time, by online learning with traces that follow the
recurrent matrix H, and without that path. With H the two are the same to the last digits, and what
OSTL keeps does not grow with the sequence. Without the chorales (SPIKEALG_DATA names no folder that
has them) made-up chords take their place.
"""

from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

from spikealg.errors import DataNotFoundError
from spikealg.learners import (
    SGD,
    BernoulliNLL,
    Dense,
    Online,
    Recurrent,
    Sequential,
    fit,
    gradients,
    sSNU,
)
from spikealg.learners.data import jsb, next_step

SEED, UNITS, EPOCHS, RATE = 0, 16, 8, 1.0
PIECES = 12
LENGTHS = (4, 8, 16, 32, 64)
MEMORY_LENGTHS = (25, 50, 100, 200, 400)
LOSS = BernoulliNLL()
RULES = {
    "BPTT": {"rule": "bptt"},
    "OSTL": {"rule": "ostl"},
    "OSTL without H": {"rule": "ostl", "recurrence": "diagonal"},
    "e-prop": {"rule": "eprop"},
}
STYLES = {
    "BPTT": {"color": "#a3a3a3", "linewidth": 5},
    "OSTL": {"color": "#2a6f97", "linewidth": 1.5},
    "OSTL without H": {"color": "#e09f3e", "linewidth": 1.5, "linestyle": ":"},
    "e-prop": {"color": "#9d4edd", "linewidth": 1.5, "linestyle": "--"},
}


def chords(number: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return piano rolls of triads whose root climbs by a fourth every other step."""
    rolls = []
    for start in rng.integers(0, 12, number):
        roots = 30 + (start + 5 * (np.arange(64) // 2)) % 12
        roll = np.zeros((64, 88), dtype=np.float32)
        for interval in (0, 4, 7, 12):
            roll[np.arange(64), roots + interval] = 1
        rolls.append(roll)
    return rolls


def music() -> tuple[str, Sequence[np.ndarray]]:
    """Return what it is, and piano rolls of at least 65 steps where there are any."""
    try:
        return "chorales", jsb().train[:PIECES]
    except DataNotFoundError as error:
        print(f"made-up chords instead of chorales: {error}")
        return "chords", chords(PIECES, np.random.default_rng(SEED))


def network() -> Sequential:
    """Return an untrained network, always the same."""
    layers = [Recurrent(UNITS, sSNU(0.4)), Dense(88)]
    return Sequential(layers, shape=(88,), seed=SEED, dtype=np.float64)


def curves(rolls: Sequence[np.ndarray]) -> dict[str, list[float]]:
    """Return the loss over epochs, by rule."""
    return {
        name: fit(
            network(), next_step(rolls), loss=LOSS, optimiser=SGD(RATE), epochs=EPOCHS, batch=1,
            seed=SEED, **RULES[name],
        ).loss
        for name in ("BPTT", "OSTL", "OSTL without H")
    }  # fmt: skip


def differences(rolls: Sequence[np.ndarray]) -> dict[str, list[float]]:
    """Return how far gradients are from those of BPTT, over the length of the sequence."""
    longest = max(rolls, key=len)
    found: dict[str, list[float]] = {name: [] for name in RULES if name != "BPTT"}
    for length in LENGTHS:
        x, y = (part[0][:length, None] for part in next_step([longest]))
        by_rule = {
            name: gradients(network(), x, y, loss=LOSS, **options)
            for name, options in RULES.items()
        }
        exact = by_rule.pop("BPTT")
        largest = max(np.abs(value).max() for value in exact.values())
        for name, other in by_rule.items():
            apart = max(np.abs(other[key] - value).max() for key, value in exact.items())
            found[name].append(apart / largest)
    return found


def backwards(model: Sequential, x: np.ndarray) -> None:
    """Go through a sequence and back."""
    forward = model.forward(x)
    model.backward(forward.y, forward)


def online(full: bool, model: Sequential, x: np.ndarray) -> None:
    """Learn at every tick."""
    learner = Online(model, x.shape[1], full=full)
    for tick in x:
        learner.learn(learner.forward(tick))


def memory(learn: Callable[[Sequential, np.ndarray], None]) -> list[float]:
    """Return the most memory that is held at once [MB], over the length of the sequence."""
    model, found = network(), []
    for length in (1, *MEMORY_LENGTHS):  # the first call is that of the interpreter
        x = np.random.default_rng(SEED).random((length, 1, 88))
        tracemalloc.start()
        learn(model, x)
        found.append(tracemalloc.get_traced_memory()[1] / 1e6)
        tracemalloc.stop()
    return found[1:]


def draw(
    what: str,
    loss: dict[str, list[float]],
    apart: dict[str, list[float]],
    held: dict[str, list[float]],
    path: Path,
) -> None:
    """Draw the losses, the differences and the memory side by side."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    room = 1.6 * max(max(line) for line in held.values())  # for the legend
    panels = (
        (range(1, EPOCHS + 1), loss, "epoch", f"loss on {PIECES} {what}", {}),
        (LENGTHS, apart, "ticks", "distance from the gradient of BPTT", {"yscale": "log"}),
        (MEMORY_LENGTHS, held, "ticks", "memory [MB]", {"ylim": (0, room)}),
    )
    for ax, (x, values, across, title, scales) in zip(axes, panels, strict=True):
        for name, line in values.items():
            ax.plot(x, line, label=name, **STYLES[name])
        ax.set(xlabel=across, title=title, **scales)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Learn, compare and draw; return the numbers printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("ostl.png"))
    output = parser.parse_args(arguments).output
    mpl.use("Agg")

    what, rolls = music()
    loss, apart = curves(rolls), differences(rolls)
    held = {
        "BPTT": memory(backwards),
        "OSTL": memory(lambda model, x: online(True, model, x)),
        "OSTL without H": memory(lambda model, x: online(False, model, x)),
    }
    draw(what, loss, apart, held, output)

    same = np.abs(np.array(loss["OSTL"]) / np.array(loss["BPTT"]) - 1).max()
    numbers = {
        "first loss": loss["BPTT"][0],
        "last loss": loss["BPTT"][-1],
        "losses apart": float(same),
        "loss without H": loss["OSTL without H"][-1],
        **{f"{name} apart": max(values) for name, values in apart.items()},
        **{f"{name} grows": values[-1] / values[0] for name, values in held.items()},
    }
    print(f"{PIECES} {what}, {EPOCHS} epochs: the loss falls from {numbers['first loss']:.2f} to")
    print(f"  {numbers['last loss']:.4f} by BPTT, by OSTL the same but for {same:.1e} of it,")
    print(f"  {numbers['loss without H']:.4f} by OSTL without the path through H.")
    print("Gradients differ from those of BPTT, at most, by so much of the largest:")
    for name in apart:
        print(f"  {name:15s} {numbers[f'{name} apart']:.1e}")
    print(f"From {MEMORY_LENGTHS[0]} to {MEMORY_LENGTHS[-1]} ticks memory grows")
    for name in held:
        print(f"  {numbers[f'{name} grows']:5.1f} times by {name}")
    print(f"drawn into {output}")
    return numbers


if __name__ == "__main__":
    main()
