"""Handwritten digits: dense spiking networks on all of MNIST, rounded to 8 bits and on the engine.

python -m studies.mnist dense_bli                  60 000 digits to learn, the 10 000 of the test
python -m studies.mnist dense_bli --validation     the first 50 000 to learn, the other 10 000

Settings were chosen by --validation; the test was run once with them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.report import Table
from spikealg.learners import (
    LISNU,
    MSE,
    SGD,
    SNU,
    ActivityPenalty,
    Adam,
    Boxcar,
    Constant,
    Cosine,
    CrossEntropy,
    Dense,
    Dropout,
    IntegrateFire,
    Layer,
    Optimiser,
    Sequential,
    SquaredHinge,
    Unit,
    accuracy,
    encode,
    evaluate,
    fit,
    quantize,
    unit,
)
from spikealg.learners.data import mnist
from spikealg.learners.losses import Loss
from spikealg.learners.schedules import Schedule
from studies import mnist_tables
from studies.hosting import on_engine
from studies.record import Record

SEED = 0
HELD_OUT = 10_000
"""Digits at the end of the training set on which --validation tests."""
Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Setting:
    """A network, what it is shown, and how it learns.

    Attributes
    ----------
    network : str
        For tables.
    layers : callable
        Makes the layers.
    encode, loss, batch, schedule, penalties
        As of `fit`.
    optimiser : callable
        Makes one.
    epochs : int
    rounding : dict
        Options of `quantize`, for networks that can be hosted.
    tuning : int
        Epochs of training after rounding, at a tenth of the rate.
    """

    network: str
    layers: Callable[[], list[Layer]]
    encode: Callable[[np.ndarray, np.random.Generator], np.ndarray]
    loss: Loss
    optimiser: Callable[[], Optimiser]
    epochs: int
    batch: int
    schedule: Schedule = field(default_factory=Constant)
    penalties: Mapping[int, ActivityPenalty] = field(default_factory=dict)
    rounding: Mapping[str, int] = field(default_factory=dict)
    tuning: int = 0


def _shown_as_current(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return encode.direct(x, 5)


def _shown_as_silhouettes(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return encode.binarise(x, 4)


def _shown_as_rates(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return encode.rate(x, 20, peak=6 / 20, seed=rng)


_RATE_CODED = Setting(
    network="784-250-250-10, SNU",
    layers=lambda: [Dense(250), SNU(0.9), Dense(250), SNU(0.9), Dense(10), SNU(0.9)],
    encode=_shown_as_rates,
    loss=MSE("mean"),
    optimiser=lambda: SGD(0.5),
    epochs=3,
    batch=15,
)
SETTINGS = {
    "dense_bli": Setting(
        network="784-512-512-10, BLI",
        layers=lambda: [
            Dropout(0.1),
            Dense(512),
            unit("BLI", surrogate=Boxcar()),
            Dropout(0.25),
            Dense(512),
            unit("BLI", surrogate=Boxcar()),
            Dropout(0.25),
            Dense(10),
        ],
        encode=_shown_as_current,
        loss=CrossEntropy("mean"),
        optimiser=lambda: Adam(1e-3),
        epochs=12,
        batch=100,
        schedule=Cosine(12),
        rounding={"input_bits": 8},
    ),
    "rate_snu": _RATE_CODED,
    "spiking_mlp": Setting(
        network="784-1024-1024-10, integrate-and-fire",
        layers=lambda: [
            Dropout(0.1),
            Dense(1024),
            IntegrateFire(),
            Dropout(0.25),
            Dense(1024),
            IntegrateFire(),
            Dropout(0.25),
            Dense(10),
        ],
        encode=_shown_as_silhouettes,
        loss=SquaredHinge("mean"),
        optimiser=lambda: Adam(1e-3),
        epochs=12,
        batch=100,
        schedule=Cosine(12),
        penalties={2: ActivityPenalty(weight=0.1), 5: ActivityPenalty(weight=0.1)},
        rounding={},
    ),
    "snu": replace(
        _RATE_CODED,
        network="784-100-10, SNU",
        layers=lambda: [Dense(100), SNU(0.9, bias=0.0), Dense(10), SNU(0.9)],
    ),
    "snu_detached": replace(
        _RATE_CODED,
        network="784-100-10, SNU, reset detached",
        layers=lambda: [
            Dense(100),
            SNU(0.9, bias=0.0, detach_reset=True),
            Dense(10),
            SNU(0.9, detach_reset=True),
        ],
    ),
    "li_snu": replace(
        _RATE_CODED,
        network="784-100-10, LI-SNU, reset detached",
        layers=lambda: [
            Dense(100),
            LISNU(0.9, detach_reset=True),
            Dense(10),
            SNU(0.9, detach_reset=True),
        ],
        penalties={1: ActivityPenalty(weight=1.0)},
    ),
}
HOSTED = ("dense_bli", "spiking_mlp")
RUNS = (*SETTINGS, *(f"{name}_8bit" for name in HOSTED))


def digits(validation: bool) -> tuple[Pair, Pair]:
    """Return images (n, 784) from 0 to 1 with labels: those to learn, those to test on."""
    found = mnist()
    x = found.train_images.reshape(-1, 784).astype(np.float32) / 255
    y = found.train_labels
    if validation:
        return (x[:-HELD_OUT], y[:-HELD_OUT]), (x[-HELD_OUT:], y[-HELD_OUT:])
    test = found.test_images.reshape(-1, 784).astype(np.float32) / 255
    return (x, y), (test, found.test_labels)


def run(name: str, learn: Pair, test: Pair, record: Record) -> None:
    """Do one of RUNS and put what it found into the record."""
    base = name.removesuffix("_8bit")
    setting = SETTINGS[base]
    model = Sequential(setting.layers(), shape=(784,), seed=SEED)
    trained = record.checkpoints / f"{record.name.removesuffix('_8bit')}.npz"
    record.figures |= {"network": setting.network, "learnt from": len(learn[1])}
    if name == base:
        record.figures["epochs"] = setting.epochs
        record.figures["loss"] = _fit(model, learn, setting, record)
        model.save(trained)
        record.figures["accuracy"] = _accuracy(model, test, setting)
        record.figures["hidden spikes per digit"] = _hidden_spikes(model, test[0], setting)
        return
    if not trained.exists():
        raise SystemExit(f"there is no trained model: first run {base}")
    model.load(trained)
    rounded = quantize(model, weight_bits=8, **setting.rounding)
    record.figures["accuracy before rounding"] = _accuracy(model, test, setting)
    if setting.tuning:
        _fit(rounded, learn, setting, record, tuning=True)
    record.figures["epochs at whole numbers"] = setting.tuning
    record.figures["accuracy after rounding"] = _accuracy(rounded, test, setting)
    record.figures |= on_engine(rounded, test, setting.loss, setting.encode, SEED)


def _fit(
    model: Sequential, learn: Pair, setting: Setting, record: Record, tuning: bool = False
) -> list[float]:
    optimiser = setting.optimiser()
    if tuning:
        optimiser.rate /= 10
    history = fit(
        model,
        learn,
        loss=setting.loss,
        optimiser=optimiser,
        epochs=setting.tuning if tuning else setting.epochs,
        batch=setting.batch,
        encode=setting.encode,
        schedule=Cosine(setting.tuning) if tuning else setting.schedule,
        penalties=setting.penalties or None,
        checkpoint=record.checkpoint(),
        seed=SEED,
        progress=lambda done: print(f"\r{done:4.0%}", end="", flush=True),
    )
    print()
    return history.loss


def _accuracy(model: Sequential, test: Pair, setting: Setting) -> float:
    found = evaluate(
        model,
        test,
        loss=setting.loss,
        metrics={"accuracy": accuracy},
        encode=setting.encode,
        seed=SEED,
    )
    return found["accuracy"]


def _hidden_spikes(model: Sequential, x: np.ndarray, setting: Setting) -> list[float]:
    """Return spikes per digit of each layer of units but the output."""
    rng = np.random.default_rng(SEED)
    places = [k for k, layer in enumerate(model.layers[:-1]) if isinstance(layer, Unit)]
    spikes = np.zeros(len(places))
    for begin in range(0, len(x), 100):
        outputs = model.forward(setting.encode(x[begin : begin + 100], rng)).outputs
        spikes += [outputs[k].sum(dtype=np.float64) for k in places]
    return (spikes / len(x)).tolist()


def tables() -> list[Table]:
    """Return what docs/results.md shows."""
    return mnist_tables.tables(tuple(SETTINGS), HOSTED)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", choices=RUNS)
    parser.add_argument("--validation", action="store_true", help="leave the test digits alone")
    options = parser.parse_args(arguments)
    learn, test = digits(options.validation)
    name = f"mnist_{'validation_' * options.validation}{options.run}"
    with Record(name, {"weights": SEED, "training": SEED, "evaluation": SEED}) as record:
        run(options.run, learn, test, record)
    print({key: value for key, value in record.figures.items() if key != "bills"})


if __name__ == "__main__":
    main()
