"""Laws as tests, for authors of rules and problems who use pytest: one test a law.

The laws are those of `check_policy` and `check_problem`. Collecting runs none of them; the first test that runs examines the rule or the problem, once
a process, and each test tells one law: it passes, fails with what is broken, or is skipped where nothing is claimed.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from . import checks
from .arguments import BadValue, choice
from .model import Verdict


class Law(NamedTuple):
    """One law of one rule or problem. Calling it is the test."""

    owner: str
    claim: str
    verdicts: Callable[[], list[Verdict]]

    def __call__(self) -> None:
        __tracebackhide__ = True
        verdict = next(v for v in self.verdicts() if v.claim == self.claim)
        if verdict.holds is False:
            pytest.fail(f"{self.owner} breaks a law: {self.claim}\n  " + verdict.detail.replace("; smallest: ", "\n  smallest: "), pytrace=False)
        if verdict.holds is not True:
            pytest.skip(verdict.detail)


def policy_laws(*policies: Any, problems: Any = None, known: dict[str, str] | None = None, **options: Any) -> pytest.MarkDecorator:
    """A decorator that gives a test the argument `law`, once for each law of each rule.

    Parameters
    ----------
    policies : Policy values, or functions that make them. problems, options : as `check_policy` takes them.
    known : laws that are broken, and why: these tests are expected to fail, and fail when they pass.

    Examples
    --------
    >>> from budgetsim import ucb1
    >>> @policy_laws(ucb1)
    ... def test_ucb1(law):
    ...     law()
    """
    return _laws(checks.OF_A_POLICY, policies, lambda policy: checks.check_policy(policy, problems, **options), known)


def problem_laws(*problems: Any, known: dict[str, str] | None = None, **options: Any) -> pytest.MarkDecorator:
    """A decorator that gives a test the argument `law`, once for each law of each problem; see `policy_laws` and `check_problem`.

    >>> from budgetsim.exercises import exercise
    >>> @problem_laws(exercise("REQUEST"))
    ... def test_requests(law):
    ...     law()
    """
    return _laws(checks.OF_A_PROBLEM, problems, lambda problem: checks.check_problem(problem, **options), known)


def _laws(claims: tuple[str, ...], owners: tuple[Any, ...], check: Callable[[Any], list[Verdict]], known: dict[str, str] | None) -> pytest.MarkDecorator:
    if not owners:
        raise BadValue("laws: got nothing to examine; allowed: at least one rule or problem")
    expected = {choice("known", claim, claims): pytest.mark.xfail(reason=why, strict=True) for claim, why in (known or {}).items()}
    tests = []
    for owner in owners:
        name = getattr(owner, "__name__", None) or getattr(owner, "name", None) or repr(owner)
        verdicts = functools.cache(functools.partial(check, owner))
        tests += [pytest.param(Law(name, c, verdicts), id=f"{name}: {c}", marks=[expected[c]] if c in expected else []) for c in claims]
    return pytest.mark.parametrize("law", tests)
