"""What the user asked of a run of the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Options that all sections share.

    Attributes
    ----------
    quick : bool
        Small sizes, to see that everything works; the figures mean little.
    repeat : int
        Turns that each call takes.
    kernel : str
        The kernel of runs of many lanes, "lanes" unless it is not what is to be measured.
    peers : Path
        The Python in which other simulators are installed.
    """

    quick: bool
    repeat: int
    kernel: str
    peers: Path
