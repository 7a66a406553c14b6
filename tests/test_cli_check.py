"""`budgetsim check`: law by law, the smallest instance on a line of its own, exit codes; a file that is of no use gets one line."""

import json

import pytest

from budgetsim import checks, cli, engine

RULE = """
from budgetsim import ARM, Policy

def init(spec): pass
def act(memory, params, view, left, t, key): return {act}
def update(memory, params, view, action, outcome, t): pass

def {name}({arguments}) -> Policy:
    return Policy(ARM, init, act, update, name="mine")
"""
PROBLEM = """
from budgetsim.exercises import exercise
from budgetsim import Problem

def nothing(instance, state, view, action, left, t, key, cost, seen):
    return {reward}

def mine() -> Problem:
    return exercise("ARM")._replace(step=nothing, expected=None, name="mine")
"""


def rule(act=0, name="mine", arguments=""):
    return RULE.format(act=act, name=name, arguments=arguments)


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """The command on a file of that text, in plain Python."""
    prepare = engine.prepare
    monkeypatch.setattr(engine, "prepare", lambda problem, policy, path=None: prepare(problem, policy, "python"))

    def run(text, *options, name="mine.py"):
        if text is not None:
            (tmp_path / name).write_text(text)
        code = cli.main(["check", str(tmp_path / name), *options])
        return (code, *capsys.readouterr())

    return run


def test_a_good_rule_and_a_broken_one(check):
    code, out, err = check(rule(), "--problem", "stochastic_bandit")
    assert code == 0 and not err and out.startswith(f"rule mine: 0 of {len(checks.OF_A_POLICY)} laws broken\n") and f"holds        {checks.RULE}\n" in out
    assert f"not claimed  {checks.PATHS}\n" in out and "runs in plain Python" in out
    code, out, err = check(rule("t % 4"))
    assert code == 1 and not err and not out.startswith("rule mine: 0 of ")
    lines = out.splitlines()
    where = lines.index(f"BROKEN       {checks.LEGAL}")
    assert "act: mine returned 3; allowed: 0 to " in lines[where + 1]
    code, out, _ = check(rule("t % 4"), "--json")
    (verdicts,) = json.loads(out).values()
    broken = [v for v in verdicts if v["holds"] is False]
    assert code == 1 and [v["claim"] for v in verdicts] == list(checks.OF_A_POLICY) and broken[0]["claim"] == checks.LEGAL
    smallest = broken[0]["detail"].partition("; smallest: ")[2]
    if smallest:
        assert f"{' ' * 15}smallest: {smallest}" in lines and lines[-1].startswith("To repeat what is smallest: from budgetsim import ")


def test_a_problem(check):
    code, out, _ = check(PROBLEM.format(reward="0.0"))
    assert code == 0 and out.startswith("problem mine: 0 of ")
    code, out, _ = check(PROBLEM.format(reward="float('nan')"))
    assert code == 1 and f"BROKEN       {checks.COSTS}" in out and "nan as reward" in out


def test_what_a_file_prints_stays_out_of_the_document(check):
    code, out, err = check('print("hello")\n' + rule(), "--problem", "stochastic_bandit", "--json")
    assert code == 0 and "hello" not in out and "hello" in err and json.loads(out)["rule mine"]


def test_one_that_cannot_be_checked_beside_one_that_can(check):
    text = rule(name="first") + "\ndef second(radius) -> Policy:\n    return first()\n"
    code, out, err = check(text, "--problem", "stochastic_bandit")
    assert code == 0 and "rule first" in out and "rule second" not in out
    assert err.startswith("budgetsim: rule second was not checked: ") and "radius: second requires it" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "allowed: an existing .py file"),
        ("", "holds no rule and no problem; allowed: a file with a Policy or a Problem"),
        ("def f(:\n", "mine.py, line 1: invalid syntax; allowed: a file that Python can read"),
        ("import nothing_of_that_name\n", "importing mine.py raised ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("1 / 0\n", "importing mine.py raised ZeroDivisionError: division by zero; allowed: a file that imports"),
        ("import sys\nsys.exit(3)\n", "importing mine.py raised SystemExit: 3; allowed: a file that imports without an error"),
        (rule(arguments="radius"), "could be checked: rule mine: "),
        ("from budgetsim import Problem\ndef make(arms) -> Problem: pass\n", "could be checked: problem make: "),
    ],
    ids=["missing", "empty", "syntax", "import", "error", "exit", "rule that requires", "problem that requires"],
)
def test_a_file_of_no_use_gets_one_line(check, text, said):
    code, out, err = check(text)
    assert code == 2 and not out and err.count("\n") == 1 and said in err and "Traceback" not in err, err
    again, out, _ = check(text, "--json")
    assert again == 2 and f"budgetsim: {json.loads(out)['error']}\n" == err
