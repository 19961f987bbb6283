"""A tool for NIR as slow and plain as can be: floats, a node at a time, the oracle of interop/nir.

All equations are advanced by forward Euler steps, in the order of NIR's definitions. Neurons that
lead back to themselves without a delay get what they gave one step before, as in other tools.
"""

from __future__ import annotations

import numpy as np

STATEFUL = ("CubaLI", "CubaLIF", "I", "IF", "LI", "LIF")


class Tool:
    """Runs a graph whose shapes fit, step by step."""

    def __init__(self, graph, dt):
        self.graph, self.dt = graph, dt
        self.before = {name: [a for a, b in graph.edges if b == name] for name in graph.nodes}
        self.v: dict[str, np.ndarray] = {}
        self.i: dict[str, np.ndarray] = {}
        self.past: dict[str, list[np.ndarray]] = {name: [] for name in graph.nodes}
        self.traces: dict[str, list[np.ndarray]] = {name: [] for name in graph.nodes}

    def run(self, inputs, steps):
        """Return what every node gave, {name: array (steps, *shape)}, and keep potentials."""
        for t in range(steps):
            self.now: dict[str, np.ndarray] = {}
            self.open: set[str] = set()
            for name in self.graph.nodes:
                if self.has_state(name):
                    self.give(name, inputs, t)
            given = {name: self.give(name, inputs, t) for name in self.graph.nodes}
            for name, past in self.past.items():
                past.append(given[name])
                self.traces[name].append(self.v.get(name, 0.0))
        return {name: np.array(past) for name, past in self.past.items()}

    def give(self, name, inputs, t):
        if name in self.now:
            return self.now[name]
        node = self.graph.nodes[name]
        kind = type(node).__name__
        if kind == "Input":
            shape = tuple(int(size) for size in node.input_type["input"])
            values = inputs[name][t] if name in inputs else np.zeros(shape)
            self.now[name] = np.asarray(values, dtype=float).reshape(shape)
            return self.now[name]
        if kind == "Delay":
            return self.delayed(name, node, inputs, t)
        if name in self.open:
            return self.past[name][t - 1] if t else np.zeros(node.output_type["output"])
        if self.has_state(name):
            self.open.add(name)
        x = sum((self.give(source, inputs, t) for source in self.before[name]), start=0.0)
        given = self.step(name, kind, node, x)
        if self.has_state(name):
            self.now[name] = given
        return given

    def has_state(self, name):
        return type(self.graph.nodes[name]).__name__ in (*STATEFUL, "Threshold")

    def delayed(self, name, node, inputs, t):
        ticks = np.rint(node.delay / self.dt).astype(int)
        out = np.zeros(ticks.shape)
        for place in np.ndindex(ticks.shape):
            d = int(ticks[place])
            for source in self.before[name]:
                if d == 0:
                    out[place] += self.give(source, inputs, t)[place]
                elif d <= t:
                    out[place] += self.past[source][t - d][place]
        return out

    def step(self, name, kind, node, x):
        dt = self.dt
        if kind in ("Affine", "Linear"):
            return np.asarray(node.weight, dtype=float) @ x + getattr(node, "bias", 0.0)
        if kind == "Scale":
            return node.scale * x
        if kind == "Flatten":
            return np.reshape(x, node.output_type["output"])
        if kind == "Conv2d":
            return convolve(node, x)
        if kind in ("SumPool2d", "AvgPool2d"):
            return pool(node, x, np.sum if kind == "SumPool2d" else np.mean)
        if kind == "Output":
            return np.asarray(x)
        if kind == "Threshold":
            return (x > node.threshold).astype(float)
        v = self.v.get(name, 0.0)
        if kind in ("CubaLI", "CubaLIF"):
            i = self.i.get(name, 0.0)
            x = self.i[name] = i + dt / node.tau_syn * (node.w_in * x - i)
            v = v + dt / node.tau_mem * (node.v_leak - v + node.r * x)
        elif kind in ("I", "IF"):
            v = v + dt * node.r * x
        else:
            v = v + dt / node.tau * (node.v_leak - v + node.r * x)
        self.v[name] = v
        if kind in ("CubaLI", "I", "LI"):
            return v
        spikes = v > node.v_threshold
        self.v[name] = np.where(spikes, node.v_reset, v)
        return spikes.astype(float)


def padded(x, around):
    return np.pad(x, [(0, 0), *((width, width) for width in np.broadcast_to(around, 2))])


def convolve(node, x):
    """Every output element as the sum that defines it."""
    weight = np.asarray(node.weight, dtype=float)
    stride, dilation = (np.broadcast_to(value, 2) for value in (node.stride, node.dilation))
    x = padded(x, node.padding)
    out_channels, per_group, height, width = weight.shape
    rows = (x.shape[1] - dilation[0] * (height - 1) - 1) // stride[0] + 1
    columns = (x.shape[2] - dilation[1] * (width - 1) - 1) // stride[1] + 1
    out = np.zeros((out_channels, rows, columns))
    for o in range(out_channels):
        group = o // (out_channels // int(node.groups))
        part = x[group * per_group : (group + 1) * per_group]
        for r in range(rows):
            for c in range(columns):
                top, left = r * stride[0], c * stride[1]
                seen = part[
                    :,
                    top : top + dilation[0] * (height - 1) + 1 : dilation[0],
                    left : left + dilation[1] * (width - 1) + 1 : dilation[1],
                ]
                out[o, r, c] = (weight[o] * seen).sum() + node.bias[o]
    return out


def pool(node, x, join):
    x = padded(x, node.padding)
    (height, width), stride = (np.broadcast_to(v, 2) for v in (node.kernel_size, node.stride))
    rows = (x.shape[1] - height) // stride[0] + 1
    columns = (x.shape[2] - width) // stride[1] + 1
    out = np.zeros((x.shape[0], rows, columns))
    for r in range(rows):
        for c in range(columns):
            top, left = r * stride[0], c * stride[1]
            out[:, r, c] = join(x[:, top : top + height, left : left + width], axis=(1, 2))
    return out
