"""Public data sets as frozen records of arrays: MNIST, JSB chorales, WikiText-2, weather, FSDD.

No file comes with the library. A loader looks in the folder that the environment variable
SPIKEALG_DATA names, then in ``~/.cache/spikealg``; if a file is in neither, its error says where to
get it and which SHA-256 is expected.
"""

from __future__ import annotations

from spikealg.learners.data.fsdd import (
    Recordings,
    SpokenDigits,
    fsdd,
    fsdd_recordings,
    spectrogram,
)
from spikealg.learners.data.jsb import Chorales, jsb, next_step
from spikealg.learners.data.mnist import Digits, mnist
from spikealg.learners.data.text import Text, text
from spikealg.learners.data.weather import Weather, weather

__all__ = [
    "Chorales",
    "Digits",
    "Recordings",
    "SpokenDigits",
    "Text",
    "Weather",
    "fsdd",
    "fsdd_recordings",
    "jsb",
    "mnist",
    "next_step",
    "spectrogram",
    "text",
    "weather",
]
