"""Bills against hand computation: prices times counts, and what nobody has published."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from spikealg.circuits import Adder
from spikealg.engine import simulate
from spikealg.errors import InputError
from spikealg.hardware import Figure, Work, count, estimate, platform
from spikealg.hardware.figures import si
from spikealg.hardware.place import place
from spikealg.network import Network
from tests.helpers import near

# 0 fires when told, and drives 1 twice and 2 once; 2 needs more than it gets.
FAN = Network.from_arrays(
    threshold=[1, 1, 3], leak=4096, pre=[0, 0, 0, 1], post=[1, 1, 2, 2], delay=[1, 2, 1, 1],
    inputs={"x": [0]},
)  # fmt: skip
TOLD = np.array([[[1]], [[1]]])
# In 4 ticks: 0 fires at 0, 1; 1 fires at 1, 2, 3; 2 hears at 1, 2, 3. So 5 spikes,
# 2·3 + 3·1 = 9 synaptic events, 6 updates driven and 12 − 6 idle.


@pytest.fixture(scope="module")
def fan():
    return count(simulate(FAN, {"x": TOLD}, ticks=4, seed=0, record="all"), by_lane=True)


def test_loihi_by_hand(fan):
    cost = estimate(fan, "loihi")
    assert cost.terms["sync"].energy_J is None
    energies = {name: term.energy_J.value for name, term in cost.terms.items() if name != "sync"}
    assert energies == near(
        {
            "synaptic": 9 * 23.6e-12,
            "neuron_active": 6 * 81e-12,
            "neuron_idle": 6 * 52e-12,
            "spike": 5 * 1.7e-12,  # each is sent to the one core there is
            "hop": 0.0,
        }
    )
    marginal = 9 * 23.6e-12 + 6 * 81e-12 + 6 * 52e-12 + 5 * 1.7e-12
    assert cost.marginal_J == near((marginal, marginal, marginal))
    # The core works 3.5 ns per event, 8.4 or 5.3 ns per update; a spike takes 2.1 ns, and the
    # barrier of a tick between 113 and 465 ns.
    work = 9 * 3.5e-9 + 6 * 8.4e-9 + 6 * 5.3e-9
    low, high = (work + 4 * (2.1e-9 + barrier) for barrier in (113e-9, 465e-9))
    assert cost.time_s == near(((low + high) / 2, low, high))
    assert cost.tick_s == near([value / 4 for value in cost.time_s])
    assert cost.static_W == Figure.exactly(0.104)
    assert cost.static_J == near([0.104 * value for value in cost.time_s])
    assert (cost.cores, cost.chips, cost.ticks) == (1, 1, 4)
    # Nobody knows what the barrier takes, so nobody knows the total.
    assert cost.missing == ("sync",)
    assert (cost.total_J, cost.energy_delay_Js) == (None, None)
    assert cost.published_J.value == near(marginal + 0.104 * cost.time_s.value)


def test_truenorth_by_hand(fan):
    cost = estimate(fan, "truenorth")
    assert cost.marginal_J.value == near(9 * 2.3e-12)
    assert cost.time_s == near((4e-3,) * 3)
    assert cost.total_J.value == near(9 * 2.3e-12 + 0.064 * 4e-3)
    assert cost.energy_delay_Js.value == near(cost.total_J.value * 4e-3)
    assert cost.missing == ()
    assert cost.terms["neuron_active"].constant.within == "static"


def test_spinnaker_is_marginal_only(fan):
    cost = estimate(fan, "spinnaker")
    assert cost.marginal_J.value == near(9 * 13.3e-9 + 12 * 26e-9)
    # No message leaves the core, so that the price of hops is unknown does no harm.
    assert cost.missing == ("spike", "sync", "static power")
    assert cost.total_J is None
    assert cost.time_s.value == near(4e-3)


def test_other_platforms_by_hand(fan):
    assert estimate(fan, "loihi2").marginal_J is None
    assert estimate(fan, "loihi2").time_s.value == 4 * 200e-9  # no tick is shorter
    assert estimate(fan, "brainscales2").total_J.value == near(1.0 * 4e-6)
    assert estimate(fan, "cpu").total_J.value == near((9 + 12) * 8.6e-9)
    assert estimate(fan, "cpu").time_s is None
    assert estimate(fan, "odin").marginal_J.value == near(9 * 12.7e-12)
    # 5 spikes are generated, and each is broadcast in its core.
    assert estimate(fan, "dynapse").marginal_J.value == near(5 * (883e-12 + 6.84e-9))


def test_truenorths_26_pj_per_event_emerge():
    """64 mW / (2²⁰ neurons · 20 Hz · 128 synapses) + 2.3 pJ: a whole chip, every 50 ms a spike."""
    n, synapses, lanes, ticks = 256, 128, 4096, 50
    pre = np.repeat(np.arange(n), synapses)
    core = Network.from_arrays(
        threshold=np.full(n, 50),
        bias=1,
        pre=pre,
        post=(pre + np.tile(np.arange(synapses), n)) % n,
        weight=0,
    )
    run = simulate(core, ticks=ticks, lanes=lanes, seed=0, record="counts")
    cost = estimate(run, "truenorth")
    assert (cost.cores, cost.chips) == (4096, 1)
    events = cost.counts.synaptic_events
    assert events == 2**20 * 128
    assert cost.static_J.value / events == near(23.8e-12, rel=0.005)
    assert cost.total_J.value / events == near(26.1e-12, rel=0.005)


def test_hops_are_per_message_and_link_not_per_synapse():
    # The first neuron reaches 100 synapses on a core in another tile, in the x direction.
    n, reached = 1024 * 5, np.arange(4096, 4196)
    net = Network.from_arrays(
        threshold=np.ones(n, dtype=int),
        leak=4096,
        pre=np.zeros(100, dtype=int),
        post=reached,
        inputs={"x": [0]},
    )
    placement = place(net, "loihi")
    core = np.zeros(n, dtype=np.int32)
    core[reached] = placement.cores - 1
    placement = replace(placement, core=core)
    cost = estimate(simulate(net, {"x": 1}, ticks=2, seed=0), "loihi", placement=placement)
    links = int(np.abs(placement.router[-1] - placement.router[0]).sum())
    assert links > 0
    assert cost.terms["synaptic"].amount.value == 100
    # The target neurons fire too, and have nobody to send to.
    assert cost.terms["spike"].energy_J.value == near(1.7e-12)
    hops = cost.terms["hop"]
    assert hops.amount.value == links
    assert hops.energy_J == near((links * 3.5e-12, links * 3e-12, links * 4e-12))


def test_what_is_not_known_of_updates_is_a_range():
    run = simulate(FAN, {"x": TOLD}, ticks=4, seed=0, record="all")
    rough, exact = estimate(run, "loihi"), estimate(count(run, by_lane=True), "loihi")
    low, high = rough.counts.driven
    assert low < 6 <= high
    value, least, most = rough.marginal_J
    fixed = 9 * 23.6e-12 + 5 * 1.7e-12 + 12 * 52e-12
    # A driven update takes 29 pJ more than an idle one, and each update is one or the other.
    assert (least, most) == near((fixed + low * 29e-12, fixed + high * 29e-12))
    assert value == near((least + most) / 2)
    assert least <= exact.marginal_J.value <= most
    assert rough.time_s.low <= exact.time_s.value <= rough.time_s.high


def test_lanes_stand_side_by_side_or_take_turns():
    adder = Adder(8).compile()
    run = simulate(adder, {"a": np.arange(100), "b": 3}, ticks=20, seed=0, record="counts")
    together, in_turn = (estimate(run, "loihi", lanes=lanes) for lanes in ("together", "in turn"))
    copies_per_core = 1024 // adder.n_neurons
    assert together.cores == -(-100 // copies_per_core)
    assert (in_turn.cores, in_turn.chips) == (1, 1)
    assert (together.ticks, in_turn.ticks) == (20, 2000)
    assert together.marginal_J == in_turn.marginal_J
    assert in_turn.time_s == near([100 * value for value in together.time_s])
    assert together.counts.work == ("result", 100)
    assert together.marginal_per_work_J.value == near(together.marginal_J.value / 100)


def test_networks_that_run_in_turn_share_a_bill():
    runs = [simulate(Adder(w).compile(), {"a": 1, "b": 1}, ticks=9, seed=0) for w in (2, 3)]
    both = estimate(SimpleNamespace(runs=runs, work=Work("sum", 2)), "truenorth")
    each = [estimate(run, "truenorth") for run in runs]
    assert both.ticks == 18
    assert both.total_J.value == near(sum(cost.total_J.value for cost in each))
    assert both.total_per_work_J.value == near(both.total_J.value / 2)
    with pytest.raises(InputError, match="placement is of one network, and 2 ran"):
        estimate(both.counts, "loihi", placement=place(runs[0].network, "loihi"))


def test_a_bill_shows_itself(fan):
    text = str(estimate(fan, "loihi"))
    assert "total     none: sync unpublished" in text
    assert "Davies et al." in text
    assert "neuron_active  6       81 pJ" in text
    assert "486 pJ" in text
    assert "per result" not in text
    assert "total     256 µJ" in str(estimate(fan, "truenorth"))


def test_a_bill_says_what_does_not_fit(fan):
    assert [bool(fit) for fit in estimate(fan, "loihi").fit] == [True]
    assert estimate(fan, "cpu").fit == ()
    leaky = Network.from_arrays(threshold=[5], leak=100, bias=1)
    cost = estimate(simulate(leaky, ticks=3, seed=0), "truenorth")
    assert not cost.fit[0]
    assert "does not fit on TrueNorth" in str(cost)
    assert "there is no proportional leak" in str(cost)
    assert "does not fit" not in str(estimate(fan, "loihi"))


def test_what_cannot_be_priced_is_said(fan):
    with pytest.raises(InputError, match="'horowitz45nm' prices arithmetic, not spikes"):
        estimate(fan, "horowitz45nm")
    with pytest.raises(InputError, match="there is no platform 'abacus'"):
        estimate(fan, "abacus")
    with pytest.raises(InputError, match="lanes must be one of 'together', 'in turn', got 'no'"):
        estimate(fan, "loihi", lanes="no")
    with pytest.raises(InputError, match="placement is on 'truenorth', and the price is asked for"):
        estimate(fan, "loihi", placement=place(FAN, "truenorth"))
    with pytest.raises(InputError, match="placement is of another network"):
        estimate(fan, "loihi", placement=place(Adder(2).compile(), "loihi"))


def test_unpublished_is_never_free(fan):
    loihi = platform("loihi")
    unknown = replace(loihi.energy["neuron_idle"], value=None, state="unpublished")
    cost = estimate(fan, replace(loihi, energy={**loihi.energy, "neuron_idle": unknown}))
    assert cost.missing == ("neuron_idle", "sync")
    assert cost.marginal_J.value == near(9 * 23.6e-12 + 6 * 81e-12 + 5 * 1.7e-12)
    free = replace(unknown, state="none")
    energy = {**loihi.energy, "sync": free, "neuron_idle": free}
    assert estimate(fan, replace(loihi, energy=energy)).total_J is not None
    no_time = replace(loihi, time={**loihi.time, "sync": unknown}, energy=energy)
    assert estimate(fan, no_time).missing == ("time",)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (23.6e-12, "23.6 pJ"),
        (0.0, "0 J"),
        (1.0, "1 J"),
        (999.6e-9, "1 µJ"),
        (1234.0, "1.23 kJ"),
        (4.56e-22, "0.000456 aJ"),
        (64e-3, "64 mJ"),
    ],
)
def test_numbers_are_written_with_prefixes(value, text):
    assert si(value, "J") == text


def test_figures_keep_their_range():
    one, two = Figure(1.0, 0.5, 2.0), Figure.between(2.0, 4.0)
    assert one.plus(two) == (4.0, 2.5, 6.0)
    assert one.times(two) == (3.0, 1.0, 8.0)
    assert one.over(2.0) == (0.5, 0.25, 1.0)
    assert one.write("J") == "1 J (500 mJ to 2 J)"
    assert Figure.exactly(2.0).write("s") == "2 s"
