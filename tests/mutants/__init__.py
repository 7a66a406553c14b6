"""Wrong rules, problems, optima and ledgers, each a small difference to a real file, and the loader that builds them in memory.

A mutant that every check lets pass is a missing law. `python -m tests.mutants.run` prints which check caught which. The tables were
written from the files they change and from the mathematics, without a look at `budgetsim/checks.py`; `promises` alone knew its report.
"""

import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
OPERATOR = "mutation operator: "  #: applied as a mutation tool would, without thought
TABLES = ("contract", "mathematics", "problems", "optima", "engine", "promises")


class Mutant(NamedTuple):
    """`old`, which occurs once in `file`, becomes `new`; `also` stands at the end of the file."""

    name: str
    file: str
    old: str
    new: str
    what: str
    origin: str = "ours"
    through: str = ""  #: the rule or problem that shows it, where `file` is shared
    also: str = ""

    @property
    def subject(self) -> str:
        return self.through or self.file


def mutants() -> list[Mutant]:
    """All of them.

    >>> len(mutants()) >= 60
    True
    """
    return [m for table in TABLES for m in importlib.import_module(f"{__name__}.{table}").MUTANTS]


def name_of(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def changed(mutant: Mutant) -> str:
    """The source text with its one change."""
    text = (ROOT / mutant.file).read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: its old text occurs {text.count(mutant.old)} times in {mutant.file}; allowed: once")
    return text.replace(mutant.old, mutant.new) + f"\n\n{mutant.also}\n" * bool(mutant.also)


def executed(name: str, alias: str, text: str) -> types.ModuleType:
    """A module of this text as if it stood where `name` stands, under a name of its own; nothing is written."""
    module = types.ModuleType(alias)
    module.__package__ = name.rpartition(".")[0]
    sys.modules[alias] = module  # where NamedTuples look for their home
    exec(compile(text, f"<{alias}>", "exec"), module.__dict__)
    return module


@contextmanager
def instead(name: str, module: types.ModuleType) -> Iterator[None]:
    """While it lasts, whoever imports `name` gets this module."""
    package, _, stem = name.rpartition(".")
    home, real = importlib.import_module(package), importlib.import_module(name)
    sys.modules[name] = module
    setattr(home, stem, module)
    try:
        yield
    finally:
        sys.modules[name] = real
        setattr(home, stem, real)


def loaded(mutant: Mutant) -> Any:
    """The module of the mutant's subject: the changed file, or the file that is executed anew on top of it."""
    importlib.import_module(name_of(mutant.file))
    module = executed(name_of(mutant.file), f"{name_of(mutant.file)}__{mutant.name}", changed(mutant))
    if not mutant.through:
        return module
    with instead(name_of(mutant.file), module):
        return executed(name_of(mutant.through), f"{name_of(mutant.through)}__{mutant.name}", (ROOT / mutant.through).read_text())
