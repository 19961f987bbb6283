"""The tasks of training in PyTorch: by hand, and with the LIF units of the libraries on top of it.

All have the same decay, threshold and reset to zero and the surrogate that the library takes if
nobody asks. SpikingJelly's multi-step modules get whole sequences, the others a tick at a time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import torch
from training import Task, Training, serve

Unit = Callable[[torch.Tensor], torch.Tensor]
"""Takes the input of a tick and returns spikes; it keeps the state until it is made anew."""


class Step(torch.autograd.Function):
    """A step whose slope is 1 − tanh²."""

    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return gradient * (1 - torch.tanh(x) ** 2)


def by_hand(task: Task) -> Unit:
    state: list[torch.Tensor] = []

    def tick(x: torch.Tensor) -> torch.Tensor:
        u = x if not state else task.decay * state[0] + x
        z = Step.apply(u - task.threshold)
        state[:] = [u * (1 - z)]
        return z

    return tick


def snntorch(task: Task) -> Unit:
    import snntorch as snn

    cell = snn.Leaky(beta=task.decay, threshold=task.threshold, reset_mechanism="zero")
    state = [cell.init_leaky()]

    def tick(x: torch.Tensor) -> torch.Tensor:
        z, state[0] = cell(x, state[0])
        return z

    return tick


def spikingjelly(task: Task, steps: str = "s") -> Unit:
    from spikingjelly.activation_based import neuron

    return neuron.LIFNode(
        tau=1 / (1 - task.decay),
        decay_input=False,
        v_threshold=task.threshold,
        v_reset=0.0,
        step_mode=steps,
    )


def norse(task: Task) -> Unit:
    import norse.torch as nt

    scale = 1 - task.decay
    parameters = nt.LIFBoxParameters(
        tau_mem_inv=torch.tensor(scale / 0.001),
        v_th=torch.tensor(task.threshold),
        v_reset=torch.tensor(0.0),
    )
    cell = nt.LIFBoxCell(parameters)
    state = [None]

    def tick(x: torch.Tensor) -> torch.Tensor:
        # Norse's membrane takes dt/τ of the input.
        z, state[0] = cell(x / scale, state[0])
        return z

    return tick


UNITS = {"torch": by_hand, "snntorch": snntorch, "spikingjelly": spikingjelly, "norse": norse}


class Torch(Training):
    def __init__(self, task: Task) -> None:
        torch.set_num_threads(task.threads)
        library = sys.argv[1]
        self.version = version(library)
        self.task = task
        self.unit = UNITS[library]
        self.whole = library == "spikingjelly" and task.kind == "feed-forward"
        self.x, self.target = torch.from_numpy(task.x), torch.from_numpy(task.target)
        self.weights = [torch.from_numpy(w).requires_grad_() for w in task.weights]
        self.descent = torch.optim.SGD(self.weights, lr=task.rate)

    def output(self) -> torch.Tensor:
        if self.task.kind == "recurrent":
            return self.recurrent()
        y = self.x
        for weight in self.weights:
            # The product over all ticks at once is open to all of them.
            i = y @ weight
            if self.whole:
                y = spikingjelly(self.task, "m")(i)
            else:
                tick = self.unit(self.task)
                y = torch.stack([tick(each) for each in i])
        return y

    def recurrent(self) -> torch.Tensor:
        w_in, w_back, w_out = self.weights
        i = self.x @ w_in
        tick = self.unit(self.task)
        outputs = [tick(i[0])]
        for each in i[1:]:
            outputs.append(tick(each + outputs[-1] @ w_back))
        return torch.stack(outputs) @ w_out

    def train(self) -> float:
        self.descent.zero_grad()
        loss = ((self.output() - self.target) ** 2).mean()
        loss.backward()
        self.descent.step()
        return float(loss.detach())

    def infer(self) -> np.ndarray:
        with torch.no_grad():
            return self.output().numpy()


serve(Torch)
