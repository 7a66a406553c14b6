"""The house keeps its own rules: light imports, one name a file, the folder is the list."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import budgetsim

ROOT = Path(__file__).parent.parent
ROOMS = ("policies", "problems", "optima")
FILES = [(room, path.stem) for room in ROOMS for path in sorted((ROOT / "budgetsim" / room).glob("*.py")) if path.stem != "__init__"]


def test_importing_budgetsim_loads_nothing_heavy() -> None:
    code = "import sys, budgetsim; print([m for m in ('numba', 'cvxpy', 'matplotlib', 'scipy', 'xarray', 'pandas') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize(("room", "name"), FILES, ids=lambda v: v)
def test_a_file_holds_the_factory_of_its_name(room: str, name: str) -> None:
    factory = getattr(importlib.import_module(f"budgetsim.{room}.{name}"), name)
    assert callable(factory) and getattr(budgetsim, name) is factory
    doc = inspect.getdoc(factory) or ""
    for section in ["Returns", "Examples"] + ["Parameters"] * bool(inspect.signature(factory).parameters):
        assert section in doc, f"{name}: its docstring lacks {section}"
    assert ">>>" in doc


def test_names_are_unique_over_the_rooms() -> None:
    names = [name for _, name in FILES] + list(budgetsim.__all__)
    assert len(names) == len(set(names))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_rule"):
        _ = budgetsim.no_such_rule
