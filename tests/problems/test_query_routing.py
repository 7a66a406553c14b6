"""Query routing: what is shown, what is charged, in which order; and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import REQUEST, BudgetsimError, Nothing, Policy
from budgetsim.policies.greedy_quality import greedy_quality
from budgetsim.problems.query_routing import query_routing

from ..policies.tiny import played


def watcher(shown):
    """A rule that takes the best estimate and notes what it was shown."""

    def init(spec):
        return Nothing()

    def act(memory, params, view, left, t, key):
        shown.append(tuple(np.array(a) for a in view))
        return int(np.argmax(view.reward))

    def update(memory, params, view, action, outcome, t):
        pass

    return Policy(REQUEST, init, act, update, name="watcher")


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 9), st.integers(1, 4), st.integers(0, 12), st.sampled_from(["as_given", "random"]), st.booleans(), st.integers(0, 2**32))
def test_estimates_are_shown_and_the_truth_is_charged(t, m, ahead, order, shared, seed):
    """Estimates only in the view, one row a round, each query once; the block ahead is what the next rounds will show; truth in reward and cost."""
    rng = np.random.default_rng(seed)
    d, g, dh, gh = (rng.uniform(0.1, 1.0, (t, m)) for _ in range(4))
    problem = query_routing(d, g, np.inf if shared else np.full(m, np.inf), dh, gh, order, ahead)
    shown: list = []
    log = played(problem, watcher(shown), seed=seed)
    rows = [int(np.flatnonzero((dh == s[0]).all(axis=1))[0]) for s in shown]
    assert sorted(rows) == list(range(t)) and (order == "random" or rows == list(range(t)))
    best = dh[rows].argmax(axis=1)
    assert log.reward[0, -1] == pytest.approx(d[rows, best].sum())
    np.testing.assert_allclose(log.spent[0, -1], g[rows, best].sum() if shared else np.bincount(best, g[rows, best], m))
    for k, one in enumerate(shown):
        own = gh[rows[k]]
        np.testing.assert_array_equal(one[1], own[:, None] if shared else np.diag(own))
        if ahead:
            np.testing.assert_array_equal(one[2], dh[rows[k : k + ahead]])
            np.testing.assert_array_equal(one[3], np.array([s[1] for s in shown[k : k + ahead]]))


def test_what_does_not_fit_is_lost():
    log = played(query_routing([[1.0], [0.5], [0.25]], [[2.0], [2.0], [1.0]], [3.0]), greedy_quality())
    assert log.reward[0].tolist() == [1.0, 1.25] and log.spent[0, -1].tolist() == [3.0] and log.void[0, -1] == 1


def test_orders_are_uniform(seed):
    """3 queries, 6 orders, told by scores 1, 2, 4 of which a budget pays for the first two."""
    problem = query_routing([[1.0], [2.0], [4.0]], np.ones((3, 1)), [2.0], order="random")
    often = np.unique(played(problem, greedy_quality(), seed, 3000, "rows").reward[:, -1], return_counts=True)
    assert often[0].tolist() == [3.0, 5.0, 6.0] and np.all(abs(often[1] - 1000) < 5 * math.sqrt(3000 * 2 / 9))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"reward": [[0.5, math.nan]]}, r"reward: got nan at \[0, 1\]"),
        ({"reward": [[0.5, -0.1]]}, "reward: got -0.1"),
        ({"reward": np.zeros((0, 2))}, "reward: got an empty array"),
        ({"cost": [[1.0, -1.0]]}, "cost: got -1.0"),
        ({"cost": [[1.0]]}, r"cost: got shape \(1, 1\)"),
        ({"budget": [1.0]}, r"budget: got shape \(1,\)"),
        ({"budget": [1.0, -2.0]}, "budget: got -2.0"),
        ({"budget": [1.0, math.nan]}, "budget: got nan"),
        ({"estimated_reward": [[1.0]]}, "estimated_reward: got shape"),
        ({"estimated_cost": [[1.0, math.inf]]}, "estimated_cost: got inf"),
        ({"order": "randm"}, "did you mean 'random'"),
        ({"lookahead": -1}, "lookahead: got -1"),
        ({"lookahead": 2.5}, "lookahead: got 2.5"),
    ],
)
def test_wrong_arguments(options, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        query_routing(**{"reward": [[0.5, 0.6]], "cost": [[1.0, 2.0]], "budget": [3.0, 4.0], **options})
    assert "\n" not in str(caught.value)
