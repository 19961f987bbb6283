"""Which machine and which versions the figures belong to."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def describe() -> str:
    """Return a sentence."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba"))
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()} cores of {_processor()}, {_memory()} of memory, {platform.system()}, "
        f"Python {platform.python_version()}, {packages}{load}."
    )


def _processor() -> str:
    """Return name, vector unit and second-level cache, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    pairs = [line.split(":", 1) for line in lines if ":" in line]
    fields = {name.strip(): value.strip() for name, value in pairs}
    flags = fields.get("flags", "").split()
    vectors = next((name for name in ("avx512f", "avx2", "sse4_2") if name in flags), "no vectors")
    cache = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
    size = f", {cache.read_text('utf-8').strip()} second-level cache" if cache.exists() else ""
    family = f"family {fields.get('cpu family', '?')} model {fields.get('model', '?')}"
    return f"{fields.get('model name', platform.machine())} ({family}, {vectors}{size})"


def _memory() -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{total / 2**30:.0f} GiB"
