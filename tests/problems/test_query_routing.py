"""Query routing: what is shown, what is charged, in which order; and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import REQUEST, BudgetsimError, Nothing, Policy
from budgetsim.optima.hindsight_lp import hindsight_lp
from budgetsim.policies.batch_split import batch_split
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.policies.greedy_cost import greedy_cost
from budgetsim.policies.greedy_quality import greedy_quality
from budgetsim.policies.port import port
from budgetsim.policies.random_option import random_option
from budgetsim.problems.query_routing import queries_from_dataframe, query_routing

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


# ------------------------------------------------------------------------------------------------ what a user may bring
RULES = (
    port(0.2),
    port(0.2, null_option=False),
    port(1.0),
    batch_split(4),
    batch_split(4, "linear"),
    greedy_cost(),
    greedy_quality(),
    random_option(),
    dual_descent(),
)


@pytest.mark.parametrize(
    ("case", "models", "cost", "budget", "most"),
    [
        ("budgets of zero pay for nothing", 3, None, [0.0] * 3, 0.0),
        ("one model without money", 3, None, [0.0, 2.0, 3.0], None),
        ("a model that can never be paid", 3, [1e9, 1.0, 1.0], [5.0, 2.0, 3.0], None),
        ("one model, its own budget", 1, None, [3.0], None),
        ("one model, one purse", 1, None, 3.0, None),
        ("calls that cost nothing, and no money", 3, [0.0, 0.0, 0.0], [0.0] * 3, None),
        ("no caps", 3, None, [math.inf] * 3, None),
        ("costs of 1e-12", 3, [1e-12] * 3, [1e-12, 2e-12, 3e-12], None),
    ],
)
def test_every_rule_plays_what_is_at_the_edge(case, models, cost, budget, most):
    """Budgets hold, nothing is paid for a model that cannot be, and no rule is above the bound; the bound is 0 where nothing can be had."""
    rng = np.random.default_rng(5)
    d, g = rng.random((20, models)), rng.uniform(0.5, 1.5, (20, models)) * (1.0 if cost is None else np.array(cost))
    problem = query_routing(d, g, budget, lookahead=4)
    best = hindsight_lp(d, problem.instance.cost, problem.spec.budget)
    assert most is None or best.upper <= most + 1e-9
    for rule in RULES:
        log = played(problem, rule, path="python")
        assert np.all(log.spent[0, -1] <= problem.spec.budget * (1 + 1e-9)) and log.rounds[0, -1] == 20, (case, rule.name)
        assert log.reward[0, -1] <= best.upper * (1 + 1e-9) + 1e-9 and np.isfinite(log.reward).all(), (case, rule.name)
        paid = log.pulls[0, -1] * ((g > np.broadcast_to(np.atleast_1d(budget), (models,))).all(axis=0))
        assert paid.sum() == 0, (case, rule.name)


def test_misleading_estimates_cost_reward_and_never_money():
    """Estimates of nothing, of everything and a trillion times too large."""
    rng = np.random.default_rng(6)
    d, g, budget = rng.random((20, 3)), rng.uniform(0.5, 1.5, (20, 3)), np.array([1.0, 2.0, 3.0])
    for dh, gh in ((d, 0 * g), (0 * d, g), (0 * d, 0 * g), (1e12 * d, 1e12 * g)):
        for rule in RULES:
            log = played(query_routing(d, g, budget, dh, gh, lookahead=4), rule, path="python")
            assert np.all(log.spent[0, -1] <= budget * (1 + 1e-12)) and np.isfinite(log.reward).all()


LOG = {
    "a": [0.9, 0.8, 0.7],
    "b": [0.5, 0.4, 0.3],
    "a_usd": [3.0, math.nan, 2.0],
    "b_usd": [1.0, 1.0, -1.0],
    "a_guess": [0.8, 0.8, 0.8],
    "b_guess": [0.1, math.inf, 0.1],
}


def test_a_log_as_a_table():
    """What is left is the problem of the rows that are left; what was left out is said, with the first reason."""
    problem, dropped = queries_from_dataframe(LOG, ["a", "b"], ["a_usd", "b_usd"], [3.0, 1.0], ["a_guess", "b_guess"], order="random", lookahead=2)
    assert dropped.rows.tolist() == [1, 2] and dropped.reasons == ("a_usd is missing", "b_usd is negative")
    same = query_routing([[0.9, 0.5]], [[3.0, 1.0]], [3.0, 1.0], [[0.8, 0.1]], order="random", lookahead=2)
    assert problem.name == same.name and all(np.array_equal(x, y) for x, y in zip(problem.instance, same.instance, strict=True))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cost": ["a_usd", "c_usd"]}, "cost column: got 'c_usd'; allowed: a, b, .*did you mean"),
        ({"cost": ["a_usd"]}, "cost: got .'a_usd'.; allowed: a list of column names"),
        ({"cost": None}, "cost: got None"),
        ({"reward": "a"}, "reward: got 'a'"),
        ({"reward": []}, "reward: got"),
        ({"estimated_cost": ["a_usd", "b_usdd"]}, "estimated_cost column: got 'b_usdd'.*did you mean 'b_usd'"),
        ({"df": {**LOG, "b": ["x", "y", "z"]}}, "reward: got something"),
        ({"df": {**LOG, "b": [1.0]}}, r"reward: got columns of \[1, 3\] rows"),
        ({"df": {**LOG, "a_usd": [1.0], "b_usd": [1.0]}}, r"df: got columns of \[1, 3\] rows"),
        ({"df": {k: v[1:] for k, v in LOG.items()}}, "df: got no row that can be played .a_usd is missing in the first"),
        ({"df": {k: [] for k in LOG}}, "df: got no row that can be played .it is empty"),
        ({"budget": [1.0]}, "budget: got shape"),
    ],
)
def test_wrong_logs(options, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        queries_from_dataframe(**{"df": LOG, "reward": ["a", "b"], "cost": ["a_usd", "b_usd"], "budget": [3.0, 1.0], **options})
    assert "\n" not in str(caught.value)
