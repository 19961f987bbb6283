"""A picture of what was recorded, for a page of docs/."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikealg.viz.figure import pyplot

DPI = 70


@dataclass(frozen=True)
class Picture:
    """What draws it, where it goes, and what it shows.

    Attributes
    ----------
    file : str
        Name in docs/images.
    caption : str
    figure : callable
        Makes the matplotlib figure.
    """

    file: str
    caption: str
    figure: Callable[[], Any]

    def markdown(self) -> str:
        """Return the line that shows it."""
        return f"![{self.caption}](images/{self.file})\n"

    def draw(self, images: Path) -> None:
        """Write the file."""
        figure = self.figure()
        # Without the version of what drew it, so that files change only with what they show.
        figure.savefig(images / self.file, dpi=DPI, metadata={"Software": None})
        pyplot().close(figure)
