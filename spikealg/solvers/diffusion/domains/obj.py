"""Triangle meshes from files: plain .obj by ourselves, all else by meshio (extra "mesh")."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spikealg.errors import FileFormatError, MissingExtraError

__all__ = ["read_mesh"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def read_mesh(path: str | Path) -> tuple[FloatArray, IntArray]:
    """Return points (V, 2 or 3) and triangles (F, 3) of a file; polygons are cut into fans.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If the file holds no triangles, or a line that cannot be read.
    MissingExtraError
        If it is no .obj file and meshio is not installed.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    points, faces = _read_obj(path) if path.suffix.lower() == ".obj" else _read_meshio(path)
    if not len(faces):
        raise FileFormatError(f"{path} holds no triangles")
    return points, faces


def _read_obj(path: Path) -> tuple[FloatArray, IntArray]:
    """Read the lines "v x y z" and "f i j k ...", where i may be "i/texture/normal"."""
    points: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        try:
            if words[:1] == ["v"]:
                points.append([float(word) for word in words[1:4]])
            elif words[:1] == ["f"]:
                corners = [int(word.split("/")[0]) for word in words[1:]]
                corners = [c - 1 if c > 0 else len(points) + c for c in corners]
                if not all(0 <= c < len(points) for c in corners):
                    raise ValueError("a corner is not among the vertices before it")
                faces += [(corners[0], one, other) for one, other in pairwise(corners[1:])]
        except (ValueError, IndexError) as error:
            raise FileFormatError(f"{path}, line {number}: {line!r} ({error})") from error
    return np.array(points).reshape(-1, 3), np.array(faces, dtype=np.int64).reshape(-1, 3)


def _read_meshio(path: Path) -> tuple[FloatArray, IntArray]:
    try:
        import meshio
    except ImportError as error:
        raise MissingExtraError(
            f"reading {path.name} needs meshio, which is not installed: pip install "
            "'spikealg[mesh]', or save it as .obj"
        ) from error
    mesh = meshio.read(path)
    cells = mesh.cells_dict
    faces = [np.asarray(cells["triangle"], dtype=np.int64)] if "triangle" in cells else []
    if "quad" in cells:
        quads = np.asarray(cells["quad"], dtype=np.int64)
        faces += [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
    empty = np.zeros((0, 3), dtype=np.int64)
    return np.asarray(mesh.points, dtype=np.float64), np.concatenate([*faces, empty])
