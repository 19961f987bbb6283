"""Forward-mode derivatives, slow and obvious: the oracle of every backward pass.

A number carries its derivatives by all parameters along; a model is written once more, tick by
tick, in these numbers. Nothing of the library's layers or kernels is used but their settings.
"""

from __future__ import annotations

import numpy as np

from spikealg.learners import (
    ASNU,
    GLIF,
    LISNU,
    SNU,
    AvgPool,
    BatchNorm,
    Conv2d,
    ConvRecurrent,
    Dense,
    Flatten,
    LeakyReadout,
    MaxPool,
    Recurrent,
    ReLU,
    Sigmoid,
    Tanh,
    sSNU,
)


class Dual:
    """A value (shape) with its derivatives (parameters, *shape)."""

    __array_priority__ = 1

    def __init__(self, value, slope=None, size=0):
        self.value = np.asarray(value, dtype=np.float64)
        self.slope = np.zeros((size, *self.value.shape)) if slope is None else slope

    def __add__(self, other):
        other = self._dual(other)
        return Dual(self.value + other.value, _wide(self, other) + _wide(other, self))

    def __mul__(self, other):
        other = self._dual(other)
        return Dual(
            self.value * other.value,
            _wide(self, other) * other.value + _wide(other, self) * self.value,
        )

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -self._dual(other)

    def __rsub__(self, other):
        return self._dual(other) - self

    __radd__, __rmul__ = __add__, __mul__

    def __matmul__(self, other):
        slope = self.slope @ other.value + np.einsum("bi,pij->pbj", self.value, other.slope)
        return Dual(self.value @ other.value, slope)

    def einsum(self, rule, other):
        (left, right), out = rule.split("->")[0].split(","), rule.split("->")[1]
        slope = np.einsum(f"P{left},{right}->P{out}", self.slope, other.value)
        slope += np.einsum(f"{left},P{right}->P{out}", self.value, other.slope)
        return Dual(np.einsum(rule, self.value, other.value), slope)

    def __getitem__(self, place):
        return Dual(self.value[place], self.slope[(slice(None), *place)])

    def reshape(self, *shape):
        return Dual(self.value.reshape(shape), self.slope.reshape(len(self.slope), *shape))

    def mapped(self, function, derivative):
        return Dual(function(self.value), self.slope * derivative(self.value))

    def mean(self, axes):
        slope = self.slope.mean(axis=tuple(axis + 1 for axis in axes), keepdims=True)
        return Dual(self.value.mean(axis=axes, keepdims=True), slope)

    def detached(self):
        return Dual(self.value, size=len(self.slope))

    def _dual(self, other):
        return other if isinstance(other, Dual) else Dual(other, size=len(self.slope))


def _wide(a, b):
    """Return the derivatives of a, broadcast to the number of dimensions of a and b together."""
    missing = max(b.value.ndim - a.value.ndim, 0)
    slope = a.slope.reshape(len(a.slope), *(1,) * missing, *a.value.shape)
    shape = np.broadcast_shapes(a.value.shape, b.value.shape)
    return np.broadcast_to(slope, (len(a.slope), *shape))


def step(x, surrogate):
    return x.mapped(lambda v: (v >= 0).astype(float), surrogate.slope)


def sigmoid(x):
    def function(v):
        return 1 / (1 + np.exp(-v))

    return x.mapped(function, lambda v: function(v) * (1 - function(v)))


def constants(unit, parameters, prefix):
    """Return the constants of a unit as duals, and those that are parameters as such."""
    size = next(iter(parameters.values())).slope.shape[0]

    def get(name):
        outer = "unit_bias" if (prefix[-1] == "r" and name == "bias") else name
        key = f"{prefix[:-1]}.{outer}"
        return parameters[key] if key in parameters else Dual(unit.constants[name], size=size)

    return get


