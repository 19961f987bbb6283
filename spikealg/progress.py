"""Progress of long work: silent, a bar, or a function that gets the fraction done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from spikealg.errors import InputTypeError, MissingExtraError

__all__ = ["Report", "part", "reporting", "silent"]

Report = Callable[[float], None]
"""A function that is told the fraction done, from 0 to 1."""


def silent(fraction: float) -> None:
    """Report nothing."""


def part(report: Report, first: float, last: float) -> Report:
    """Return the report for a piece of the work that leads from fraction `first` to `last`."""

    def report_part(fraction: float) -> None:
        report(first + (last - first) * fraction)

    return report_part


@contextmanager
def reporting(progress: bool | Report | None, label: str) -> Iterator[Report]:
    """Give the function to call with the fraction done.

    Parameters
    ----------
    progress : bool or callable
        False is silent, True shows a bar (tqdm), a callable is called with the fraction.
    label : str
        What the bar says.

    Raises
    ------
    MissingExtraError
        If `progress` is True and tqdm is not installed.
    InputTypeError
        If `progress` is neither a bool nor callable.
    """
    if progress is None or progress is False:
        yield silent
    elif progress is True:
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            raise MissingExtraError(
                "progress=True shows its bar with tqdm, which is not installed: "
                "pip install tqdm, or pass a function that takes the fraction done"
            ) from error
        with tqdm(total=1.0, desc=label, bar_format="{desc}: {percentage:3.0f}%|{bar}|") as bar:

            def update(fraction: float) -> None:
                bar.update(fraction - bar.n)

            yield update
    elif callable(progress):
        yield progress
    else:
        raise InputTypeError(
            f"progress must be True, False or a function of the fraction done, got {progress!r}"
        )
