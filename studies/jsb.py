"""Bach's chorales: what sounds next, learnt by backpropagation through time and by OSTL.

python -m studies.jsb recurrent        88-150-88 by BPTT; all rates, the others take the best
python -m studies.jsb feed_forward     the same without the recurrent matrix, all rates
python -m studies.jsb memoryless       sigmoids in place of the sSNU and no matrix, all rates
python -m studies.jsb with_h           OSTL with traces through H beside BPTT, 48 units, float64
python -m studies.jsb without_h        OSTL with diagonal traces, 150 units

Settings are those of Bohnstingl et al., arXiv 2007.12723: one recurrent layer of sSNU with d = 0.4,
sigmoid readout, SGD, single chorales, Glorot's weights, 100 epochs. The rate is chosen, and the
epoch, by the loss on the validation chorales. The loss is the negative log-likelihood per step,
summed over the keys; evaluated, it is the mean over all steps of all chorales.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Table
from spikealg.learners import (
    SGD,
    BernoulliNLL,
    Dense,
    History,
    Layer,
    Recurrent,
    Sequential,
    Sigmoid,
    evaluate,
    fit,
    sSNU,
)
from spikealg.learners.checkpoint import read_checkpoint
from spikealg.learners.data import jsb, next_step
from studies.record import RESULTS, Record, read

SEED = 0
EPOCHS = 100
RATES = (0.2, 0.4, 0.8)
"""Of a loss that is the mean over the steps of a chorale, about 60."""
LOSS = BernoulliNLL()


def hidden(kind: str, n: int) -> list[Layer]:
    """Return the layers between keys and readout."""
    if kind == "recurrent":
        return [Recurrent(n, sSNU(0.4), bias=False)]
    if kind == "feed_forward":
        return [Dense(n, bias=False), sSNU(0.4)]
    return [Dense(n), Sigmoid()]


def network(kind: str = "recurrent", n: int = 150, dtype: type = np.float32) -> Sequential:
    """Return an untrained network; its readout gives logits, for which the loss has the sigmoid."""
    return Sequential([*hidden(kind, n), Dense(88)], shape=(88,), seed=SEED, dtype=dtype)


def train(model: Sequential, rate: float, checkpoint: Path, **options: str) -> History:
    """Train for all epochs, and leave the model as the last one left it."""
    rolls = jsb()
    return fit(
        model,
        next_step(rolls.train),
        loss=LOSS,
        optimiser=SGD(rate),
        epochs=EPOCHS,
        batch=1,
        validation=next_step(rolls.validation),
        checkpoint=checkpoint,
        seed=SEED,
        **options,
    )


def chosen(model: Sequential, rate: float, checkpoint: Path, history: History) -> dict[str, Any]:
    """Return what the model of the best epoch does on the test chorales; `model` becomes it."""
    _, best = read_checkpoint(checkpoint, model, SGD(rate), SEED)
    for name, value in model.parameters().items():
        value[...] = best[name]
    return {
        "rate": rate,
        "epochs": EPOCHS,
        "best_epoch": history.best + 1,
        "validation": history.watched[history.best],
        "test": evaluate(model, next_step(jsb().test), loss=LOSS, batch=1)["loss"],
        "curve": {"training": history.loss, "validation": history.watched},
    }


def by_validation(kind: str) -> None:
    """Train at every rate; test the network that does best on the validation chorales."""
    with Record(f"jsb_{kind}", {"weights": SEED, "order": SEED}) as record:
        histories, paths = {}, {}
        for rate in RATES:
            paths[rate] = record.checkpoint(f"rate{rate}")
            histories[rate] = train(network(kind), rate, paths[rate])
        least = {rate: history.watched[history.best] for rate, history in histories.items()}
        rate = min(least, key=least.__getitem__)
        record.figures |= chosen(network(kind), rate, paths[rate], histories[rate])
        record.figures["validation of all rates"] = least


def difference(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> float:
    """Return the largest difference of weights, as a share of the largest of each array."""
    return max(
        float(np.abs(found[name] - value).max() / np.abs(value).max())
        for name, value in expected.items()
    )


def with_h() -> None:
    """Train 48 units by both rules; compare losses of all epochs, and the weights at the end."""
    rate = read("jsb_recurrent")["figures"]["rate"]
    with Record("jsb_with_h", {"weights": SEED, "order": SEED}) as record:
        models = {rule: network(n=48, dtype=np.float64) for rule in ("bptt", "ostl")}
        paths = {rule: record.checkpoint(rule) for rule in models}
        histories = {
            rule: train(model, rate, paths[rule], rule=rule) for rule, model in models.items()
        }
        weights = {rule: model.parameters() for rule, model in models.items()}
        losses = {rule: np.array([h.loss, h.watched]) for rule, h in histories.items()}
        record.figures |= {
            "weights, relative": difference(weights["ostl"], weights["bptt"]),
            "losses, relative": float(np.abs(losses["ostl"] / losses["bptt"] - 1).max()),
        }
        for rule, model in models.items():
            record.figures[rule] = chosen(model, rate, paths[rule], histories[rule])


def without_h() -> None:
    """Train 150 units by diagonal traces, at the rate chosen for BPTT."""
    rate = read("jsb_recurrent")["figures"]["rate"]
    with Record("jsb_without_h", {"weights": SEED, "order": SEED}) as record:
        model = network()
        path = record.checkpoint()
        history = train(model, rate, path, rule="ostl", recurrence="diagonal")
        record.figures |= chosen(model, rate, path, history)


NETWORKS = {
    "recurrent": ("88-150-88, recurrent", "BPTT"),
    "without_h": ("88-150-88, recurrent", "OSTL without H"),
    "feed_forward": ("88-150-88", "BPTT"),
    "memoryless": ("88-150-88, no memory", "BPTT"),
}
"""Of each run: what learns, and how."""


def tables(results: Path = RESULTS) -> list[Table]:
    """Return what was learnt, and how far apart the rules are."""
    runs = {name: read(f"jsb_{name}", results) for name in (*NETWORKS, "with_h")}
    found = {name: run["figures"] for name, run in runs.items()}
    both = found["with_h"]
    rows = [
        _row(name, *NETWORKS[name], found[name], f"{runs[name]['cpu_s']:.0f}") for name in NETWORKS
    ]
    rows += [
        _row("with_h", "88-48-88, recurrent", title, both[rule], "")
        for rule, title in (("bptt", "BPTT"), ("ostl", "OSTL with H"))
    ]
    columns = ("run", "network", "rule", "rate", "epoch", "validation", "test", "CPU s")
    note = (
        "sSNU with d = 0.4, SGD, single chorales, 100 epochs; negative log-likelihood per step. "
        f"Rates were chosen among {', '.join(map(str, RATES))} on the validation chorales where "
        "BPTT trains 150 units, OSTL and 48 units take the rate of the recurrent ones; epochs were "
        "chosen on the validation chorales everywhere. CPU seconds are those of all rates. "
        "Published for this network at its best: 8.5985 (Bohnstingl et al., arXiv 2007.12723)."
    )
    gap = found["without_h"]["test"] - found["recurrent"]["test"]
    same = [
        ["with H, 48 units", "weights after 100 epochs", f"{both['weights, relative']:.1e}"],
        ["with H, 48 units", "losses of all epochs", f"{both['losses, relative']:.1e}"],
        ["without H, 150 units", "test loss, absolute", f"{gap:+.3f}"],
    ]
    beside = (
        "With H both rules trained in one run, in float64; differences are relative, weights to "
        "the largest of each array."
    )
    return [
        Table("What comes next in the 77 chorales of the test", columns, rows, note),
        Table("How far OSTL is from BPTT", ("OSTL", "in", "difference"), same, beside),
    ]


def _row(name: str, network: str, rule: str, found: Mapping[str, Any], seconds: str) -> list[str]:
    losses = [f"{found[part]:.3f}" for part in ("validation", "test")]
    return [name, network, rule, f"{found['rate']:g}", str(found["best_epoch"]), *losses, seconds]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one study."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = ("recurrent", "feed_forward", "memoryless")
    parser.add_argument("run", choices=(*kinds, "with_h", "without_h"))
    run = parser.parse_args(arguments).run
    if run in kinds:
        by_validation(run)
    else:
        {"with_h": with_h, "without_h": without_h}[run]()


if __name__ == "__main__":
    main()
