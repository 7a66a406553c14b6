"""Every rule of this folder: portable, the same bits compiled and in plain Python, built unasked, labelled."""

import importlib
import pkgutil

import numpy as np
import pytest

from budgetsim import ARM, BudgetsimError, Policy, Spec, engine, policies

from .tiny import awkward, plain

NAMES = [m.name for m in pkgutil.iter_modules(policies.__path__)]


def rule(name: str) -> Policy:
    """Built unasked; rules that must be told hidden truth are for others to test."""
    try:
        made = getattr(importlib.import_module(f"budgetsim.policies.{name}"), name)()
    except TypeError:
        pytest.skip("is told hidden truth")
    if made.kind != ARM:
        pytest.skip("pulls no arm")
    return made


def declines(policy: Policy, spec: Spec) -> bool:
    """Whether a rule says that this problem is not for it: it wants contexts, say."""
    try:
        policy.init(spec)
    except BudgetsimError:
        return True
    return False


@pytest.mark.parametrize("make", [plain, awkward], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_same_bits_on_rows_and_python(name, make, seed):
    policy = rule(name)
    if policy.replan or declines(policy, make().spec):
        pytest.skip("replans in plain Python, or wants another problem")
    games = [engine.prepare(make(), policy, path) for path in ("rows", "python")]
    rows, python = (engine.play_block(g, seed, 0, 3, np.array([50, 200]), trace=True) for g in games)
    assert games[0].grade == "portable", games[0].reasons
    assert not rows.fault.any()
    for field, a, b in zip(rows._fields, rows, python, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=field)
    assert np.all(rows.rounds[:, 0] > 20)


@pytest.mark.parametrize("name", NAMES)
def test_the_label_starts_with_the_name(name):
    assert rule(name).name.split("(")[0] == name
