"""Memory and time of the learning rules against ticks, neurons and layers."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping

import numpy as np

from report import Lines, Report, Table
from settings import Settings
from spikealg.learners import Dense, Online, Recurrent, Sequential, sSNU
from timing import quick_seconds

Learn = Callable[[Sequential, np.ndarray], None]
Points = list[tuple[float, float]]


def backwards(model: Sequential, x: np.ndarray) -> None:
    """Go through a sequence and back."""
    forward = model.forward(x)
    model.backward(forward.y, forward)


def along(full: bool, filtering: float | None = None) -> Learn:
    """Return a call that learns at every tick from what it just put out."""

    def learn(model: Sequential, x: np.ndarray) -> None:
        online = Online(model, x.shape[1], full=full, filtering=filtering)
        for tick in x:
            online.learn(online.forward(tick))

    return learn


RULES: Mapping[str, Learn] = {
    "BPTT": backwards,
    "OSTL with H": along(full=True),
    "OSTL without H": along(full=False),
    "e-prop": along(full=False, filtering=0.9),
}
PUBLISHED = {
    "BPTT": ("T n", "n²"),
    "OSTL with H": ("n³", "n⁴"),
    "OSTL without H": ("k n²", "k n²"),
    "e-prop": ("k n²", "k n²"),
}
"""Memory, and time per tick (Bohnstingl et al., arXiv 2007.12723, table 1)."""


def task(n: int, ticks: int, layers: int = 1) -> tuple[Sequential, np.ndarray]:
    """Return recurrent layers of n sigmoid units each, and n inputs over so many ticks."""
    inner = [Recurrent(n, sSNU(0.4)) for _ in range(layers)]
    model = Sequential([*inner, Dense(8)], shape=(n,), seed=0)
    return model, np.random.default_rng(0).normal(size=(ticks, 1, n)).astype(np.float32)


def memory(learn: Learn, model: Sequential, x: np.ndarray) -> float:
    """Return the most that a second call holds at once [MB]."""
    learn(model, x)
    tracemalloc.start()
    learn(model, x)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1e6


def per_tick(learn: Learn, model: Sequential, x: np.ndarray) -> float:
    """Return the wall time of a tick [µs], as the median of calls over all ticks of `x`."""
    learn(model, x)
    return quick_seconds(learn, model, x) / len(x) * 1e6


def exponent(points: Points) -> float:
    """Return the slope of a line through the last three points on logarithmic axes."""
    x, y = np.log(points[-3:]).T
    return float(np.polyfit(x, y, 1)[0])


def measure(settings: Settings) -> Report:
    lengths = (20, 40) if settings.quick else (50, 200, 800, 3200)
    sizes = (8, 16) if settings.quick else (8, 16, 32, 64, 128, 256, 512, 1024, 2048)
    depths = (1, 2) if settings.quick else (1, 2, 4, 8)
    most_full = 128
    """Neurons up to which traces through H are measured: n = 256 would take 400 MB."""
    by_length = {
        name: [(float(t), memory(learn, *task(32, t))) for t in lengths]
        for name, learn in RULES.items()
    }
    by_size: dict[str, Points] = {name: [] for name in RULES}
    time_by_size: dict[str, Points] = {name: [] for name in RULES}
    time_by_depth: dict[str, Points] = {name: [] for name in RULES}
    for name, learn in RULES.items():
        for n in sizes:
            if name != "OSTL with H" or n <= most_full:
                by_size[name].append((n, memory(learn, *task(n, 50))))
                time_by_size[name].append((n, per_tick(learn, *task(n, 20))))
        time_by_depth[name] = [(k, per_tick(learn, *task(32, 20, k))) for k in depths]
    rows = [
        [
            name,
            PUBLISHED[name][0],
            f"{exponent(by_length[name]):.2f}",
            f"{exponent(by_size[name]):.2f}",
            PUBLISHED[name][1],
            f"{exponent(time_by_size[name]):.2f}",
            f"{exponent(time_by_depth[name]):.2f}",
        ]
        for name in RULES
    ]
    columns = (
        "rule",
        "memory, published",
        "measured, T to the",
        "n to the",
        "time per tick, published",
        "measured, n to the",
        "k to the",
    )
    note = "Exponents are fitted to the three largest sizes of each chart; batch 1, float32."
    return Report(
        tables=[Table("Growth of memory and time", columns, rows, note)],
        charts=[
            Lines("Memory, n = 32, k = 1", "ticks T", "MB", by_length),
            Lines("Memory, T = 50, k = 1", "neurons n", "MB", by_size),
            Lines("Time per tick, k = 1", "neurons n", "µs", time_by_size),
            Lines("Time per tick, n = 32", "layers k", "µs", time_by_depth),
        ],
    )
