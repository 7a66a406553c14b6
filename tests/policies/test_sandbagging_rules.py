"""Rules for who is stopped at a cap of danger or released: beside independent twins, and beside the exact optimum."""

import math
from fractions import Fraction

import numpy as np
import pytest

from budgetsim import BudgetsimError, engine
from budgetsim.folders import bind
from budgetsim.model import Ended
from budgetsim.optima.sandbagging_dp import sandbagging_dp
from budgetsim.policies.sandbagging_plan import sandbagging_plan
from budgetsim.policies.timid import timid
from budgetsim.problems.sandbagging import sandbagging
from budgetsim.problems.survival_bandit import survival_bandit
from tests.references import sandbagging_plan as plan_twin
from tests.references import timid as timid_twin
from tests.test_twins import LEVEL, p_values

ARMS = [[0, 1, 0], [0, 1, 2], [0, 2, 4]], [[0.8, 0.2, 0.0], [0.4, 0.4, 0.2], [0.2, 0.5, 0.3]]


def test_the_plan_is_the_twins():
    """Deterministic: the same arm as the recursion in fractions, at every danger level and number of steps left; released, the best mean."""
    watched, cap, free = 8, 9, 3
    laws = [[(Fraction(r), r, Fraction(c).limit_denominator(10)) for r, c in zip(*row, strict=True)] for row in zip(*ARMS, strict=True)]
    memory, params = sandbagging_plan(*ARMS, None).init(sandbagging(*ARMS, cap, watched, free).spec)
    agent, seen = plan_twin.Hider(laws, cap, free), set()
    for t in range(watched + free):
        for room in range(1, cap + 1):
            arm = sandbagging_plan(*ARMS, None).act(memory, params, (), np.array([float(room)]), t, None)
            assert arm == (agent.choice(watched - t, cap - room) if t < watched else 2)
            seen.add(arm)
    assert seen == {0, 1, 2}


def test_the_plan_earns_what_its_optimum_says(seed):
    """Mean reward and share released within 4 standard errors of `sandbagging_dp`; control: the honest agent's numbers are refused."""
    problem, runs = sandbagging(*ARMS, 30, 20, 10), 20_000
    log = engine.play_block(engine.prepare(problem, bind(sandbagging_plan, problem)), seed, 0, runs, np.array([20, 30]))
    best = bind(sandbagging_dp, problem)
    got, shown, released = log.reward[:, 1], log.reward[:, 0], (log.ended == Ended.HORIZON).astype(float)
    for x, of in ((got, "total"), (released, "release"), (shown, "shown")):
        said, other = (getattr(agent, of) * (agent.steps if of == "shown" else 1.0) for agent in (best.plan.best, best.plan.honest))
        error = 4 * x.std() / math.sqrt(runs)
        print(f"{of}: {x.mean():.4f} +- {error / 4:.4f}, exactly {said:.4f}, honest {other:.4f}")
        assert abs(x.mean() - said) <= error < abs(x.mean() - other)


def test_timid_agrees_with_its_twin(seed):
    """The wrong constant is an optimism four times too large."""
    ours = engine.play_block(engine.prepare(sandbagging(*ARMS, 15, 20, 60), timid(high=4.0)), seed, 0, 6000, np.array([80])).reward[:, -1]
    theirs, wrong = (timid_twin.simulate(*ARMS, 15, 20, 60, 6000, np.random.default_rng(seed), radius) for radius in (4.0, 16.0))
    print(f"timid: {ours.mean():.3f}, twin {theirs.mean():.3f}, wrong constant {wrong.mean():.3f}")
    assert min(p_values(ours, theirs)) > LEVEL > p_values(ours, wrong)[0]


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: timid(low=1.0), "low"),
        (lambda: timid().init(survival_bandit([[1, -1]], [[0.5, 0.5]], 3, 9).spec), "timid: got a problem without a supervised horizon"),
        (lambda: sandbagging_plan([[1, 0.5]], [[0.5, 0.5]], None), "outcomes: got 0.5"),
        (lambda: sandbagging_plan([[1, 0.5]], [[0.5, 0.5]], [[1, 0.5]]), "danger: got 0.5"),
        (lambda: sandbagging_plan(*ARMS, None).init(sandbagging([[1]], [[1.0]], 3, 2, 1).spec), "arms"),
        (lambda: sandbagging_plan([[1]], [[1.0]], None).init(sandbagging([[1]], [[1.0]], 10**8, 2, 1).spec), "cells of tables"),
    ],
)
def test_a_wrong_argument_is_named(call, named):
    with pytest.raises(BudgetsimError, match=named):
        call()
