"""A convolution of spikes: all pixels in shifted lines, as layers do it, against skipping zeros."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numba import njit

from report import Report, Table
from settings import Settings
from spikealg.learners.layers.plans import plan
from spikealg.learners.layers.windows import Windows
from timing import in_turn, on_one_core

FRAMES, CHANNELS, SIDE, KERNEL = 16, 16, 24, 3
ACTIVE = (0.01, 0.02, 0.05, 0.1, 0.2)


@njit(nogil=True, fastmath=True)
def skipping(frames, weight, padded):
    """Add what each spike sends to the pixels around it.

    frames (F, C, H, W): read. weight (C, k, k, O): read, the kernel turned, so that outputs lie
    side by side. padded (F, H + k − 1, W + k − 1, O): added to.
    """
    size = weight.shape[1]
    for f in range(frames.shape[0]):
        for c in range(frames.shape[1]):
            for y in range(frames.shape[2]):
                for x in range(frames.shape[3]):
                    spike = frames[f, c, y, x]
                    if spike == 0:
                        continue
                    for dy in range(size):
                        for dx in range(size):
                            to, sent = padded[f, y + dy, x + dx], weight[c, dy, dx]
                            for o in range(len(to)):
                                to[o] += spike * sent[o]


def measure(settings: Settings) -> Report:
    """Time a recurrent convolution of the tracking network's size at several shares of spikes."""
    rng, shape = np.random.default_rng(0), (CHANNELS, SIDE, SIDE)
    windows = Windows.of("the convolution", shape, KERNEL, 1, "same")
    forward = plan(windows, CHANNELS).forward
    weight = rng.standard_normal((CHANNELS, CHANNELS * KERNEL**2)).astype(np.float32)
    kernels = weight.reshape(CHANNELS, CHANNELS, KERNEL, KERNEL)
    turned = np.ascontiguousarray(kernels[:, :, ::-1, ::-1].transpose(1, 2, 3, 0))

    def lines(frames: Any) -> Any:
        out = np.zeros((FRAMES, *shape), dtype=np.float32)
        forward.add(frames.reshape(FRAMES, -1), weight, out.reshape(FRAMES, -1))
        return out

    def spikes(frames: Any) -> Any:
        edge = KERNEL // 2
        padded = np.zeros((FRAMES, SIDE + 2 * edge, SIDE + 2 * edge, CHANNELS), dtype=np.float32)
        skipping(frames, turned, padded)
        return np.ascontiguousarray(padded[:, edge:-edge, edge:-edge].transpose(0, 3, 1, 2))

    rows = []
    for share in ACTIVE:
        frames = (rng.random((FRAMES, *shape)) < share).astype(np.float32)
        np.testing.assert_allclose(lines(frames), spikes(frames), rtol=1e-3, atol=1e-4)
        with on_one_core():
            walls = in_turn(
                {"lines": partial(lines, frames), "spikes": partial(spikes, frames)},
                settings.repeat,
            )
        rows.append([
            f"{share:.0%}",
            f"{1e3 * walls['lines']:.2f}",
            f"{1e3 * walls['spikes']:.2f}",
            f"{walls['spikes'] / walls['lines']:.1f}",
        ])  # fmt: skip
    columns = ("pixels that are 1", "shifted lines ms", "skipping zeros ms", "against")
    note = (
        f"{FRAMES} frames of {CHANNELS} channels of {SIDE} × {SIDE} to as many, kernels of "
        f"{KERNEL} × {KERNEL}, float32; *against* says how many times longer skipping takes."
    )
    return Report([Table("Convolutions of spikes, one core", columns, rows, note)])