def unit_tick(unit, c, x, memory):
    """Return the output and the memory after one tick; `memory` is None at rest."""
    zero = x * 0.0
    if isinstance(unit, GLIF):
        v, z = memory or (zero, zero)
        u = c("decay") * v + c("gain") * x - c("hyperpolarisation") * z
        z = step(u - c("threshold"), unit.surrogate)
        gate = z.detached() if unit.detach_reset else z
        v = (1 - c("reset") * gate) * u + c("reset") * gate * c("reset_value")
        return z, (v, z)
    if isinstance(unit, SNU):
        s, y, b = memory or (zero, zero, zero)
        taken = y
        if isinstance(unit, LISNU):
            rows = np.arange(len(y.value))
            whole = y.reshape(len(rows), -1)
            top = whole[rows, whole.value.argmax(axis=1)]
            taken = top.reshape(len(rows), *(1,) * (y.value.ndim - 1))
        if unit.detach_reset:
            taken = taken.detached()
        negative = {"identity": 1.0, "relu": 0.0, "leaky_relu": 0.01}[unit.g]
        a = x + c("d") * s * (1 - taken)
        s = a.mapped(
            lambda v: np.where(v > 0, v, negative * v), lambda v: np.where(v > 0, 1.0, negative)
        )
        argument = s + c("bias")
        if isinstance(unit, ASNU):
            b = c("rho") * b + (1 - c("rho")) * y
            argument = argument + c("beta") * b
        y = sigmoid(argument) if isinstance(unit, sSNU) else step(argument, unit.surrogate)
        return y, (s, y, b)
    if isinstance(unit, LeakyReadout):
        y = c("decay") * (zero if memory is None else memory) + x
        return y, y
    if isinstance(unit, Tanh):
        return x.mapped(np.tanh, lambda v: 1 - np.tanh(v) ** 2), None
    if isinstance(unit, ReLU):
        return x.mapped(lambda v: np.maximum(v, 0), lambda v: (v > 0).astype(float)), None
    if isinstance(unit, Sigmoid):
        return sigmoid(x), None
    raise TypeError(unit)


def parameter_duals(model):
    """Return each parameter of the model with derivative 1 by itself, 0 by all others."""
    own = model.parameters()
    total = sum(value.size for value in own.values())
    found, begin = {}, 0
    for name, value in own.items():
        slope = np.zeros((total, value.size))
        slope[begin : begin + value.size] = np.eye(value.size)
        found[name] = Dual(value, slope.reshape(total, *value.shape))
        begin += value.size
    return found


def correlate(x, weight, stride, padding):
    """Return the correlation of frames (B, C, H, W) with weight (out, C, ky, kx)."""
    around = [(0, 0), (0, 0), *((p, p) for p in padding)]
    x = Dual(np.pad(x.value, around), np.pad(x.slope, [(0, 0), *around]))
    size = weight.value.shape[2:]
    rows = range(0, x.value.shape[2] - size[0] + 1, stride[0])
    columns = range(0, x.value.shape[3] - size[1] + 1, stride[1])
    every = slice(None)
    parts = [
        x[every, every, i : i + size[0], j : j + size[1]].einsum("bcyx,ocyx->bo", weight)
        for i in rows
        for j in columns
    ]
    shape = (*parts[0].value.shape, len(rows), len(columns))
    return Dual(
        np.stack([part.value for part in parts], axis=-1).reshape(shape),
        np.stack([part.slope for part in parts], axis=-1).reshape(len(x.slope), *shape),
    )


