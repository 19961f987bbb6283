"""Does a network fire the same spikes after it has been in another tool?

Two networks leave the library and come back. The adder is made of threshold gates and delays, all
of which NIR, the exchange format of spiking tools, has words for: its graph alone gives the same
sums, read as any foreign graph would be. The noisy network subtracts, rests after a spike and fires
by chance, for which NIR has no words: the graph says so, and the integers in its metadata bring
back the identical network. Brian2 runs it as it is, draws included.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import nir
import numpy as np

from spikealg import Network, simulate
from spikealg.circuits import Adder, decode, encode
from spikealg.errors import InputError
from spikealg.interop import brian2
from spikealg.interop.nir import from_nir, to_nir

PAIRS = 50
NEURONS, TICKS, SEED = 60, 200, 1


def noisy() -> tuple[Network, np.ndarray]:
    """Return a random recurrent network that uses all that a neuron can do, and its input."""
    rng = np.random.default_rng(SEED)
    synapses = 8 * NEURONS
    inhibits = rng.random(NEURONS) < 0.2
    pre = rng.integers(0, NEURONS, synapses)
    network = Network.from_arrays(
        threshold=rng.integers(80, 160, NEURONS),
        leak=rng.integers(50, 500, NEURONS),
        current_leak=rng.choice([1000, 4096], NEURONS),
        reset=rng.choice(["value", "subtract"], NEURONS),
        probability=rng.choice([0.5, 1.0], NEURONS),
        refractory=rng.integers(0, 4, NEURONS),
        floor=-200,
        pre=pre,
        post=rng.integers(0, NEURONS, synapses),
        weight=np.where(inhibits[pre], -40, 22),
        delay=rng.integers(1, 16, synapses),
        inputs={"drive": np.arange(NEURONS)},
        groups=(("noisy", 0),),
    )
    return network, 60 * (rng.random((TICKS, 1, NEURONS)) < 0.15)


def spikes_of(network: Network, drive: np.ndarray) -> np.ndarray:
    """Return tick and neuron of every spike, (spikes, 2)."""
    spikes = simulate(network, {"drive": drive}, ticks=TICKS, seed=SEED, record="all").spikes
    return np.stack([spikes.t, spikes.i], axis=1)


def through_nir(network: Network, drive: np.ndarray) -> np.ndarray:
    """Write the network to a NIR file, read it back, and return its spikes."""
    nir.write("noisy.nir", to_nir(network, approximate=True))
    back = from_nir("noisy.nir")
    print("what its graph does not say:", *back.notes, sep="\n  ")
    return spikes_of(back.network, drive)


def in_brian2(network: Network, drive: np.ndarray) -> np.ndarray:
    """Run the network in Brian2, write it as a script for Brian2, and return its spikes."""
    call = {"inputs": {"drive": drive}, "ticks": TICKS, "seed": SEED}
    brian2.to_brian2_script(network, "noisy_in_brian2.py", **call)
    spikes = brian2.simulate(network, **call)
    return np.stack([spikes.t, spikes.i], axis=1)


WAYS: dict[str, Callable[[Network, np.ndarray], np.ndarray]] = {
    "NIR": through_nir,
    "Brian2": in_brian2,
}


def sums(adder: Network, latency: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Add PAIRS pairs, a pair per tick; return the sums, read `latency` ticks later."""
    inputs = {name: encode(xs, "binary", 8).swapaxes(0, 1) for name, xs in (("a", a), ("b", b))}
    run = simulate(adder, inputs, ticks=PAIRS + latency, record=["sum"])
    raster = run.raster(adder.outputs["sum"].neurons, latency, PAIRS)
    return decode(raster.swapaxes(0, 1), "binary", 9)


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Send both networks out and back, print and draw; return the numbers printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("out_and_back.png"))
    options = parser.parse_args(arguments)
    mpl.use("Agg")

    numbers: dict[str, float] = {}
    adder = Adder(8).compile()
    graph = to_nir(adder)
    nir.write("adder.nir", graph)
    numbers["adder identical"] = from_nir("adder.nir").network.identical(adder)
    a, b = np.random.default_rng(SEED).integers(0, 256, (2, PAIRS))
    # Read as a graph of a stranger would be: no integers, no codings, only equations and seconds.
    foreign = from_nir("adder.nir", dt=1e-3, integers=False).network
    ready = adder.outputs["sum"].latency
    numbers["sums right"] = int((sums(adder, ready, a, b) == a + b).sum())
    # NIR's edges take no time and synapses do: what comes in is some ticks behind.
    ready += foreign.outputs["sum"].latency
    numbers["sums right by the graph alone"] = int((sums(foreign, ready, a, b) == a + b).sum())
    print(
        f"adder: {len(graph.nodes)} nodes; {numbers['sums right']} of {PAIRS} sums right here, "
        f"{numbers['sums right by the graph alone']} by its NIR graph alone"
    )

    network, drive = noisy()
    try:
        to_nir(network)
    except InputError as error:
        print(f"noisy: {error}")
    here = spikes_of(network, drive)
    numbers["spikes"] = len(here)
    there = {}
    for way, send in WAYS.items():
        there[way] = send(network, drive)
        numbers[f"{way} same"] = np.array_equal(there[way], here)
        print(f"noisy: {len(here)} spikes here, {len(there[way])} after {way}, "
              f"{'all' if numbers[f'{way} same'] else 'not'} the same")  # fmt: skip
    draw(here, there, options.output)
    print(f"{options.output} shows them")
    return numbers


def draw(here: np.ndarray, there: dict[str, np.ndarray], path: Path) -> None:
    """Draw the spikes of the noisy network here as rings, and those from elsewhere inside."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(11, 4.5), layout="constrained")
    axes.plot(*here.T, "o", mfc="none", mec="#9a9a9a", markersize=6, label="here")
    marks = zip(there.items(), (".", "+"), ("#d1495b", "#2a6f97"), strict=False)
    for (way, spikes), mark, colour in marks:
        axes.plot(*spikes.T, mark, color=colour, markersize=4, label=f"after {way}")
    axes.set(xlabel="tick", ylabel="neuron", xlim=(-1, TICKS), ylim=(-1, NEURONS))
    axes.set_title("spikes of the noisy network", loc="left", fontsize="medium")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    main()
