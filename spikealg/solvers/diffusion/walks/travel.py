"""Marches on their way: their stretches are cut into parts, walked by whoever is there, joined."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass

from spikealg.errors import WorkerLostError
from spikealg.progress import Report
from spikealg.solvers.diffusion.walks.checkpoint import Amount, Checkpoint
from spikealg.solvers.diffusion.walks.crew import Hands
from spikealg.solvers.diffusion.walks.lanewalk import LaneWalk, Piece, cut
from spikealg.solvers.diffusion.walks.march import March
from spikealg.solvers.diffusion.walks.walk import Stretch, Walk

__all__ = ["Traveller", "travel"]

_LOGGER = logging.getLogger(__name__)
_LOST = (BrokenExecutor, ConnectionError, EOFError, CancelledError)
"""What a future holds whose worker is gone; work does not raise them."""
_MOST_ATTEMPTS = 4
"""After so many workers are gone with the same part, the part is taken for the reason."""


@dataclass(eq=False)
class Traveller:
    """A march, and how its stretches are walked.

    Attributes
    ----------
    number : int
        By which a checkpoint knows it.
    march : March
    walk_by : callable
        Returns the walk of a stretch.
    """

    number: int
    march: March
    walk_by: Callable[[Stretch], LaneWalk]


@dataclass(eq=False)
class _Leg:
    """The stretch that a traveller is walking, and the pieces of it that are done."""

    traveller: int
    stretch: Stretch
    walk: LaneWalk
    pieces: list[Piece]
    missing: int = 0

    @property
    def amount(self) -> Amount:
        """How many walk it."""
        return Amount(int(self.walk.walking.sum()), self.walk.lanes)


@dataclass(eq=False)
class _Part:
    """Some lanes of a leg."""

    leg: _Leg
    lanes: range
    attempts: int = 0


def travel(
    travellers: Sequence[Traveller],
    hands: Hands,
    checkpoint: Checkpoint | None,
    report: Report,
) -> list[Walk]:
    """Return the walk of every traveller.

    Parameters
    ----------
    travellers : sequence of Traveller
    hands : Hands
        Walk the parts.
    checkpoint : Checkpoint or None
        Knows parts that are done, and is told of others. It is written in the end, whatever the
        end is.
    report : callable
        Gets the fraction done.

    Raises
    ------
    WorkerLostError
        If workers die of a part again and again.
    """
    tour = _Tour(travellers, hands, checkpoint, report)
    try:
        return tour.run()
    finally:
        if checkpoint is not None:
            checkpoint.write()


class _Tour:
    """What `travel` does."""

    def __init__(
        self,
        travellers: Sequence[Traveller],
        hands: Hands,
        checkpoint: Checkpoint | None,
        report: Report,
    ) -> None:
        self._travellers, self._hands = travellers, hands
        self._checkpoint, self._report = checkpoint, report
        n = len(travellers)
        # Several marches are of unequal length, so a worker that is done needs something to do.
        self._parts = hands.workers if n == 1 else -(-2 * hands.workers // max(1, n))
        # Alone, and with nothing to save, nobody gains by parts.
        self._cuts = hands.cuts or checkpoint is not None
        self._waiting: deque[_Part] = deque()
        self._flying: dict[Future[Piece], _Part] = {}
        self._done = [0.0] * n
        self._walks: dict[int, Walk] = {}

    def run(self) -> list[Walk]:
        """Walk until all have arrived."""
        self._report(0.0)
        for number, traveller in enumerate(self._travellers):
            self._go_on(number, next(traveller.march))
        while self._waiting or self._flying:
            while self._waiting and len(self._flying) < self._hands.at_once:
                self._submit(self._waiting.popleft())
            for future in wait(self._flying, return_when=FIRST_COMPLETED).done:
                self._take(self._flying.pop(future), future)
        self._report(1.0)
        return [self._walks[number] for number in range(len(self._travellers))]

    def _go_on(self, traveller: int, stretch: Stretch | None) -> None:
        """Walk stretches of a traveller until one has to be waited for."""
        while stretch is not None:
            leg = self._depart(traveller, stretch)
            if leg.missing:
                return
            stretch = self._arrive(leg)

    def _depart(self, traveller: int, stretch: Stretch) -> _Leg:
        """Cut what is not done of a stretch into parts."""
        walk = self._travellers[traveller].walk_by(stretch)
        leg = _Leg(traveller, stretch, walk, [])
        if self._checkpoint is not None:
            number = self._travellers[traveller].number
            leg.pieces = self._checkpoint.found(number, stretch.number, leg.amount)
        for gap in _gaps(walk.lanes, leg.pieces):
            parts = -(-self._parts * len(gap) // walk.lanes)
            for lanes in cut(walk, parts, gap) if self._cuts else [gap]:
                self._waiting.append(_Part(leg, lanes))
                leg.missing += 1
        self._tell(leg)
        return leg

    def _arrive(self, leg: _Leg) -> Stretch | None:
        """Join the pieces of a stretch; return the next one, None after the last."""
        traveller = leg.traveller
        if leg.pieces:
            leg.pieces = [Piece.joined(leg.pieces)]
            self._keep(leg)
        walked = leg.walk.join(leg.pieces, self._hands.workshop)
        try:
            return self._travellers[traveller].march.send(walked)
        except StopIteration as end:
            self._walks[traveller], self._done[traveller] = end.value, 1.0
            return None

    def _submit(self, part: _Part) -> None:
        def report(fraction: float) -> None:
            self._tell(part.leg, fraction * len(part.lanes))

        self._flying[self._hands.submit(part.leg.walk, part.lanes, report)] = part

    def _take(self, part: _Part, future: Future[Piece]) -> None:
        """Take what a worker brings, or give its part to another if it is gone."""
        try:
            piece = future.result()
        except _LOST as error:
            self._retry(part, error)
            return
        leg = part.leg
        leg.pieces.append(piece)
        leg.missing -= 1
        self._tell(leg)
        if leg.missing:
            self._keep(leg)
        else:
            self._go_on(leg.traveller, self._arrive(leg))

    def _keep(self, leg: _Leg) -> None:
        """Tell the checkpoint what is done of a stretch."""
        if self._checkpoint is not None:
            number = self._travellers[leg.traveller].number
            self._checkpoint.put(number, leg.stretch.number, leg.amount, leg.pieces)

    def _retry(self, part: _Part, error: BaseException) -> None:
        part.attempts += 1
        lanes = f"lanes {part.lanes.start} to {part.lanes.stop - 1}"
        if part.attempts == _MOST_ATTEMPTS:
            raise WorkerLostError(
                f"{part.attempts} workers died while they walked {lanes}, or their executor is "
                f"broken for good ({type(error).__name__}: {error}): give them more memory, or a "
                "new executor; with checkpoint= what is done is not lost"
            ) from error
        _LOGGER.warning("a worker died (%s); %s are walked once more", type(error).__name__, lanes)
        self._waiting.appendleft(part)

    def _tell(self, leg: _Leg, more: float = 0.0) -> None:
        """Report how far all have come, with `more` lanes of a leg than are done."""
        begin, end = leg.stretch.done
        lanes = sum(piece.last - piece.first for piece in leg.pieces) + more
        part = lanes / leg.walk.lanes if leg.walk.lanes else 1.0
        self._done[leg.traveller] = begin + (end - begin) * part
        self._report(sum(self._done) / len(self._done))


def _gaps(lanes: int, pieces: list[Piece]) -> list[range]:
    """Return the lanes, of so many, that are in no piece."""
    edges = sorted((piece.first, piece.last) for piece in pieces)
    first = [0, *(last for _, last in edges)]
    last = [*(first for first, _ in edges), lanes]
    return [range(a, b) for a, b in zip(first, last, strict=True) if a < b]
