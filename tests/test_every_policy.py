"""Every rule in the folder keeps to the contract: on one problem a run, chosen by a hash; on all with --thorough."""

import hashlib
import importlib
import inspect

import pytest

from budgetsim import BudgetsimError, Policy, check_policy, checks, folders

from .conftest import seed_of

NAMES = folders.names("policies")
PROBLEMS = [p for name in folders.names("problems") for p in importlib.import_module(f"budgetsim.problems.{name}").examples()]

#: what one problem may leave open, or a rule not claim: budgets, masks, a fair game, and relations between games
MAY_BE_OPEN = {checks.BUDGET, checks.MASKS, checks.FAIR, *checks.BETWEEN}


def suitable(factory):
    """The problems that a rule does not decline, in an order that depends on the names alone."""
    found = []
    for problem in sorted(PROBLEMS, key=lambda p: hashlib.sha256(f"{factory.__name__} {p.name}".encode()).digest()):
        try:
            rule = folders.bind(factory, problem)
            rule.init(problem.spec)
        except BudgetsimError:
            continue
        if rule.kind == problem.spec.kind:
            found.append(problem)
    return found


def pytest_generate_tests(metafunc):
    if "problem" in metafunc.fixturenames:
        many = None if metafunc.config.getoption("--thorough") else 1
        pairs = [(name, problem) for name in NAMES for problem in suitable(folders.factory("policies", name))[:many]]
        metafunc.parametrize(("name", "problem"), pairs, ids=[f"{name}-{problem.name}" for name, problem in pairs])


def test_it_keeps_to_the_contract(name, problem):
    """Among it: compiled code and plain Python give the same bits."""
    verdicts = check_policy(folders.factory("policies", name), problem, seed=seed_of(name), rounds=150)
    assert [v for v in verdicts if v.holds is False] == []
    open_questions = {v.claim for v in verdicts if v.holds is not True}
    replans = folders.bind(folders.factory("policies", name), problem).replan is not None
    assert open_questions <= (MAY_BE_OPEN | {checks.PORTABLE} if replans else MAY_BE_OPEN), verdicts


@pytest.mark.parametrize("name", NAMES)
def test_it_is_built_unasked_or_asks_for_hidden_truth_only(name):
    factory = folders.factory("policies", name)
    required = folders.required(factory)
    fields = {field for problem in PROBLEMS for field in problem.instance._fields}
    assert set(required) <= fields, f"{name} requires {required}, which no problem's instance has"
    assert len(suitable(factory)) >= 2
    if not required:
        assert isinstance(factory(), Policy)


@pytest.mark.parametrize("name", [name for name in NAMES if not folders.required(folders.factory("policies", name))])
def test_its_label_names_it_and_carries_its_parameters(name):
    factory = folders.factory("policies", name)
    rule, problem = factory(), suitable(factory)[0]
    assert rule.name.startswith(name)
    for parameter, given in inspect.signature(factory).parameters.items():
        if isinstance(given.default, bool) or not isinstance(given.default, (int, float)):
            continue
        for other in (given.default + 1, given.default / 2):
            try:
                changed = factory(**{parameter: type(given.default)(other)})
                same = checks.raw(changed.init(problem.spec)) == checks.raw(rule.init(problem.spec))
            except BudgetsimError:
                continue
            assert same or changed.name != rule.name, f"{parameter}={other} does not show in {changed.name!r}"
