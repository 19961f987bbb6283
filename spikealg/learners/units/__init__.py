"""Units: neurons as layers. `unit` makes them by the names of the literature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikealg.arguments import as_choice
from spikealg.errors import InputTypeError
from spikealg.learners.units.base import Derivatives, Trace, Unit
from spikealg.learners.units.glif import GLIF, IntegrateFire
from spikealg.learners.units.plain import LeakyReadout, ReLU, Sigmoid, Tanh
from spikealg.learners.units.snu import ASNU, LISNU, SNU, sSNU

__all__ = [
    "ASNU",
    "GLIF",
    "LISNU",
    "SNU",
    "UNITS",
    "Derivatives",
    "IntegrateFire",
    "LeakyReadout",
    "ReLU",
    "Sigmoid",
    "Tanh",
    "Trace",
    "Unit",
    "sSNU",
    "unit",
]


_GLIF: Mapping[str, Mapping[str, float]] = {
    "HLIF": {"decay": 0.9, "reset": 1.0, "hyperpolarisation": 0.5},
    "HIAF": {"decay": 1.0, "reset": 1.0, "hyperpolarisation": 0.5},
    "LIF": {"decay": 0.9, "reset": 1.0},
    "IAF": {"decay": 1.0, "reset": 1.0},
    "BLI": {"decay": 0.9, "reset": 0.0},
    "BI": {"decay": 1.0, "reset": 0.0},
    "HBA": {"decay": 0.0, "reset": 0.0, "hyperpolarisation": 0.5},
    "BA": {"decay": 0.0, "reset": 0.0},
}
_OTHERS: Mapping[str, type[Unit]] = {
    "SNU": SNU,
    "sSNU": sSNU,
    "LISNU": LISNU,
    "ASNU": ASNU,
    "IntegrateFire": IntegrateFire,
    "LeakyReadout": LeakyReadout,
    "tanh": Tanh,
    "relu": ReLU,
    "sigmoid": Sigmoid,
}
UNITS = (*_GLIF, *_OTHERS)
"""The names that `unit` knows."""


def unit(name: str, **changes: Any) -> Unit:
    """Return a unit by its name.

    Parameters
    ----------
    name : str
        One of `UNITS`: "HLIF", "HIAF", "LIF", "IAF", "BLI", "BI", "HBA", "BA" (settings of `GLIF`,
        Chapman et al., NICE 2024, table 1), "SNU", "sSNU", "LISNU", "ASNU", "IntegrateFire",
        "LeakyReadout", or "tanh", "relu", "sigmoid".
    **changes
        Constants and options of the unit that shall differ from its setting.

    Examples
    --------
    >>> unit("BLI", decay=0.95).describe()[:16]
    'GLIF(decay=0.95,'
    """
    as_choice("name", name, UNITS)
    kind: type[Unit] = GLIF if name in _GLIF else _OTHERS[name]
    try:
        return kind(**{**_GLIF.get(name, {}), **changes})
    except TypeError as error:
        if isinstance(error, InputTypeError):
            raise
        raise InputTypeError(f"unit {name!r}: {error}") from None
