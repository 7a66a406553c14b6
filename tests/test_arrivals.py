"""What came: the same requests as a rule meets, on both paths and in every arrival model."""

import numpy as np
import pytest

import budgetsim as bs
from budgetsim import engine
from budgetsim.model import REQUEST, Nothing, Policy


def take_first(memory, params, view, left, t, key):
    return 0


def forget(memory, params, view, action, outcome, t):
    pass


def begin(spec):
    return Nothing()


@pytest.mark.parametrize("number", range(7))
def test_a_rule_meets_what_was_written_down(number, seed):
    """Without a budget, taking the first option earns the sum of the first rewards, whatever the arrival model; with another seed it does not."""
    from budgetsim.problems import online_allocation, typed_allocation

    examples = typed_allocation.examples() + online_allocation.examples()
    problem = examples[number % len(examples)]
    free = problem._replace(spec=problem.spec._replace(budget=np.full(problem.spec.budget.size, np.inf)))
    runs = engine.run(free, Policy(REQUEST, begin, take_first, forget), replications=3, seed=seed)
    for i in range(3):
        came = bs.requests_seen(problem, seed, i)
        assert came.reward[:, 0].sum() == pytest.approx(float(runs.reward[i, -1]), rel=1e-12)
        np.testing.assert_allclose(came.cost[:, 0].sum(axis=0), runs.spent.values[i, -1], rtol=1e-12)
    if problem.begin is not None or "iid" in problem.name:
        assert not np.array_equal(bs.requests_seen(problem, seed).reward, bs.requests_seen(problem, seed + 1).reward)


def test_other_kinds_are_refused():
    with pytest.raises(bs.BudgetsimError, match="problem: got knapsack_bandit"):
        bs.requests_seen(bs.knapsack_bandit([0.5], [[0.1]], [1.0], 10), 0)
