"""All tests run on all cores; some, named on the command line, in one process."""

from __future__ import annotations

import os

import pytest

MOST = 4
"""Processes: each compiles what it meets, and holds its networks in memory."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return 0, for no other process, unless the whole suite is run."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    return min(os.cpu_count() or 1, MOST)
