"""Compiling and caching: the key is the content, a second process starts warm, and no damage to the cache is fatal."""

import importlib.util
import json
import logging
import math
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import scipy.special

import budgetsim as bs
from budgetsim import BudgetsimError, compiled, engine, run
from budgetsim.exercises import exercises
from budgetsim.kernels.content import Survey
from budgetsim.model import ARM

from .strategies import greedy, scripted

ROOT = Path(__file__).parent.parent


def module(folder, text, name="rule", **others):
    """A module from source, with its helpers beside it, imported afresh."""
    folder.mkdir(parents=True, exist_ok=True)
    for other, content in others.items():
        (folder / f"{other}.py").write_text(content)
        sys.modules.pop(other, None)
    path = folder / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    made = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(folder))
    try:
        spec.loader.exec_module(made)
    finally:
        sys.path.remove(str(folder))
    return made


def key(folder, text, **more):
    return Survey([module(folder, text, **more).act]).key


BASE = """
import numpy as np
import helper
TABLE = np.array([1.0, 2.0])
SCALE = 3
def inner(x, base=1.0, *, bonus=2.0):
    return x * base + bonus
def make(shift):
    def act(t):
        return inner(t) + TABLE[0] + SCALE + shift + helper.twice(t) + [i + 7 for i in range(3)][0]
    return act
act = make(0.5)
"""
HELPER = "def twice(x):\n    return thrice(x) - x\ndef thrice(x):\n    return 3 * x\n"


# ------------------------------------------------------------------------------------------------ the key
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x * base", "x + base"),
        ("base=1.0", "base=1.5"),
        ("bonus=2.0", "bonus=2.5"),
        ("make(0.5)", "make(0.25)"),
        ("[1.0, 2.0]", "[1.0, 2.5]"),
        ("np.array([1.0", "np.float32([1.0"),
        ("SCALE = 3", "SCALE = 4"),
        ("SCALE = 3", "SCALE = 3.0"),
        ("i + 7", "i + 8"),
        ("helper.twice", "helper.thrice"),
    ],
)
def test_whatever_changes_the_result_changes_the_key(tmp_path, old, new):
    assert old in BASE
    assert key(tmp_path / "a", BASE, helper=HELPER) != key(tmp_path / "b", BASE.replace(old, new), helper=HELPER)


def test_a_callee_of_a_callee_in_another_file_changes_the_key(tmp_path):
    assert key(tmp_path / "a", BASE, helper=HELPER) != key(tmp_path / "b", BASE, helper=HELPER.replace("3 * x", "4 * x"))


def test_names_of_files_places_and_comments_do_not_change_the_key(tmp_path):
    moved = "# a comment\n\n\n" + BASE.replace("def make", "\n\ndef unrelated(x):\n    return x\n\ndef make")
    assert key(tmp_path / "a", BASE, helper=HELPER) == key(tmp_path / "b", moved, name="renamed", helper="\n\n" + HELPER)


def test_the_key_is_the_same_in_another_process(tmp_path):
    text = BASE.replace("SCALE + shift", "SCALE + shift + (t in {1, 2, 3}) + ('a' in {'a', 'b', 'c', 'd'})")
    here = key(tmp_path, text, helper=HELPER)
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import rule; from budgetsim.kernels.content import Survey; print(Survey([rule.act]).key)"
    for hashseed in ("1", "2"):
        assert process(script, PYTHONHASHSEED=hashseed).strip() == here


# ------------------------------------------------------------------------------------------------ processes
def process(script, *arguments, **environment):
    """What a Python process of its own prints."""
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=300,
                          env=os.environ | {"PYTHONPATH": str(ROOT)} | environment)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


TINY = """
import json, sys
from budgetsim.kernels import compiled, rows
def weight(x):
    return 3.0 * x + 1.0
def total(n):
    out = 0.0
    for i in range(n):
        out += weight(i)
    return out
value = compiled(total)(10)
stats = [e.dispatcher.stats for e in rows._modules.values()]
print(json.dumps([value, sum(sum(s.cache_hits.values()) for s in stats), sum(sum(s.cache_misses.values()) for s in stats)]))
"""


def tiny(folder, script=TINY):
    return json.loads(process(script, BUDGETSIM_CACHE_DIR=str(folder)))


def contents(folder):
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


def test_a_second_process_starts_warm_and_a_changed_callee_is_never_stale(tmp_path):
    assert tiny(tmp_path) == [145.0, 0, 1]
    first = contents(tmp_path)
    assert {Path(name).suffix for name in first} >= {".py", ".nbi", ".nbc"} and not [n for n in first if "tmp" in n]
    assert tiny(tmp_path) == [145.0, 1, 0]
    assert contents(tmp_path) == first
    assert tiny(tmp_path, TINY.replace("3.0 * x", "5.0 * x")) == [235.0, 0, 1]
    assert tiny(tmp_path) == [145.0, 1, 0]


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("warm")
    tiny(folder)
    return folder


