"""The project keeps the promises of its README, its version and its layout."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import spikealg

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
README = (ROOT / "README.md").read_text("utf-8")

OPTIONAL = (
    "brian2",
    "dask",
    "h5py",
    "matplotlib",
    "nir",
    "pandas",
    "shapely",
    "torch",
    "tqdm",
    "xarray",
)

IMPORT_SCRIPT = f"""
import json, sys
import spikealg
for name in spikealg.__all__:  # they load when first asked for
    getattr(spikealg, name)
print(json.dumps(sorted(set({OPTIONAL!r}) & set(sys.modules))))
"""


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_import_brings_no_optional_package():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


def test_version_is_the_same_everywhere():
    version = PYPROJECT["project"]["version"]
    assert spikealg.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_readme_gives_exactly_two_commands_of_one_line():
    commands = blocks("sh")
    assert len(commands) == 2
    assert all(len(command.splitlines()) == 1 for command in commands)
    main_job, tests = (command.strip() for command in commands)
    assert main_job.endswith("python examples/02_lake_superior.py")
    assert tests.endswith("python -m pytest")
    assert (ROOT / "examples" / "02_lake_superior.py").is_file()


def test_extras_the_readme_installs_exist():
    extras = re.findall(r"install -e '\.\[(\w+)\]'", README)
    assert extras == ["plot", "test"]
    assert set(extras) <= set(PYPROJECT["project"]["optional-dependencies"])


def test_ci_runs_the_test_command_of_the_readme():
    done = subprocess.run(
        ["bash", str(ROOT / ".ci" / "run"), "--test-command"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == blocks("sh")[1]


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_readme_code_runs(number, capsys):
    exec(compile(blocks("python")[number], f"README block {number}", "exec"), {})


def test_readme_shows_the_answer_its_circuit_gives():
    composing = next(block for block in blocks("python") if "larger(" in block)
    call, shown = re.search(r"^(larger\(.*\))  # (.*)$", composing, flags=re.MULTILINE).groups()
    names: dict[str, object] = {}
    exec(composing, names)
    assert eval(call, names) == ast.literal_eval(shown)


def test_readme_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) >= 8
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_circuits_import_no_numba():
    modules = sorted((ROOT / "spikealg" / "circuits").rglob("*.py"))
    assert modules
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(name.split(".")[0] == "numba" for name in names), module


def test_circuits_run_without_numba():
    script = "import sys, spikealg.circuits; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
