"""Ways across the sides of a domain: how fast walkers leave there, and what comes in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Crossings"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Crossings:
    """Ways between vertices and places on sides, (K,) each; out and in may be rows of their own.

    Attributes
    ----------
    vertex : (K,) int64
        On the inner end.
    side : (K,) int64
        Which side.
    out : (K,) float64
        Rate [1/time] at which walkers of the vertex leave there.
    into : (K,) float64
        Mass per time that a density of 1 at the place sends to the vertex.
    place : (K,) or (K, dimensions) float64
        Where on the side [length].
    """

    vertex: IntArray
    side: IntArray
    out: FloatArray
    into: FloatArray
    place: FloatArray

    @classmethod
    def none(cls, x: FloatArray) -> Crossings:
        """Return no ways, for vertices at `x`."""
        whole, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(whole, whole, nothing, nothing, np.zeros((0, *x.shape[1:])))

    def only(self, kept: npt.NDArray[np.bool_]) -> Crossings:
        """Return those that are `kept`, (K,) bool."""
        return Crossings(
            self.vertex[kept], self.side[kept], self.out[kept], self.into[kept], self.place[kept]
        )

    def leaving(
        self, vertex: IntArray, side: IntArray, out: FloatArray, place: FloatArray
    ) -> Crossings:
        """Return these and more ways out."""
        return self._with(vertex, side, out, np.zeros(len(vertex)), place)

    def entering(
        self, vertex: IntArray, side: IntArray, into: FloatArray, place: FloatArray
    ) -> Crossings:
        """Return these and more ways in."""
        return self._with(vertex, side, np.zeros(len(vertex)), into, place)

    def _with(
        self,
        vertex: IntArray,
        side: IntArray,
        out: FloatArray,
        into: FloatArray,
        place: FloatArray,
    ) -> Crossings:
        return Crossings(
            np.concatenate([self.vertex, vertex]),
            np.concatenate([self.side, side]),
            np.concatenate([self.out, out]),
            np.concatenate([self.into, into]),
            np.concatenate([self.place, place]),
        )
