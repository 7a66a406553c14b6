"""A rule from outside: a file with three plain functions, in a process of its own, without a word of numba."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

RULE = '''
"""Half of the time any arm, else the one of greatest mean."""
from typing import NamedTuple

import numpy as np
from budgetsim import ARM, Policy
from budgetsim.draws import integer, uniform
from beside import mean_of


class Memory(NamedTuple):
    pulls: np.ndarray
    total: np.ndarray


class Params(NamedTuple):
    explore: float


def act(memory, params, view, left, t, key):
    n = memory.pulls.size
    if uniform(key, 0) < params.explore:
        return integer(key, 1, n)
    best = 0
    for k in range(1, n):
        if mean_of(memory, k) > mean_of(memory, best):
            best = k
    return best


def update(memory, params, view, action, outcome, t):
    memory.pulls[action] += 1.0
    memory.total[action] += outcome.reward


def half_and_half(explore: float = 0.5) -> Policy:
    def init(spec):
        return Memory(np.zeros(spec.n_actions), np.zeros(spec.n_actions)), Params(explore)

    return Policy(ARM, init, act, update, name=f"half_and_half(explore={explore:g})")
'''
BESIDE = "def mean_of(memory, k):\n    return memory.total[k] / max(memory.pulls[k], 1.0)\n"

SCIPY = """
from budgetsim import ARM, Nothing, Policy
from scipy.special import erf
import numpy as np

def init(spec):
    return Nothing(np.zeros(spec.n_actions))

def act(memory, params, view, left, t, key):
    return int(erf(0.01 * t) * (memory.nothing.size - 0.1))

def update(memory, params, view, action, outcome, t):
    pass

rising = Policy(ARM, init, act, update, name="rising")
"""


def budgetsim(folder, *arguments):
    """The command in a process of its own; its exit code, what it printed, what it complained of."""
    done = subprocess.run([sys.executable, "-m", "budgetsim.cli", *arguments], capture_output=True, text=True, timeout=300, cwd=folder,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rule.py").write_text(RULE)
    (tmp_path / "beside.py").write_text(BESIDE)
    (tmp_path / "rising.py").write_text(SCIPY)
    return tmp_path


def test_check_finds_nothing_wrong_with_it(folder):
    code, out, err = budgetsim(folder, "check", "rule.py", "--json")
    assert code == 0, (out, err)
    (name, verdicts), = json.loads(out).items()
    assert name == "rule half_and_half" and len(verdicts) > 10
    assert {str(v["holds"]) for v in verdicts} == {"True", "unresolved"}, verdicts  # it reads no mask, and claims no scale
    assert sorted(p.name for p in folder.iterdir() if p.name != "__pycache__") == ["beside.py", "rising.py", "rule.py"]


def test_compare_plays_it_beside_an_optimum(folder):
    code, out, err = budgetsim(folder, "compare", "rule.py", "--against", "uniform", "--replications", "60", "--horizon", "400", "--json")
    assert code == 0, (out, err)
    document = json.loads(out)
    assert {r["policy"] for r in document["rules"]} == {"half_and_half(explore=0.5)", "uniform"}
    assert len(document["differences"]) == 1
    code, out, err = budgetsim(folder, "compare", "rule.py", "--against", "", "--replications", "60", "--horizon", "400")
    assert code == 0 and "half_and_half" in out and "fluid" in out, (out, err)


def test_one_that_calls_scipy_runs_on_python_and_says_which_and_why(folder):
    code, out, err = budgetsim(folder, "check", "rising.py", "--problem", "stochastic_bandit", "--json")
    assert code == 0, (out, err)
    verdicts = {v["claim"]: v for v in json.loads(out)["rule rising"]}
    paths = verdicts["compiled code and plain Python give the same bits"]
    assert paths["holds"] == "unresolved" and "runs in plain Python" in paths["detail"] and "erf" in paths["detail"]
    assert "erf" in verdicts["same bits on every machine"]["detail"]
    assert [v for v in verdicts.values() if v["holds"] is False] == []


def test_a_rule_that_is_wrong_is_told_in_one_line_and_the_exit_code_says_so(folder):
    (folder / "wrong.py").write_text(SCIPY.replace("- 0.1)", "+ 99.9)"))
    code, out, err = budgetsim(folder, "check", "wrong.py", "--problem", "stochastic_bandit")
    assert code == 1 and "act: rising returned" in " ".join(out.split()) and "Traceback" not in out + err, (out, err)
    (folder / "broken.py").write_text("def act(:\n")
    for command in ("check", "compare"):
        code, out, err = budgetsim(folder, command, "broken.py")
        assert code == 2 and out == "" and err.count("\n") == 1 and "broken.py, line 1: invalid syntax" in err
    code, out, err = budgetsim(folder, "check", "nothing.py")
    assert code == 2 and out == "" and err.count("\n") == 1 and "allowed: an existing .py file" in err


def test_by_value_to_another_process(folder):
    """A file's rule is played by spawned processes that could not import it."""
    script = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    from budgetsim import run, folders
    from budgetsim.exercises import exercises
    from budgetsim.model import ARM
    rule = folders.policies_in(folders.load_file("rule.py"))["half_and_half"]()
    here = run(exercises(ARM)[0], rule, replications=8, seed=1)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        print(here.identical(run(exercises(ARM)[0], rule, replications=8, seed=1, executor=pool)))
"""
    (folder / "play.py").write_text(script)
    done = subprocess.run([sys.executable, "play.py"], capture_output=True, text=True, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=300)
    assert done.stdout.strip() == "True", done.stderr
