"""Pictures of training and of trained models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array, as_int
from spikealg.errors import InputError
from spikealg.viz.figure import INK, new_axes, tidy

if TYPE_CHECKING:
    from spikealg.learners import History
    from spikealg.learners.analysis import Activity, AfterSpike, Raster, SelfWeights

__all__ = [
    "plot_activity",
    "plot_after_spike",
    "plot_history",
    "plot_raster",
    "plot_self_weights",
    "plot_weights",
]

_TRAINING = "#2a6f97"
_VALIDATION = "#d1495b"
_OWN = "#d1495b"
_OTHERS = "#a3a3a3"


def plot_history(history: History, *, axes: Any = None) -> Any:
    """Draw the loss over epochs, and in panels of their own the metrics of the validation data.

    Parameters
    ----------
    history : History
    axes : matplotlib axes, or as many as panels, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If no epoch has been trained.
    """
    if not history.loss:
        raise InputError("history must hold an epoch at least, got none")
    metrics = {name: values for name, values in history.validation.items() if name != "loss"}
    panels = new_axes(1 + len(metrics), axes, columns=3, width=5.0, height=3.4)
    epochs = np.arange(1, len(history.loss) + 1)
    panels[0].plot(epochs, history.loss, color=_TRAINING, label="training")
    if "loss" in history.validation:
        panels[0].plot(epochs, history.validation["loss"], color=_VALIDATION, label="validation")
    best = history.best + 1
    panels[0].plot(
        best, history.watched[history.best], "o", color=INK, markersize=5,
        label=f"best: epoch {best}",
    )  # fmt: skip
    panels[0].set_ylabel("loss")
    panels[0].legend(frameon=False, fontsize="small")
    for ax, (name, values) in zip(panels[1:], metrics.items(), strict=True):
        ax.plot(epochs, values, color=_VALIDATION)
        ax.set_ylabel(f"{name} (validation)")
    for ax in panels:
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        tidy(ax)
    return panels[0].figure


def plot_activity(activity: Mapping[str, Activity], *, axes: Any = None) -> Any:
    """Draw how often the units of each layer fire, and the share that fires in each tick.

    Parameters
    ----------
    activity : mapping of str to Activity
        As :func:`~spikealg.learners.analysis.activity` returns them.
    axes : two matplotlib axes, optional
        For units and for ticks; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
    """
    by_unit, by_tick = new_axes(2, axes, columns=2, width=5.0, height=3.4)
    for name, layer in activity.items():
        rates = np.sort(layer.by_unit.ravel())[::-1]
        rank = 100 * (np.arange(len(rates)) + 0.5) / len(rates)
        (line,) = by_unit.plot(rank, rates, label=f"{name}: {layer.rate:.3g}")
        by_tick.plot(np.arange(len(layer.by_tick)), layer.by_tick, color=line.get_color())
    by_unit.set(xlabel="units, most active first [%]", ylabel="spikes per tick", xlim=(0, 100))
    by_unit.legend(frameon=False, fontsize="small", title="mean spikes per unit and tick")
    by_tick.set(xlabel="tick", ylabel="share of units that fire")
    for ax in (by_unit, by_tick):
        ax.set_ylim(bottom=0)
        tidy(ax)
    return by_unit.figure


def plot_raster(raster: Raster, *, axes: Any = None) -> Any:
    """Draw who fired when, a panel per layer, the first layer at the bottom.

    Parameters
    ----------
    raster : Raster
    axes : matplotlib axes, one per layer, optional
        From the last layer to the first; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
    """
    panels = new_axes(len(raster.units), axes, columns=1, width=7.0, height=2.2)
    for ax, name in zip(panels, reversed(raster.units), strict=True):
        tick, unit = raster.spikes[name]
        size = np.clip(300 / raster.units[name], 1.5, 8)
        ax.plot(tick, unit, "|", color=INK, markersize=size, markeredgewidth=0.8)
        ax.set(
            ylabel="unit", xlim=(-0.5, raster.ticks - 0.5), ylim=(-0.5, raster.units[name] - 0.5)
        )
        ax.set_title(name, loc="left", fontsize="medium")
        tidy(ax)
        ax.grid(visible=False)
    panels[-1].set_xlabel("tick")
    return panels[0].figure


def plot_after_spike(after: AfterSpike, *, axes: Any = None) -> Any:
    """Draw how probability and potential of units differ from the mean after their own spikes.

    The line is the median over the units that fired, the bands hold half and nine tenths of them.

    Parameters
    ----------
    after : AfterSpike
    axes : two matplotlib axes, optional
        For probability and potential; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If no unit fired.
    """
    lags = np.arange(1, len(after.count) + 1)
    fired = (after.count > 0).all(axis=0).ravel()
    if not fired.any():
        raise InputError(f"after must hold spikes to draw, but no unit of {after.layer} fired")
    panels = new_axes(2, axes, columns=2, width=5.0, height=3.4)
    quantities = {
        "firing probability − mean": after.excitation,
        "potential − mean [units of the model]": after.potential_change,
    }
    for ax, (label, values) in zip(panels, quantities.items(), strict=True):
        units = values.reshape(len(lags), -1)[:, fired]
        q = np.quantile(units, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
        ax.fill_between(lags, q[0], q[4], color=_TRAINING, alpha=0.15, linewidth=0, label="90 %")
        ax.fill_between(lags, q[1], q[3], color=_TRAINING, alpha=0.35, linewidth=0, label="50 %")
        ax.plot(lags, q[2], "o-", color=_TRAINING, markersize=4, label="median unit")
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set(xlabel="ticks after a unit's own spike", ylabel=label)
        ax.xaxis.get_major_locator().set_params(integer=True)
        tidy(ax)
    panels[0].set_title(after.layer, loc="left", fontsize="medium")
    panels[0].legend(frameon=False, fontsize="small")
    return panels[0].figure


def plot_self_weights(weights: SelfWeights, *, axes: Any = None) -> Any:
    """Draw the weights of units to themselves beside those between units, as densities.

    Parameters
    ----------
    weights : SelfWeights
    axes : matplotlib axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
    """
    (ax,) = new_axes(1, axes, columns=1, width=5.0, height=3.4)
    both = np.concatenate([weights.own, weights.others])
    edges = np.linspace(both.min(), both.max(), 21)
    for values, colour, label in (
        (weights.others, _OTHERS, "between units"),
        (weights.own, _OWN, "to themselves"),
    ):
        ax.hist(values, edges, density=True, color=colour, alpha=0.6, label=label)
        ax.axvline(values.mean(), color=colour, linewidth=1.4)
    ax.set(xlabel="recurrent weight", ylabel="density")
    ax.set_title(
        f"{weights.layer}: {100 * weights.exciting:.0f} % excite themselves",
        loc="left",
        fontsize="medium",
    )
    ax.legend(frameon=False, fontsize="small", title="lines: means")
    tidy(ax)
    return ax.figure


def plot_weights(maps: npt.ArrayLike, *, most: int = 24, axes: Any = None) -> Any:
    """Draw the weights of units as images: blue below 0, red above.

    Parameters
    ----------
    maps : array_like, (units, height, width) or (units, channels, height, width)
        As :func:`~spikealg.learners.analysis.weight_maps` returns them. Channels of a unit are
        drawn side by side.
    most : int
        Units beyond these are left out.
    axes : matplotlib axes, one per unit, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If `maps` are no images.
    """
    images = as_float_array("maps", maps)
    if images.ndim not in (3, 4) or images.size == 0:
        raise InputError(
            "maps must have shape (units, height, width) or (units, channels, height, width), got "
            f"{images.shape}: name the shape of the image, weight_maps(model, shape=(28, 28))"
        )
    images = images[: as_int("most", most, low=1)]
    if images.ndim == 4:
        images = np.concatenate(np.moveaxis(images, 1, 0), axis=-1)
    panels = new_axes(len(images), axes, columns=8, width=1.3, height=1.3)
    top = max(float(np.abs(images).max()), np.finfo(float).tiny)
    picture = None
    for number, (ax, image) in enumerate(zip(panels, images, strict=True)):
        picture = ax.imshow(image, cmap="RdBu_r", vmin=-top, vmax=top, interpolation="nearest")
        ax.set_title(str(number), fontsize="small", pad=2)
        ax.set_axis_off()
    figure = panels[0].figure
    figure.suptitle("weights of units, by unit", fontsize="medium")
    figure.colorbar(picture, ax=panels, label="weight", shrink=0.8)
    return figure