def pooled(layer, x):
    """Return the mean or the largest of each window; the first of several largest."""
    h, w = layer.size
    shape = (*x.value.shape[:2], x.value.shape[2] // h, x.value.shape[3] // w)
    value, slope = np.zeros(shape), np.zeros((len(x.slope), *shape))
    for b, c, i, j in np.ndindex(shape):
        place = (b, c, slice(i * h, i * h + h), slice(j * w, j * w + w))
        part = x[place].reshape(h * w)
        if isinstance(layer, MaxPool):
            best = part.value.argmax()
            value[b, c, i, j], slope[:, b, c, i, j] = part.value[best], part.slope[:, best]
        else:
            value[b, c, i, j], slope[:, b, c, i, j] = part.value.mean(), part.slope.mean(axis=1)
    return Dual(value, slope)


def linear(layer, p, x):
    """Return the input of a layer's unit, without recurrence."""
    if isinstance(layer, (Dense, Recurrent)):
        y = x @ p["weight"]
        return y + p["bias"] if layer.bias else y
    y = correlate(x, p["weight"], layer.windows.stride, layer.windows.padding)
    return y + p["bias"].reshape(-1, 1, 1) if layer.bias else y


def feedback(layer, p, y):
    """Return what a layer's outputs of the tick before give to its unit."""
    if isinstance(layer, Recurrent):
        return y @ p["recurrent"]
    size = p["recurrent"].value.shape[2:]
    return correlate(y, p["recurrent"], (1, 1), (size[0] // 2, size[1] // 2))


def normalised(layer, p, ticks, train):
    """Return all ticks of a sequence with mean 0 and variance 1 per channel, scaled and shifted."""
    x = Dual(np.stack([y.value for y in ticks]), np.stack([y.slope for y in ticks], axis=1))
    wide = (-1, *(1,) * (x.value.ndim - 3))
    if train:
        axes = (0, 1, *range(3, x.value.ndim))
        mean = x.mean(axes)
        variance = ((x - mean) * (x - mean)).mean(axes)
    else:
        mean, variance = (
            Dual(layer.buffers[name].reshape(wide), size=len(x.slope))
            for name in ("mean", "variance")
        )
    inverse = variance.mapped(
        lambda v: (v + layer.epsilon) ** -0.5, lambda v: -0.5 * (v + layer.epsilon) ** -1.5
    )
    y = (x - mean) * inverse * p["scale"].reshape(*wide) + p["shift"].reshape(*wide)
    return [y[t, ...] for t in range(len(ticks))]


def layer_tick(place, layer, parameters, p, y, memory):
    """Return output and memory of a layer after one tick."""
    if isinstance(layer, (Dense, Conv2d)):
        return linear(layer, p, y), None
    if isinstance(layer, (AvgPool, MaxPool)):
        return pooled(layer, y), None
    if isinstance(layer, Flatten):
        return y.reshape(len(y.value), -1), None
    if isinstance(layer, (Recurrent, ConvRecurrent)):
        current = linear(layer, p, y)
        inner = None
        if memory is not None:
            before, inner = memory
            current = current + feedback(layer, p, before)
        c = constants(layer.unit, parameters, f"{place}r")
        y, inner = unit_tick(layer.unit, c, current, inner)
        return y, (y, inner)
    return unit_tick(layer, constants(layer, parameters, f"{place}u"), y, memory)


def run(model, x, remembered=None, train=True):
    """Return the outputs of a model, one dual (B, n) per tick.

    `remembered(place, memory)` returns what a layer sees of its memory; by default all of it.
    """
    parameters = parameter_duals(model)
    size = next(iter(parameters.values())).slope.shape[0]
    ticks = [Dual(tick, size=size) for tick in x]
    for place, layer in enumerate(model.layers):
        p = {k.split(".")[1]: v for k, v in parameters.items() if k.startswith(f"{place}.")}
        if isinstance(layer, BatchNorm):
            ticks = normalised(layer, p, ticks, train)
            continue
        memory, outputs = None, []
        for y in ticks:
            if remembered is not None and memory is not None:
                memory = remembered(place, memory)
            y, memory = layer_tick(place, layer, parameters, p, y, memory)
            outputs.append(y)
        ticks = outputs
    return ticks


def rtrl(model, x, dy, remembered=None):
    """Return the outputs (T, B, n), and the gradients of Σ dy·y, by forward-mode derivatives."""
    outputs = run(model, x, remembered)
    total = sum(np.einsum("pbn,bn->p", y.slope, d) for y, d in zip(outputs, dy, strict=True))
    found, begin = {}, 0
    for name, value in model.parameters().items():
        found[name] = total[begin : begin + value.size].reshape(value.shape)
        begin += value.size
    return np.stack([y.value for y in outputs]), found
