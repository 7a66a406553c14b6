"""Laws as tests: one test a law, by the name of its claim; nothing is examined while collecting, and everything once."""

import numpy as np
import pytest

from budgetsim import checks, engine, exercises, testing
from budgetsim.arguments import BadValue
from budgetsim.model import Verdict

pytest_plugins = ["pytester"]

RULES = """
from budgetsim import ARM, Policy, testing
from budgetsim.exercises import exercise

def init(spec): pass
def first(memory, params, view, left, t, key): return 0
def wild(memory, params, view, left, t, key): return t % 4
def update(memory, params, view, action, outcome, t): pass

def tame() -> Policy:
    return Policy(ARM, init, first, update, name="tame")

def broken() -> Policy:
    return Policy(ARM, init, wild, update, name="broken")
"""


@pytest.fixture
def inside(pytester, monkeypatch):
    """Runs a file of tests in this process, in plain Python; and how often something was examined."""
    prepare, examined = engine.prepare, []
    monkeypatch.setattr(engine, "prepare", lambda problem, policy, path=None: prepare(problem, policy, "python"))

    def counted(check):
        def counting(thing, *rest, **options):
            examined.append((thing, check(thing, *rest, **options)))
            return examined[-1][1]

        return counting

    for name in ("check_policy", "check_problem"):
        monkeypatch.setattr(checks, name, counted(getattr(checks, name)))

    def run(tests, *arguments):
        pytester.makepyfile(RULES + tests)
        return pytester.runpytest("-p", "no:randomly", "-p", "no:cacheprovider", "-n0", "-rs", "-v", *arguments), examined

    return run


def test_one_test_a_law_and_a_failure_tells_what_is_broken(inside):
    tests = "@testing.policy_laws(tame, broken, replications=1, rounds=12)\ndef test_rules(law):\n    law()\n"
    result, examined = inside(tests)
    outcomes = result.parseoutcomes()
    assert sum(outcomes.get(o, 0) for o in ("passed", "failed", "skipped")) == 2 * len(checks.OF_A_POLICY)
    assert outcomes["failed"] == sum(v.holds is False for _, verdicts in examined for v in verdicts) > 0
    assert outcomes["passed"] == sum(v.holds is True for _, verdicts in examined for v in verdicts) > len(checks.OF_A_POLICY) // 2
    assert [rule.__name__ for rule, _ in examined] == ["tame", "broken"]
    output = result.stdout.str()
    assert f"test_rules[tame: {checks.LEGAL}] PASSED" in output and f"test_rules[broken: {checks.LEGAL}] FAILED" in output
    why, _, smallest = next(v for v in examined[1][1] if v.claim == checks.LEGAL).detail.partition("; smallest: ")
    assert f"broken breaks a law: {checks.LEGAL}\n  {why}\n" + f"  smallest: {smallest}" * bool(smallest) in output and "returned 3" in why
    assert "Traceback" not in output and "testing.py" not in output.replace("test_testing.py", "").split("short test summary")[0]


def test_collecting_examines_nothing_and_one_law_can_be_chosen(inside):
    tests = "@testing.problem_laws(exercise('ARM'))\ndef test_mine(law):\n    law()\n"
    result, examined = inside(tests, "--collect-only", "-q")
    assert not examined and result.stdout.str().count("test_mine[exercise") == len(checks.OF_A_PROBLEM)
    result, examined = inside(tests, "-k", "loss")
    result.assert_outcomes(skipped=1, deselected=len(checks.OF_A_PROBLEM) - 1)
    assert len(examined) == 1 and "has no loss" in result.stdout.str()


def test_a_law_that_is_known_to_be_broken_must_be(inside):
    tests = f"@testing.policy_laws(broken, shrink=False, known={{{checks.LEGAL!r}: 'round 3', {checks.RULE!r}: 'wrong'}})\ndef test_rules(law):\n    law()\n"
    output = inside(tests)[0].stdout.str()
    assert f"test_rules[broken: {checks.LEGAL}] XFAIL" in output
    assert f"test_rules[broken: {checks.RULE}] FAILED" in output and "[XPASS(strict)] wrong" in output


@pytest.mark.parametrize("laws", [testing.policy_laws, testing.problem_laws])
def test_what_is_wrong_gets_one_line(laws):
    with pytest.raises(BadValue, match="laws: got nothing to examine; allowed: at least one"):
        laws()
    with pytest.raises(BadValue, match="known: got 'every action is leagl'"):
        laws(exercises.exercise("ARM"), known={"every action is leagl": "why"})


def test_what_is_not_claimed_is_skipped_by_name():
    law = testing.Law("mine", "is kind", lambda: [Verdict("is kind", "exact", "unresolved", np.nan, detail="no problem asks for it")])
    with pytest.raises(pytest.skip.Exception, match="no problem asks for it"):
        law()
