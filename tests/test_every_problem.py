"""Every problem in the folder keeps to the contract, on the examples that its file offers."""

import importlib

import pytest

from budgetsim import Problem, check_problem, checks, folders

from .conftest import seed_of

NAMES = folders.names("problems")
EXAMPLES = [(name, i, p) for name in NAMES for i, p in enumerate(importlib.import_module(f"budgetsim.problems.{name}").examples())]

#: what need not apply to a problem
OPTIONAL = ("has no expected", "has no loss", "an action is taken in every round", "two rules never met the same state")


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_named_like_its_factory(name):
    assert folders.factory("problems", name).__name__ == name
    made = [p for n, _, p in EXAMPLES if n == name]
    assert made and all(isinstance(p, Problem) and p.name.startswith(name) for p in made)


@pytest.mark.parametrize(("name", "number", "problem"), EXAMPLES, ids=[f"{name}-{i}" for name, i, _ in EXAMPLES])
def test_it_keeps_to_the_contract(name, number, problem):
    verdicts = check_problem(problem, seed=seed_of(f"{name}-{number}"))
    broken = [v for v in verdicts if v.holds is not True and not v.detail.endswith(OPTIONAL)]
    assert not broken, broken
    assert {v.claim for v in verdicts if v.holds is True} >= {checks.PATHS, checks.PORTABLE, checks.ALONE, checks.PURE, checks.OWNS}