@pytest.mark.parametrize("damage", ["cut", "garbage"])
@pytest.mark.parametrize("suffix", [".py", ".nbi", ".nbc"])
def test_a_damaged_cache_file_is_replaced(warm, tmp_path, suffix, damage):
    folder = tmp_path / "cache"
    shutil.copytree(warm, folder)
    victims = [p for p in folder.rglob("*") if p.suffix == suffix]
    assert victims
    for path in victims:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else b"garbage" * 9)
    assert tiny(folder)[0] == 145.0
    assert tiny(folder) == [145.0, 1, 0], "and the repair lasts"


def test_two_processes_may_compile_the_same_rule_at_once(tmp_path):
    with ThreadPoolExecutor(3) as pool:
        assert [r[0] for r in pool.map(lambda _: tiny(tmp_path), range(3))] == [145.0] * 3
    assert tiny(tmp_path) == [145.0, 1, 0]


def test_a_cache_folder_that_cannot_be_written_costs_time_only(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file, so no folder can be made under it")
    assert tiny(blocked / "cache")[:2] == [145.0, 0]
    assert contents(tmp_path).keys() == {"file"}


MAIN = """
import json
from typing import NamedTuple
import numpy as np
from budgetsim import ARM, Policy, Problem, Spec, run
from budgetsim.kernels import rows
from budgetsim.model import Nothing
class Memory(NamedTuple):
    last: np.ndarray
def step(instance, state, view, action, left, t, key, cost, seen):
    return float(action)
def init(spec):
    return Memory(np.zeros(1))
def act(memory, params, view, left, t, key):
    return t % 2
def update(memory, params, view, action, outcome, t):
    memory.last[0] = outcome.reward
def play():
    runs = run(Problem(Spec(ARM, 2, 10), Nothing(), step), Policy(ARM, init, act, update), replications=2, seed=0, threads=1, path="rows")
    stats = [e.dispatcher.stats for e in rows._modules.values()]
    print(json.dumps([runs.reward.values[:, -1].tolist(), runs.attrs["path"], sum(sum(s.cache_hits.values()) for s in stats)]))
if __name__ == "__main__":
    play()
"""


def test_a_rule_in_a_script_hits_the_cache_in_a_second_process(tmp_path):
    """Also when the script has moved, and beside another rule whose functions have the same names."""

    def printed(script):
        return [json.loads(line) for line in process(script, BUDGETSIM_CACHE_DIR=str(tmp_path / "cache")).splitlines()]

    for folder, hits in (("a", 0), ("b", 1)):
        path = tmp_path / folder / f"script_{folder}.py"
        path.parent.mkdir()
        path.write_text("\n" * hits + MAIN)
        assert printed(f"import runpy; runpy.run_path({str(path)!r}, run_name='__main__')") == [[[5.0, 5.0], "rows", hits]]
    other = tmp_path / "other.py"
    other.write_text(MAIN.replace("t % 2", "1"))
    both = printed(f"from budgetsim import folders\nfor path in ({str(other)!r}, {str(path)!r}): folders.load_file(path).play()")
    assert both == [[[10.0, 10.0], "rows", 0], [[5.0, 5.0], "rows", 1]]


# ------------------------------------------------------------------------------------------------ grade and reasons
def power(memory, params, view, left, t, key):
    return int((t + 1.0) ** 0.5) % 3


def logarithm(memory, params, view, left, t, key):
    return int(math.log(t + 1.0)) % 3


def numpy_sum(memory, params, view, left, t, key):
    return int(np.sum(memory.pulls)) % 3


def method_mean(memory, params, view, left, t, key):
    return int(memory.mean.mean()) % 3


def through_a_callee(memory, params, view, left, t, key):
    return helper(t)


def helper(t):
    return int(np.exp(-t))


def portable(memory, params, view, left, t, key):
    return int(math.sqrt(t)) % max(1, min(3, len(memory.mean)))


def error_function(memory, params, view, left, t, key):
    return int(scipy.special.erf(0.1 * t) * 2.9)


def imports_inside(memory, params, view, left, t, key):
    import random

    return random.randrange(3)


GENERATOR = np.random.default_rng(0)


def draws_from_a_generator(memory, params, view, left, t, key):
    return int(GENERATOR.integers(3))


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (power, "power uses **"),
        (logarithm, "logarithm calls math.log"),
        (numpy_sum, "numpy_sum calls numpy.sum"),
        (method_mean, "method_mean calls .mean()"),
        (through_a_callee, "helper calls numpy.exp"),
        (portable, ""),
    ],
)
def test_the_grade_names_the_call_that_makes_it_native(act, reason):
    game = engine.prepare(exercises(ARM)[0], greedy(act=act), path="python")
    assert (game.grade, game.reasons) == ("native" if reason else "portable", reason)


