"""Daily weather at Jena, 2009 to the start of 2017 (Max Planck Institute for Biogeochemistry)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.learners.data.files import DataFile

__all__ = ["Weather", "weather"]

_DAILY = DataFile(
    "weather/jena_daily.csv",
    "c9a227023a7989879d5ba985fadbc6aa975c7e3bf87d66c2945ee3900697f4a2",
    "https://github.com/crossguien/Jena-Climate-Dataset-Analysis",
)


@dataclass(frozen=True, eq=False)
class Weather:
    """Means of 2921 days, in order.

    Attributes
    ----------
    date : numpy.ndarray
        datetime64[D] (days,).
    temperature_celsius, humidity_percent, wind_m_per_s : numpy.ndarray
        float32 (days,).
    """

    date: npt.NDArray[np.datetime64]
    temperature_celsius: npt.NDArray[np.float32]
    humidity_percent: npt.NDArray[np.float32]
    wind_m_per_s: npt.NDArray[np.float32]


def weather() -> Weather:
    """Return the daily means.

    Raises
    ------
    DataNotFoundError
        If the file is neither in SPIKEALG_DATA nor in the user's cache.
    FileFormatError
        If it is damaged or another edition.
    """
    _, *rows = _DAILY.read().decode().splitlines()
    days, *columns = zip(*(row.split(",") for row in rows), strict=True)
    return Weather(
        np.array(days, dtype="datetime64[D]"),
        *(np.array(column, dtype=np.float32) for column in columns),
    )
