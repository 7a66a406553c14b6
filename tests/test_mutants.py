"""Mutants: each is one small change of a real file, and the checks catch it; `python -m tests.mutants.run` prints the whole table."""

import hashlib
from collections import Counter

import pytest

from budgetsim import checks

from . import mutants as folder
from .mutants import Mutant, changed, loaded, mutants
from .mutants.alone import ALONE
from .mutants.laws import caught, promises_broken
from .mutants.run import real

ALL = mutants()
#: by a hash of the name, so that who adds a mutant does not choose which are tried
SAMPLE = sorted(ALL, key=lambda m: hashlib.sha256(m.name.encode()).digest())[:5]


@pytest.fixture
def chosen(request: pytest.FixtureRequest) -> list[Mutant]:
    return ALL if request.config.getoption("--thorough") else SAMPLE


def test_each_mutant_is_one_change_of_a_real_file():
    """Every `old` occurs once, what results is another text that can be parsed, and no two share a name."""
    for m in ALL:
        assert changed(m) != (folder.ROOT / m.file).read_text(), m.name
        compile(changed(m), m.name, "exec")
    assert len({m.name for m in ALL}) == len(ALL)


def test_there_are_enough_and_not_only_ours():
    """At least sixty, at least twenty of them bugs that others had or what a mutation operator makes."""
    origins = Counter(m.origin.partition(":")[0] for m in ALL)
    assert len(ALL) >= 60 and len(ALL) - origins["ours"] >= 20
    assert origins["a bug that other packages had"] >= 10


def test_the_checks_catch_the_mutants(chosen):
    """No mutant passes; the real files, which the sample changes, do."""
    assert [m.name for m in chosen if not caught(loaded(m), m.subject, every=False)] == []
    assert {s: found for s in sorted({m.subject for m in chosen}) if (found := caught(real(s), s))} == {}


PAIRS = [(check, claim, name) for check, claims in ALONE.items() for claim, name in claims.items()]


def test_no_law_of_the_checks_is_decoration(request):
    """For each promise there is a mutant that breaks it and no other."""
    assert {check: tuple(claims) for check, claims in ALONE.items()} == {"check_policy": checks.OF_A_POLICY, "check_problem": checks.OF_A_PROBLEM}
    by_name = {m.name: m for m in ALL}
    thorough = request.config.getoption("--thorough")
    for _, claim, name in PAIRS if thorough else sorted(PAIRS, key=lambda p: hashlib.sha256(" ".join(p).encode()).digest())[:4]:
        assert promises_broken(loaded(by_name[name]), by_name[name].subject) == [claim], name


def test_a_change_that_cannot_be_made_is_refused():
    """A mutant whose file has moved on is noticed."""
    with pytest.raises(ValueError, match="stale: its old text occurs 0 times"):
        changed(ALL[0]._replace(name="stale", old="no such line"))
