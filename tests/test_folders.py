"""The folder is the list; a user's file is read without side effects beyond its import; factories are bound by name."""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import budgetsim
from budgetsim import BudgetsimError, Policy, Problem, folders
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.policies.ucb1 import ucb1
from budgetsim.problems.knapsack_bandit import knapsack_bandit

from .strategies import planned

HOME = Path(budgetsim.__file__).parent

FILE = '''
from __future__ import annotations
import budgetsim.model as m
from budgetsim import ARM, Policy, Problem, Spec
from budgetsim.policies.ucb1 import ucb1
from budgetsim.policies import uniform

CALLED = []

def init(spec): return None
def act(memory, params, view, left, t, key): return 0
def update(memory, params, view, action, outcome, t): pass

def annotated(level: float, scale=1.0) -> Policy:
    CALLED.append("annotated")
    return Policy(ARM, init, act, update, name=f"annotated({level})")

def qualified() -> m.Policy:
    return Policy(ARM, init, act, update)

def bare():
    return Policy(ARM, init, act, update)

def mentions():
    return "not a", Policy

def main():
    CALLED.append("main")
    return Policy(ARM, init, act, update)

def _private() -> Policy:
    return Policy(ARM, init, act, update)

def one_arm(horizon: int = 5) -> Problem:
    return Problem(Spec(ARM, 1, horizon), m.Nothing(), act)

narrow = ucb1(radius=0.5)
'''


@pytest.mark.parametrize("kind", folders.KINDS)
def test_a_folder_lists_its_files(kind):
    found = folders.names(kind)
    assert found == sorted(p.stem for p in (HOME / kind).glob("*.py") if not p.stem.startswith("_"))
    for name in found:
        assert folders.factory(kind, name).__name__.split(".")[-1] == name


def test_a_near_miss_is_answered():
    with pytest.raises(BudgetsimError, match=r"policy: got 'thomson'; allowed: .*; did you mean 'thompson'\?"):
        folders.factory("policies", "thomson")


def test_what_a_file_offers(tmp_path):
    (tmp_path / "mine.py").write_text(FILE)
    module = folders.load_file(tmp_path / "mine.py")
    assert set(folders.policies_in(module)) == {"annotated", "qualified", "bare", "narrow"}
    assert set(folders.problems_in(module)) == {"one_arm"}
    assert module.CALLED == [], "main and annotated factories are not called to find out"
    assert isinstance(folders.policies_in(module)["narrow"], Policy)


def test_a_file_has_one_name_for_its_place_and_leaves_the_path_as_it_was(tmp_path):
    (tmp_path / "mine.py").write_text(FILE)
    path = list(sys.path)
    one, two = folders.load_file(tmp_path / "mine.py"), folders.load_file(str(tmp_path / "mine.py"))
    assert one.__name__ == two.__name__ and sys.modules[one.__name__] is two and sys.path == path
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.py").write_text(FILE)
    assert folders.load_file(tmp_path / "other" / "mine.py").__name__ != one.__name__


def test_bind_fills_what_is_required_by_name_and_leaves_defaults():
    problem = knapsack_bandit([0.9, 0.5], [[0.8], [0.1]], [5.0], 20)
    assert folders.bind(fluid_lp, problem).value == pytest.approx(fluid_lp([0.9, 0.5], [[0.8], [0.1]], [5.0], 20).value)
    assert folders.bind(fluid_lp, problem, horizon=10).value == pytest.approx(fluid_lp([0.9, 0.5], [[0.8], [0.1]], [5.0], 10).value)
    assert folders.bind(ucb1, problem, radius=3.0).name == ucb1(radius=3.0).name
    assert folders.bind(partial(ucb1, radius=1.0), problem).name == ucb1(radius=1.0).name
    assert folders.bind(lambda n_actions, /, mean_cost, *, horizon, mean_reward=None: (n_actions, mean_cost.shape, horizon, mean_reward), problem) == (2, (2, 1), 20, None)
    assert folders.bind(lambda **more: more, problem, anything=1) == {"anything": 1}
    assert folders.required(lambda a, b=1, *c, d, e=2, **f: None) == ["a", "d"]


def test_bind_says_what_the_problem_lacks():
    problem = knapsack_bandit([0.9, 0.5], [[0.8], [0.1]], [5.0], 20)
    with pytest.raises(folders.Missing, match=r"transition: oracle requires it, knapsack_bandit.* has no such field; .* \(here: mean_reward, mean_cost.*\)"):
        folders.bind(oracle, problem)
    with pytest.raises(BudgetsimError, match="factory: got int"):
        folders.bind(3, problem)


def oracle(transition):
    return planned(int(np.argmax(transition)))


def test_what_is_public_counts_too_but_the_instance_comes_first():
    problem = knapsack_bandit([0.9, 0.5], [[0.8], [0.1]], [5.0], 20)
    public = problem.instance._replace(mean_reward=np.zeros(2))
    told = problem._replace(spec=problem.spec._replace(public=public), instance=budgetsim.Nothing())
    assert folders.bind(lambda mean_reward: mean_reward.tolist(), told) == [0.0, 0.0]
    both = told._replace(instance=problem.instance)
    assert folders.bind(lambda mean_reward: mean_reward.tolist(), both) == [0.9, 0.5] and isinstance(both, Problem)
