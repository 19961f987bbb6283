"""What comes next in a chorale? A recurrent network of sSNU neurons learns to tell.

The J. S. Bach chorales are piano rolls of 88 keys; the network gives the probability of every key
at the next step. It is compared with a guess that knows only how often each key is played. Without
the chorales (SPIKEALG_DATA names no folder that has them) made-up scales take their place.
"""

from __future__ import annotations

import argparse

import numpy as np

from spikealg.errors import DataNotFoundError
from spikealg.learners import (
    SGD,
    BernoulliNLL,
    Dense,
    Recurrent,
    Sequential,
    evaluate,
    fit,
    sSNU,
)
from spikealg.learners.data import Chorales, jsb, next_step

EPOCHS, SEED = 3, 0


def scales(number: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return piano rolls on which two voices climb from a random key, an octave apart."""
    rolls = []
    for start in rng.integers(20, 40, number):
        roll = np.zeros((24, 88), dtype=np.float32)
        keys = start + np.arange(24) % 12
        roll[np.arange(24), keys] = roll[np.arange(24), keys + 12] = 1
        rolls.append(roll)
    return tuple(rolls)


def music() -> tuple[str, Chorales]:
    """Return what it is, and the piano rolls."""
    try:
        return "chorales", jsb()
    except DataNotFoundError as error:
        print(f"made-up scales instead of chorales: {error}")
        rng = np.random.default_rng(SEED)
        return "scales", Chorales(*(scales(number, rng) for number in (100, 30, 30)))


def guess(rolls: Chorales) -> float:
    """Return the NLL per step of keys played as often as in training, whatever came before."""
    played = np.concatenate(next_step(rolls.train)[1]).mean(axis=0)
    p = np.clip(played, 1e-4, 1 - 1e-4)
    heard = np.concatenate(next_step(rolls.test)[1])
    return float(-(heard * np.log(p) + (1 - heard) * np.log(1 - p)).sum(axis=1).mean())


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Train and print; return the numbers printed."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args(arguments)
    what, rolls = music()
    model = Sequential([Recurrent(100, sSNU(d=0.4)), Dense(88)], shape=(88,), seed=SEED)
    history = fit(
        model,
        next_step(rolls.train),
        loss=BernoulliNLL(),
        optimiser=SGD(0.05, momentum=0.9),
        epochs=EPOCHS,
        batch=1,
        clip=5.0,
        validation=next_step(rolls.validation),
        patience=3,
        seed=SEED,
    )
    numbers: dict[str, float] = {
        "music": what,
        "guess": guess(rolls),
        "network": evaluate(model, next_step(rolls.test), loss=BernoulliNLL())["loss"],
    }
    print(f"after {len(history.loss)} epochs, negative log-likelihood per step of the test {what}:")
    print(f"  how often each key is played  {numbers['guess']:.2f}")
    print(f"  the network                   {numbers['network']:.2f}")
    return numbers


if __name__ == "__main__":
    main()
