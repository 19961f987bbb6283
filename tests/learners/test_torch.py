"""Outputs and gradients against PyTorch, where it is installed: the same models written in it.

Steps get the slopes of surrogates by functions of their own; time is a Python loop. Nothing of the
library is used but settings and initial values.
"""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.learners import (
    ASNU,
    GLIF,
    LISNU,
    SNU,
    AvgPool,
    BatchNorm,
    Boxcar,
    Conv2d,
    ConvRecurrent,
    CrossEntropy,
    Dense,
    Flatten,
    LeakyReadout,
    MaxPool,
    Recurrent,
    ReLU,
    Sequential,
    Sigmoid,
    SigmoidPrime,
    SuperSpike,
    Tanh,
    TanhPrime,
    Triangle,
    learn,
    sSNU,
    unit,
)
from tests.learners.cases import ALL_UNITS, LAYERS, model_of

torch = pytest.importorskip("torch")
functional = torch.nn.functional

SLOPES = {
    SuperSpike: lambda s, x: (1 + s.k * x.abs()) ** -2.0,
    TanhPrime: lambda s, x: 1 / torch.cosh(s.k * x) ** 2,
    Triangle: lambda s, x: s.height * torch.clamp(1 - x.abs() / s.width, min=0),
    Boxcar: lambda s, x: s.height * (x.abs() < s.width).to(x.dtype),
    SigmoidPrime: lambda s, x: s.k * torch.sigmoid(s.k * x) * torch.sigmoid(-s.k * x),
}


class Step(torch.autograd.Function):
    """A step at 0 whose derivative is a surrogate's slope."""

    @staticmethod
    def forward(context, x, surrogate):
        context.save_for_backward(x)
        context.surrogate = surrogate
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(context, dy):
        (x,) = context.saved_tensors
        return dy * SLOPES[type(context.surrogate)](context.surrogate, x), None


def first_maximum(y):
    """Return the largest of each row (B, 1, ...), the first where several are."""
    flat = y.reshape(len(y), -1)
    place = torch.from_numpy(flat.detach().numpy().argmax(axis=1))
    return flat.gather(1, place[:, None]).reshape(len(y), *(1,) * (y.ndim - 1))


def tick(made, c, x, memory):
    """Return output and memory of a unit after one tick; `c` gives its constants."""
    zero = torch.zeros_like(x)
    if isinstance(made, GLIF):
        u, z = memory or (zero, zero)
        gate = z.detach() if made.detach_reset else z
        v = u * (1 - c("reset") * gate) + c("reset") * gate * c("reset_value")
        u = c("decay") * v + c("gain") * x - c("hyperpolarisation") * z
        z = Step.apply(u - c("threshold"), made.surrogate)
        return z, (u, z)
    if isinstance(made, SNU):
        s, y, b = memory or (zero, zero, zero)
        taken = first_maximum(y) if isinstance(made, LISNU) else y
        if made.detach_reset:
            taken = taken.detach()
        a = x + c("d") * s * (1 - taken)
        slope = {"identity": 1.0, "relu": 0.0, "leaky_relu": 0.01}[made.g]
        s = functional.leaky_relu(a, slope)
        argument = s + c("bias")
        if isinstance(made, ASNU):
            b = c("rho") * b + (1 - c("rho")) * y
            argument = argument + c("beta") * b
        smooth = isinstance(made, sSNU)
        y = torch.sigmoid(argument) if smooth else Step.apply(argument, made.surrogate)
        return y, (s, y, b)
    if isinstance(made, LeakyReadout):
        y = c("decay") * (zero if memory is None else memory) + x
        return y, y
    return {Tanh: torch.tanh, ReLU: torch.relu, Sigmoid: torch.sigmoid}[type(made)](x), None


def affine(layer, p, x):
    """Return what a layer with weights makes of one tick, without recurrence."""
    if isinstance(layer, (Dense, Recurrent)):
        return functional.linear(x, p["weight"].T, p["bias"])
    windows = layer.windows
    return functional.conv2d(x, p["weight"], p["bias"], windows.stride, windows.padding)


