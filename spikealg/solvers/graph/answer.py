"""What all answers about graphs have: the runs that found them, and their cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spikealg.engine import Run
    from spikealg.hardware import CostEstimate, Platform, Work

__all__ = ["Answer"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """An answer that was found by spikes.

    Attributes
    ----------
    runs : tuple of Run
        What the engine recorded, one run after another.
    """

    runs: tuple[Run, ...] = field(repr=False)

    @property
    def ticks(self) -> int:
        """Ticks of all runs, of each those of its slowest lane."""
        return sum(int(run.lane_ticks.max()) for run in self.runs)

    @property
    def spikes(self) -> int:
        """Of all neurons, lanes and runs."""
        return sum(int(run.counts.sum()) for run in self.runs)

    @property
    def neurons(self) -> int:
        """Of the largest network that ran; a lane is a copy of it."""
        return max((run.network.n_neurons for run in self.runs), default=0)

    @property
    def synapses(self) -> int:
        """Of the network with most of them."""
        return max((run.network.n_synapses for run in self.runs), default=0)

    @property
    def work(self) -> Work:
        """The unit that a cost is divided by: one answer."""
        from spikealg.hardware import Work

        return Work("answer", 1)

    def cost(self, platform: str | Platform, *, lanes: str = "together") -> CostEstimate:
        """Return what the runs would cost on a platform.

        Parameters
        ----------
        platform : str or Platform
            "loihi", "truenorth", ...; `hardware.platforms()` lists them.
        lanes : {"together", "in turn"}
            Whether lanes are copies of the network side by side, or one copy does them in turn.

        Returns
        -------
        CostEstimate
            Energy and time; shows itself as a bill.

        Raises
        ------
        InputError
            If the platform is unknown, or nothing had to run.
        """
        from spikealg.hardware import estimate

        return estimate(self, platform, lanes=lanes)
