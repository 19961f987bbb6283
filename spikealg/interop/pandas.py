"""Spikes as a pandas table (extra "pandas")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spikealg.errors import MissingExtraError

if TYPE_CHECKING:
    from spikealg.engine import Run

__all__ = ["spike_table"]


def spike_table(run: Run) -> Any:
    """Return the recorded spikes of a run, a row each.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pandas.DataFrame
        Columns "tick", "neuron", "lane" (int64) and "name" (the path, categorical), sorted by
        tick, neuron and lane. ``attrs`` has ticks, lanes, first_lane and seed.

    Raises
    ------
    MissingExtraError
        If pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError(
            "spike_table needs pandas, which is not installed: pip install 'spikealg[pandas]'"
        ) from error
    spikes = run.spikes
    names = pandas.Categorical.from_codes(
        run.recorded.searchsorted(spikes.i),
        [run.network.name(neuron) for neuron in run.recorded.tolist()],
    )
    table = pandas.DataFrame(
        {"tick": spikes.t, "neuron": spikes.i, "lane": spikes.lane, "name": names}
    )
    table.attrs.update(
        {name: getattr(run, name) for name in ("ticks", "lanes", "first_lane", "seed")}
    )
    return table
