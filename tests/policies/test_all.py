"""Every rule of this folder: portable, the same bits compiled and in plain Python, built unasked, labelled."""

import numpy as np
import pytest

from budgetsim import ARM, BudgetsimError, Policy, Spec, engine, folders

from .tiny import awkward


def unasked(name: str) -> Policy | None:
    """A rule that is told no hidden truth and pulls arms, built unasked; the others are for others to test."""
    factory = folders.factory("policies", name)
    made = None if folders.required(factory) else factory()
    return made if made is not None and made.kind == ARM else None


RULES = {name: made for name in folders.names("policies") if (made := unasked(name)) is not None}


def welcomes(policy: Policy, spec: Spec) -> bool:
    """Whether a rule plays this problem: some want contexts, or features."""
    try:
        policy.init(spec)
    except BudgetsimError:
        return False
    return True


PLAYED = [name for name, made in RULES.items() if made.replan is None and welcomes(made, awkward().spec)]


@pytest.mark.parametrize("name", PLAYED)
def test_same_bits_on_rows_and_python(name, seed):
    """On a problem that has everything: masks, void rounds, several budgets; test_every_policy plays the problems of the house."""
    games = [engine.prepare(awkward(), RULES[name], path) for path in ("rows", "python")]
    rows, python = (engine.play_block(g, seed, 0, 3, np.array([50, 200]), trace=True) for g in games)
    assert games[0].grade == "portable", games[0].reasons
    assert not rows.fault.any()
    for field, a, b in zip(rows._fields, rows, python, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=field)
    assert np.all(rows.rounds[:, 0] > 20)


@pytest.mark.parametrize("name", RULES)
def test_the_label_starts_with_the_name(name):
    assert RULES[name].name.split("(")[0] == name