def test_scipy_runs_on_python_and_the_result_says_which_call():
    runs = run(exercises(ARM)[0], greedy(act=error_function), replications=2, seed=0)
    assert runs.attrs["path"] == "python" and "error_function calls" in runs.attrs["path_reason"] and "erf" in runs.attrs["path_reason"]
    assert runs.attrs["grade"] == "native"


@pytest.mark.parametrize("act", [imports_inside, draws_from_a_generator], ids=lambda f: f.__name__)
def test_randomness_of_ones_own_is_refused(act):
    with pytest.raises(BudgetsimError, match=r"greedy on arms: .*, which no seed of a run controls; allowed: the draws of budgetsim\.draws"):
        run(exercises(ARM)[0], greedy(act=act), replications=1, seed=0)


def writes_left(memory, params, view, left, t, key):
    left[0] = 1.0
    return 0


def unknown_field(memory, params, view, left, t, key):
    return memory.nope[0] if t < 0 else 0


def unknown_name(memory, params, view, left, t, key):
    return undefined if t < 0 else 0  # noqa: F821


def a_word(memory, params, view, left, t, key):
    return "word" if t < 0 else 0


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (writes_left, "a function writes an array that it does not own"),
        (unknown_field, "Unknown attribute 'nope' of type Means"),
        (unknown_name, "name 'undefined' is not defined"),
        (a_word, "Cannot unify Literal[str](word) and Literal[int](0)"),
    ],
    ids=lambda f: getattr(f, "__name__", ""),
)
def test_the_reason_for_plain_python_is_the_innermost_and_names_the_line(act, reason):
    game = engine.prepare(exercises(ARM)[1], greedy(act=act))
    assert game.path == "python" and reason in game.why, game.why
    assert game.why.endswith((f"(test_rows.py, line {act.__code__.co_firstlineno + 1})", f"(test_rows.py, line {act.__code__.co_firstlineno})", f"(in {act.__name__})")), game.why
    assert "\n" not in game.why and "/" not in game.why


def test_a_captured_number_is_reported_once(caplog):
    def capture(width_of_this_test):
        def act(memory, params, view, left, t, key):
            return int(width_of_this_test) % 3

        return greedy(act=act)

    with caplog.at_level(logging.WARNING, "budgetsim"):
        for _ in range(2):
            engine.prepare(exercises(ARM)[0], capture(2.0), path="python")
    assert [r.getMessage() for r in caplog.records] == ["greedy: act captures width_of_this_test = [2.0]: compiled in; a sweep over it compiles each value (pass it through params)"]


def test_a_parameter_in_params_compiles_once(monkeypatch):
    from budgetsim.kernels import rows

    from .strategies import planned

    run(scripted(np.ones((4, 3))), planned(0), replications=1, seed=0)
    before = len(rows._modules)
    for arm in range(3):
        run(scripted(np.ones((4 + arm, 3))), planned(arm), replications=1, seed=0)
    assert len(rows._modules) == before


def test_compiled_is_one_door():
    def power_sum(n, x):
        out = 0.0
        for i in range(n):
            out = out * x + i
        return out

    fast = compiled(power_sum)
    assert fast(5, 2.0) == power_sum(5, 2.0) and fast(5, 2) == power_sum(5, 2) and fast.__name__ == "power_sum"


def act_that_allocates(memory, params, view, left, t, key):
    weight = np.ones(memory.pulls.size)
    for k in range(weight.size):
        weight[k] += memory.total[k]
    return int(np.argmax(weight[::-1]))


def test_numpy_is_welcome_on_rows_even_where_it_is_written_in_python():
    """np.ones is a Python function of numpy's own; arrays made inside a round are freed, those of the engine are not counted."""
    problem = bs.knapsack_bandit([0.5, 0.7], [[0.1], [0.2]], [500.0], horizon=20_000)
    memory = bs.confidence.means
    rule = bs.Policy(bs.ARM, lambda spec: memory(spec.n_actions), act_that_allocates, lambda m, p, v, a, o, t: None, name="allocates")
    one, other = (bs.run(problem, rule, replications=3, seed=1, path=path) for path in (None, "python"))
    assert one.attrs["path"] == "rows" and one.attrs["grade"] == "portable"
    assert np.array_equal(one.reward, other.reward)
