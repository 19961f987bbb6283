"""The tasks of training in spikealg."""

from __future__ import annotations

import numpy as np
from training import Task, Training, serve

import spikealg
from spikealg.learners import Dense, Recurrent, Sequential, TanhPrime, unit


class Spikealg(Training):
    version = spikealg.__version__

    def __init__(self, task: Task) -> None:
        self.task = task
        sizes = [weight.shape[1] for weight in task.weights]
        constants = {"decay": task.decay, "threshold": task.threshold, "surrogate": TanhPrime()}
        if task.kind == "recurrent":
            lif = unit("LIF", **constants)
            layers = [Recurrent(sizes[0], lif, bias=False), Dense(sizes[2], bias=False)]
        else:
            layers = []
            for n in sizes:
                layers += [Dense(n, bias=False), unit("LIF", **constants)]
        self.model = Sequential(layers, shape=task.x.shape[2:])
        for own, given in zip(self.model.parameters().values(), task.weights, strict=True):
            own[...] = given

    def train(self) -> float:
        forward = self.model.forward(self.task.x, train=True)
        error = forward.y - self.task.target
        gradients = self.model.backward(error * np.float32(2 / error.size), forward)
        for name, value in self.model.parameters().items():
            value -= np.float32(self.task.rate) * gradients[name]
        return float((error * error).mean())

    def infer(self) -> np.ndarray:
        return self.model(self.task.x)


serve(Spikealg)