def fed_back(layer, p, y):
    """Return what a layer's output of the tick before adds."""
    if isinstance(layer, Recurrent):
        return y @ p["recurrent"]
    return functional.conv2d(y, p["recurrent"], padding="same")


def ticks_of(layer, p, ticks, statistics):
    """Return the outputs of a layer for a sequence of inputs."""
    if isinstance(layer, (Dense, Conv2d)):
        return [affine(layer, p, x) for x in ticks]
    if isinstance(layer, AvgPool):
        return [functional.avg_pool2d(x, layer.size) for x in ticks]
    if isinstance(layer, MaxPool):
        return [functional.max_pool2d(x, layer.size) for x in ticks]
    if isinstance(layer, Flatten):
        return [x.flatten(1) for x in ticks]
    if isinstance(layer, BatchNorm):
        rows = torch.stack(ticks).flatten(0, 1)
        y = functional.batch_norm(
            rows, *statistics, p["scale"], p["shift"], training=True, momentum=layer.momentum,
            eps=layer.epsilon,
        )  # fmt: skip
        return list(y.reshape(len(ticks), -1, *y.shape[1:]))
    made, own, prefix = layer, p, ""
    recurrent = isinstance(layer, (Recurrent, ConvRecurrent))
    if recurrent:
        made, prefix = layer.unit, "unit_"

    def constant(name):
        key = prefix + name if name == "bias" else name
        return own.get(key, torch.from_numpy(made.constants[name]))

    memory, before, outputs = None, None, []
    for x in ticks:
        current = affine(layer, p, x) if recurrent else x
        if recurrent and before is not None:
            current = current + fed_back(layer, p, before)
        before, memory = tick(made, constant, current, memory)
        outputs.append(before)
    return outputs


def in_torch(model, x):
    """Return output (T, B, n), parameters and running statistics of the same model in PyTorch."""
    parameters = {
        name: torch.from_numpy(value.copy()).requires_grad_()
        for name, value in model.parameters().items()
    }
    buffers = {name: torch.from_numpy(value.copy()) for name, value in model.buffers().items()}
    ticks = list(torch.from_numpy(np.array(x)))
    for place, layer in enumerate(model.layers):
        p = {k.split(".")[1]: v for k, v in parameters.items() if k.startswith(f"{place}.")}
        statistics = [v for k, v in buffers.items() if k.startswith(f"{place}.")]
        ticks = ticks_of(layer, p, ticks, statistics)
    return torch.stack(ticks), parameters, buffers


def assert_same(found, y, parameters):
    np.testing.assert_allclose(found.y, y.detach().numpy(), atol=1e-12)
    for name, parameter in parameters.items():
        expected = parameter.grad.numpy()
        scale = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(
            found.gradients[name], expected, atol=1e-10 * scale, err_msg=name
        )


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("name", ALL_UNITS)
def test_every_unit_in_every_layer(name, layers):
    model, x, dy, loss = model_of(name, layers, np.random.default_rng(15))
    y, parameters, statistics = in_torch(model, x)
    (y * torch.from_numpy(dy)).sum().backward()
    found = learn(model, x, None, loss=loss)
    assert_same(found, y, parameters)
    for key, value in statistics.items():
        np.testing.assert_allclose(model.buffers()[key], value.numpy(), atol=1e-12)


@pytest.mark.parametrize("surrogate", [kind() for kind in SLOPES])
def test_every_surrogate(surrogate):
    layers = [Recurrent(5, unit("LIF", threshold=0.5, surrogate=surrogate)), Dense(3)]
    model = Sequential(layers, shape=(4,), seed=2, dtype=np.float64)
    rng = np.random.default_rng(16)
    x, labels = rng.normal(size=(7, 6, 4)), rng.integers(0, 3, 6)
    y, parameters, _ = in_torch(model, x)
    value = functional.cross_entropy(y.mean(dim=0), torch.from_numpy(labels))
    value.backward()
    found = learn(model, x, labels, loss=CrossEntropy("mean"))
    assert found.value == pytest.approx(value.item(), rel=1e-12)
    assert_same(found, y, parameters)
