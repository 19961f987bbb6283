"""Training learns, resumes to identical weights, and stops with a clear error where it must."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from spikealg.errors import (
    DivergedError,
    FileFormatError,
    InputError,
    InputTypeError,
    SpikealgError,
)
from spikealg.learners import (
    SGD,
    ActivityPenalty,
    Adam,
    BernoulliNLL,
    Cosine,
    CrossEntropy,
    Dense,
    Dropout,
    LeakyReadout,
    Recurrent,
    Sequential,
    encode,
    sSNU,
    unit,
)
from spikealg.learners.fit import accuracy, evaluate, fit, predict
from tests.helpers import refused

RNG = np.random.default_rng(0)
X = RNG.random((60, 6)).astype(np.float32)
Y = (X[:, :3].sum(axis=1) > X[:, 3:].sum(axis=1)).astype(int)


def show(x, rng):
    return encode.rate(x, 6, seed=rng)


def classifier():
    return Sequential([Dense(12), unit("BLI"), Dropout(0.1), Dense(2)], shape=(6,), seed=0)


def train(model, epochs, data=(X, Y), **options):
    settings = {"loss": CrossEntropy("mean"), "optimiser": Adam(1e-2), "encode": show, "batch": 9}
    return fit(model, data, epochs=epochs, **settings | options)


def arrays(model):
    return {name: array.copy() for name, array in model.parameters().items()}


def assert_same(one, other):
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


def test_a_classifier_learns():
    model = classifier()
    history = train(model, 15, metrics={"accuracy": accuracy}, validation=(X, Y), clip=1.0)
    assert history.loss[-1] < 0.75 * history.loss[0]
    assert history.validation["accuracy"][-1] > 0.8
    assert history.best == int(np.argmin(history.validation["loss"]))
    found = evaluate(
        model, (X, Y), loss=CrossEntropy("mean"), metrics={"right": accuracy}, encode=show
    )
    assert found["right"] > 0.7
    assert predict(model, X, encode=show, batch=7).shape == (6, 60, 2)


def test_seeds_decide_everything():
    one, same, other = classifier(), classifier(), classifier()
    train(one, 2)
    train(same, 2)
    train(other, 2, seed=1)
    assert_same(arrays(one), arrays(same))
    assert (one.parameters()["0.weight"] != other.parameters()["0.weight"]).any()


def test_a_resumed_training_ends_at_the_weights_of_an_uncut_one(tmp_path):
    whole, parts, resumed = classifier(), classifier(), classifier()
    options = {"schedule": Cosine(5), "validation": (X, Y)}
    history = train(whole, 5, **options)
    train(parts, 3, checkpoint=tmp_path / "run.npz", **options)
    again = train(resumed, 5, checkpoint=tmp_path / "run.npz", **options)
    assert_same(arrays(whole), arrays(resumed))
    assert vars(again) == vars(history)


def test_an_interrupted_training_keeps_the_last_whole_epoch(tmp_path):
    whole, cut = classifier(), classifier()
    train(whole, 2)

    def stop(fraction):
        if fraction > 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(cut, 4, checkpoint=tmp_path / "run.npz", progress=stop)
    assert_same(arrays(whole), arrays(cut))


def test_a_penalty_keeps_units_quiet():
    free, held = classifier(), classifier()
    train(free, 6)
    train(held, 6, penalties={1: ActivityPenalty(weight=10.0)})
    spikes = [model.forward(show(X, 0)).activity[1] for model in (free, held)]
    assert spikes[1] < 0.5 * spikes[0]


@pytest.mark.parametrize(
    ("rule", "option", "wanted"),
    [("ostl", {"truncate": 3}, "bptt"), ("eprop", {"recurrence": "full"}, "ostl")],
)
def test_options_of_another_rule_are_refused(rule, option, wanted):
    message = f'{next(iter(option))} must come with rule="{wanted}", got rule={rule!r}'
    with refused(message, InputError):
        train(classifier(), 1, rule=rule, **option)


def test_patience_stops_at_the_best_epoch():
    model = classifier()
    snapshots = []

    def notice(rows, target):
        snapshots.append(arrays(model))
        return 0.0

    history = train(
        model, 100, patience=2, validation=(X[:9], 1 - Y[:9]), metrics={"notice": notice}
    )
    assert history.stopped_early
    assert len(history.loss) == history.best + 3
    assert_same(arrays(model), snapshots[history.best])


ROLLS = [RNG.integers(0, 2, (length, 4)).astype(float) for length in (5, 8, 5, 8, 5, 3)]


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("update", ["sequence", "step"])
def test_sequences_of_unequal_lengths(batch, update):
    model = Sequential([Recurrent(6, sSNU(d=0.4)), Dense(4)], shape=(4,), seed=0, dtype=float)
    data = ([roll[:-1] for roll in ROLLS], [roll[1:] for roll in ROLLS])
    history = fit(
        model, data, loss=BernoulliNLL(), optimiser=SGD(0.05), epochs=20, batch=batch, update=update
    )
    assert history.loss[-1] < history.loss[0]
    # Every transition counts alike, however the sequences are put together.
    total, steps = 0.0, 0
    for x, y in zip(*data, strict=True):
        total += BernoulliNLL()(model(x[:, np.newaxis]), y[:, np.newaxis])[0] * len(x)
        steps += len(x)
    for size in (1, 2):
        found = evaluate(model, data, loss=BernoulliNLL(), batch=size)["loss"]
        assert found == pytest.approx(total / steps, rel=1e-12)


def test_diverging_keeps_the_model_and_the_last_checkpoint(tmp_path, monkeypatch):
    model = classifier()
    train(model, 1, checkpoint=tmp_path / "run.npz", loss=Breaks("mean"))
    good, file = arrays(model), (tmp_path / "run.npz").read_bytes()
    monkeypatch.setattr(Breaks, "broken", True)
    with (
        np.errstate(all="ignore"),
        pytest.raises(DivergedError, match=r"^training diverged in epoch 1: loss .*lower the rate"),
    ):
        train(model, 3, checkpoint=tmp_path / "run.npz", loss=Breaks("mean"))
    assert_same(good, arrays(model))
    assert (tmp_path / "run.npz").read_bytes() == file


class LosesWeights(Adam):
    def step(self, parameters, gradients, scale=1.0):
        super().step(parameters, gradients, scale)
        if self.steps == 14:  # the last of the second epoch
            parameters["0.weight"][0, 0] = math.inf


class JudgesValidation(CrossEntropy):
    strict = False

    def __call__(self, y, target):
        value, dy = super().__call__(y, target)
        return (math.nan if self.strict and y.shape[1] == 4 else value), dy


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"optimiser": LosesWeights(1e-2)}, DivergedError, "0.weight is not finite: lower"),
        ({"loss": JudgesValidation("mean")}, DivergedError, "validation loss is not finite: lower"),
        ({"schedule": lambda epoch: math.nan}, InputError, "schedule must be a finite number of"),
    ],
    ids=["weights", "validation", "schedule"],
)
def test_an_epoch_that_is_not_finite_is_not_kept(tmp_path, monkeypatch, options, error, message):
    """The training loss alone does not show it: what comes last in an epoch it has not seen."""
    model, path = classifier(), tmp_path / "run.npz"
    loss = options.get("loss", CrossEntropy("mean"))
    settings = {"checkpoint": path, "batch": 9, "validation": (X[:4], Y[:4]), "loss": loss}
    train(model, 1, optimiser=type(options.get("optimiser", Adam()))(1e-2), **settings)
    monkeypatch.setattr(JudgesValidation, "strict", True)
    good, file = arrays(model), path.read_bytes()
    with pytest.raises(error, match=re.escape(message)):
        train(model, 3, **settings | options)
    assert_same(good, arrays(model))
    assert path.read_bytes() == file


class Breaks(CrossEntropy):
    broken = False

    def __call__(self, y, target):
        return (math.nan, np.zeros_like(y)) if self.broken else super().__call__(y, target)


def test_bad_data_are_named_and_change_nothing():
    model = classifier()
    before = arrays(model)
    bad = X.copy()
    bad[4, 2] = math.nan
    with refused("x in data must be finite, got nan at [4, 2]", InputError):
        fit(model, (bad, Y), loss=CrossEntropy(), optimiser=SGD(0.1), encode=show)
    with refused(
        "data must hold a target for each sample, got 60 samples, x being (samples, *features) of "
        "shape (60, 6), and 59 targets, y of shape (59,)",
        InputError,
    ):
        fit(model, (X, Y[1:]), loss=CrossEntropy(), optimiser=SGD(0.1), encode=show)
    with refused(
        "data must hold a target for each sample, got 6 samples, x being (ticks, samples, "
        "*features) of shape (60, 6), and 60 targets, y of shape (60,)",
        InputError,
    ):
        fit(model, (X, Y), loss=CrossEntropy(), optimiser=SGD(0.1))
    wrong = np.where(np.arange(60) == 33, 2, Y)
    with refused(
        "label of sample 33 in data must be from 0 to 1, got 2: the model has 2 outputs", InputError
    ):
        train(model, 1, data=(X, wrong))
    with refused(
        "label of sample 33 in validation must be from 0 to 1, got 2: the model has 2 outputs",
        InputError,
    ):
        train(model, 1, validation=(X, wrong))
    each = np.zeros((5, 60), dtype=int)
    each[2, 7] = -1
    with refused(
        "label of sample 7 in data must be from 0 to 1, got -1: the model has 2 outputs", InputError
    ):
        fit(model, (np.zeros((5, 60, 6)), each), loss=CrossEntropy("each"), optimiser=SGD(0.1))
    with refused(
        "x[0, 0, 0] must be a finite number, got nan (324 of 324 values are not finite)", InputError
    ):
        train(model, 1, encode=lambda x, rng: np.full((6, len(x), 6), math.nan))
    with refused("x must have shape (ticks, batch, 6), got shape (6, 60, 5)", InputError):
        fit(model, (X[:, :5], Y), loss=CrossEntropy(), optimiser=SGD(0.1), encode=show)
    assert_same(before, arrays(model))


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    train(classifier(), 1, checkpoint=path)
    with pytest.raises(InputError, match=r"^seed must be 0, with which .* was written, got 1"):
        train(classifier(), 2, checkpoint=path, seed=1)
    with pytest.raises(InputError, match=r"^optimiser must be 'Adam', with which"):
        train(classifier(), 2, checkpoint=path, optimiser=SGD(0.1))
    for change, message in (
        ({"batch": 5}, "batch must be 9"),
        ({"clip": 2.0}, "clip must be None"),
        ({"validation": (X, Y)}, "validation must be None"),
        ({"rule": "ostl"}, "rule must be 'bptt'"),
        ({"loss": CrossEntropy("last")}, r"loss must be \"CrossEntropy\(over='mean'.*"),
        ({"optimiser": Adam(0.5)}, "rate of the optimiser must be 0.01"),
    ):
        with pytest.raises(InputError, match=rf"^{message}, with which .* was written, got"):
            train(classifier(), 2, **{"checkpoint": path} | change)
    with pytest.raises(InputError, match=r"^samples must be 60, with which .* was written, got 30"):
        train(classifier(), 2, checkpoint=path, data=(X[:30], Y[:30]))
    small = Sequential([Dense(2)], shape=(6,))
    with pytest.raises(FileFormatError, match="does not fit the model"):
        train(small, 2, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(FileFormatError, match="damaged"):
        train(classifier(), 2, checkpoint=path)


def test_accuracy_judges_the_mean_or_each_row():
    rows = np.array([[[3, 0], [0, 1]], [[0, 1], [0, 1]]])
    assert accuracy(rows, [0, 1]) == 1
    assert accuracy(rows, [1, 1]) == 0.5
    assert accuracy(rows, [[0, 1], [1, 0]]) == 0.75
    # Rows are the last ticks where a loss leaves out the first.
    assert accuracy(rows, [[1, 1], [0, 1], [1, 0]]) == 0.75
    with refused(
        "target must hold labels of shape (batch,) or (ticks, batch) for rows of shape (2, 2, 2), "
        "got shape (1, 2)",
        InputError,
    ):
        accuracy(rows, np.ones((1, 2)))


def test_steps_need_a_loss_of_each_tick():
    with refused(
        'update="step" must come with a loss over "each" tick from tick 0, got over=\'mean\', '
        "from_tick=0",
        InputError,
    ):
        train(classifier(), 1, update="step")


def test_trained_shares_stay_from_0_to_1():
    """A rate far too high pushes every constant out; decays and resets are put back."""
    layers = [
        Dense(8), unit("LIF", trainable=("decay", "reset", "threshold")),
        Recurrent(6, unit("ASNU", bias=-0.1, trainable=("d", "rho", "beta"))),
        Dense(2), LeakyReadout(0.5, trainable="decay"),
    ]  # fmt: skip
    model = Sequential(layers, shape=(6,), seed=0)
    train(model, 3, optimiser=Adam(1.0))
    found = model.parameters()
    shares = ["1.decay", "1.reset", "2.d", "2.rho", "4.decay"]
    assert all(0 <= found[name] <= 1 for name in shares)
    assert any(found[name] in (0, 1) for name in shares)
    assert not 0 <= found["2.beta"] <= 1 or not 0 <= found["1.threshold"] <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "mse"}, "loss must be a loss such as CrossEntropy(\"last\"), got 'mse'"),
        ({"optimiser": "adam"}, "optimiser must be one such as Adam(1e-3), got 'adam'"),
        ({"schedule": 0.5}, "schedule must be one such as Cosine(10), got 0.5"),
        ({"encode": 20}, "encode must be a function encode(x, rng), got 20"),
        ({"truncate": 2, "rule": "ostl"}, "truncate must come with rule=\"bptt\", got rule='ostl'"),
        ({"rule": "rtrl"}, "rule must be one of 'bptt', 'ostl', 'eprop', got 'rtrl'"),
        (
            {"metrics": {"accuracy": accuracy}},
            "metrics must come with validation, the data that they are of; got none",
        ),
        (
            {"metrics": {"accuracy": 0.9}, "validation": (X, Y)},
            "metrics must be functions by name, {\"accuracy\": accuracy}, got {'accuracy': 0.9}",
        ),
        (
            {"metrics": {"loss": accuracy}, "validation": (X, Y)},
            'metrics must have other names than "loss", which is there anyway',
        ),
        (
            {"checkpoint": "nowhere/run.npz"},
            "checkpoint must be in a folder that exists, got 'nowhere/run.npz'",
        ),
    ],
)
def test_settings_are_checked_before_anything_changes(options, message):
    model = classifier()
    before = arrays(model)
    with pytest.raises(SpikealgError, match=f"^{re.escape(message)}$"):
        train(model, 1, **options)
    assert_same(before, arrays(model))


def test_only_models_are_trained_and_asked():
    with refused("model must be a Sequential, got list", InputTypeError):
        train([Dense(2)], 1)
    with refused("model must be a Sequential, got Dense", InputTypeError):
        evaluate(Dense(2), (X, Y), loss=CrossEntropy())
    with refused("model must be a Sequential, got type", InputTypeError):
        predict(Sequential, X)


def test_predictions_need_sequences_or_an_encoding():
    model = classifier()
    with refused("x must have shape (ticks, batch, 6), got shape (60, 6)", InputError):
        predict(model, X)
    with refused("x in data must have at least one tick, got none", InputError):
        fit(model, (np.zeros((0, 3, 6)), [0, 1, 0]), loss=CrossEntropy(), optimiser=SGD(0.1))
    with refused("x must hold at least one sample, got shape ()", InputError):
        predict(model, 3, encode=show)
    with refused("x must hold at least one sample, got shape (0, 6)", InputError):
        predict(model, X[:0], encode=show)
    with refused("x must be an array, got rows of different lengths", InputTypeError):
        predict(model, [np.ones((5, 6)), np.ones((7, 6))])
