"""Training by the online rules: steps, penalties and options of `fit`."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.learners import (
    MSE,
    SGD,
    ActivityPenalty,
    Dense,
    Online,
    Tanh,
    fit,
    gradients,
    learn,
)
from tests.helpers import refused
from tests.learners.cases import N
from tests.learners.test_ostl import CLOSE, difference, one_layer, task


def test_steps_of_fit_keep_the_traces():
    """With steps too small to matter, those of all ticks add up to that of the sequence."""
    rng = np.random.default_rng(34)
    x, y = rng.normal(size=(6, 1, 4)), rng.normal(size=(6, 1, N))
    changes = {}
    for update in ("step", "sequence"):
        model = one_layer("sSNU", True, np.random.default_rng(0))
        before = {name: value.copy() for name, value in model.parameters().items()}
        loss, slow = MSE(over="each"), SGD(1e-7)
        fit(model, (x, y), rule="ostl", loss=loss, optimiser=slow, epochs=1, update=update)
        changes[update] = {name: model.parameters()[name] - before[name] for name in before}
    scaled = {name: value / 6 for name, value in changes["step"].items()}
    assert difference(scaled, changes["sequence"]) < 1e-5


@pytest.mark.parametrize("name", ["sSNU", "HLIF"])
@pytest.mark.parametrize("recurrent", [False, True], ids=["dense", "recurrent"])
def test_penalties_are_learning_signals_where_they_stand(name, recurrent):
    """With one layer of memory they make the gradients of backpropagation."""
    rng = np.random.default_rng(37)
    model = one_layer(name, recurrent, rng, [Dense(6), Tanh(), Dense(2)])
    x, loss = task(rng, model)
    place = 0 if recurrent else 1
    penalties = {
        place: ActivityPenalty(0.1, 50.0),
        place + 2: lambda y: (float((y**2).sum()), 2 * y),
        place + 3: lambda y: (float(y.sum()), np.ones_like(y)),
    }
    expected = learn(model, x, None, loss=loss, penalties=penalties)
    found = learn(model, x, None, loss=loss, penalties=penalties, rule="ostl")
    assert difference(found.gradients, expected.gradients) <= CLOSE
    assert found.value == pytest.approx(expected.value, rel=1e-12)
    free = gradients(model, x, None, loss=loss, rule="ostl")
    assert difference(found.gradients, free) > 1e-2


@pytest.mark.parametrize(
    ("rule", "option", "takes"),
    [
        ("ostl", "truncate", "recurrence, penalties, state, train, rng"),
        ("bptt", "recurrence", "state, truncate, penalties, train, rng"),
    ],
)
def test_options_of_another_rule_are_refused(rule, option, takes):
    model = one_layer("LIF", False, np.random.default_rng(0))
    x, loss = task(np.random.default_rng(0), model)
    with refused(f"{option} is no option of rule={rule!r}, which takes {takes}", InputError):
        gradients(model, x, None, loss=loss, rule=rule, **{option: 2})


def test_penalties_between_weights_and_their_unit_are_refused():
    model = one_layer("LIF", False, np.random.default_rng(0))
    message = (
        f"the output of layer 0 (Dense({N})) goes into the traces of the unit after it: "
        "penalise layer 1"
    )
    x, loss = task(np.random.default_rng(0), model)
    with refused(message, InputError):
        gradients(model, x, None, loss=loss, rule="ostl", penalties={0: ActivityPenalty()})
    online = Online(model, 3)
    online.forward(x[0])
    with refused(f"inner[1] must have shape (3, {N}), got shape (2,)", InputError):
        online.learn(np.ones((3, N)), {1: np.ones(2)})
    with refused("place must be a whole number from 0 to 1, got 2", InputError):
        online.output(2)


@pytest.mark.parametrize("update", ["step", "sequence"])
@pytest.mark.parametrize("settings", [{"rule": "ostl"}, {"rule": "eprop"}])
def test_fit_penalises_in_online_rules(settings, update):
    rng = np.random.default_rng(38)
    x, y = rng.normal(size=(6, 8, 4)), rng.normal(size=(6, 8, N))
    active = []
    for weight in (0.0, 300.0):
        model = one_layer("SNU", True, np.random.default_rng(0))
        penalties = {0: ActivityPenalty(weight=weight)}
        loss = MSE(over="each")
        fit(
            model, (x, y), loss=loss, optimiser=SGD(0.1), penalties=penalties, epochs=10,
            update=update, **settings,
        )  # fmt: skip
        active.append(model.forward(x).activity[0])
    assert active[1] < 0.5 * active[0]


def test_fit_leaves_out_the_recurrent_path_where_it_is_told():
    rng = np.random.default_rng(39)
    x, y = rng.normal(size=(6, 1, 4)), rng.normal(size=(6, 1, N))
    ends = {}
    for update in ("sequence", "step"):
        for recurrence in (None, "full", "diagonal"):
            model = one_layer("sSNU", True, np.random.default_rng(0))
            fit(
                model, (x, y), loss=MSE(over="each"), optimiser=SGD(0.1), rule="ostl",
                update=update, recurrence=recurrence,
            )  # fmt: skip
            ends[update, recurrence] = model.parameters()["0.weight"].copy()
        np.testing.assert_array_equal(ends[update, None], ends[update, "full"])
        assert np.abs(ends[update, "full"] - ends[update, "diagonal"]).max() > 1e-6
