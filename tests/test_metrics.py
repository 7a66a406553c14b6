"""Scores, regret and ratios: exact small cases, both kinds of result, and what must be refused."""

import math
import warnings

import numpy as np
import pytest
import xarray
from hypothesis import given
from hypothesis import strategies as st

from budgetsim import draws, intervals, metrics, run
from budgetsim.arguments import BadType, BadValue
from budgetsim.model import ARM, RUIN, Optimum, Problem, Spec
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.uniform import uniform
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit

SURE = stochastic_bandit(bernoulli([1.0, 0.0]), 100)
COINS = stochastic_bandit(bernoulli([0.7, 0.4]), 100)
SHOP = knapsack_bandit([1.0, 1.0], [[1.0], [0.5]], [20.0], 100)


def exactly(value, kind="certified", **more):
    return Optimum("the optimum", kind, value, value, value, **more)._replace(**more)


def made(score, horizon=10, capped=1, **attrs):
    """A result with these final scores."""
    score = np.asarray(score, float)[:, None]
    known = {"problem": "p", "policy": "q", "objective": "reward", "capped": capped, "horizon": horizon, "law": "STOP", "seed": "0", "replications": len(score)}
    at = ("replication", "checkpoint")
    found = {"reward": (at, score, {"units": "reward"}), "spent": ((*at, "resource"), np.zeros((*score.shape, 0)))}
    return xarray.Dataset(found, {"checkpoint": [horizon]}, known | attrs)


# ------------------------------------------------------------------------------------------------ exact cases
def test_regret_grows_linearly_where_no_budget_can_bind():
    runs = run(SURE, fixed_arm(1), replications=60, seed=1, checkpoints=[10, 50])
    table = metrics.regret(runs, exactly(100.0))
    assert table["mean"].values.tolist() == table.low.values.tolist() == table.high.values.tolist() == [10.0, 50.0, 100.0]
    assert table.regret.dims == ("replication", "checkpoint") and table.regret.shape == (60, 3)
    assert metrics.regret(runs, exactly(100.0), pseudo=True)["mean"].values.tolist() == [10.0, 50.0, 100.0]


def test_regret_of_a_budgeted_run_is_a_number_at_the_horizon():
    runs = run(SHOP, fixed_arm(0), replications=60, seed=1, checkpoints=[10])
    table = metrics.regret(runs, exactly(40.0))
    assert table.checkpoint.values.tolist() == [100]
    assert runs.reward.values[0, -1] + table["mean"].values[0] == 40.0
    with pytest.raises(BadValue, match="law STOP"):
        metrics.regret(runs, exactly(40.0), pseudo=True)


def test_the_score_is_the_objective():
    runs = run(SHOP._replace(objective="reward - cost"), fixed_arm(0), replications=3, seed=1)
    assert np.array_equal(metrics.score(runs).values, (runs.reward - runs.spent.sum("resource")).values)
    assert (metrics.score(runs).values != runs.reward.values).any()
    lossy = run(SURE._replace(objective="-(loss + cost)"), fixed_arm(1), replications=3, seed=1, checkpoints=[10])
    assert (metrics.score(lossy).values == -1.0).all()  # recommends the arm that pays 1 less
    assert metrics.regret(lossy, exactly(0.0))["mean"].values.tolist() == [1.0]  # no curve: a loss does not grow with the rounds


def test_ratios_by_hand(recwarn):
    runs, each = made([1.0, 4.0]), Optimum("hindsight", "certified", np.array([2.0, 4.0]), 0.0, 9.0)
    assert metrics.reward_ratio(runs, each).estimate == 5.0 / 6.0
    assert metrics.factor(runs, each).estimate == 6.0 / 5.0
    assert metrics.pathwise_ratio(runs, each).estimate == 0.75  # and not 5/6
    assert metrics.reward_ratio(runs, exactly(4.0)).estimate == metrics.pathwise_ratio(runs, exactly(4.0)).estimate == 0.625
    assert metrics.regret(runs, each)["mean"].values.tolist() == [0.5]
    assert all("few replications" in str(w.message) for w in recwarn)


def test_pairing_pays(seed):
    luck = np.random.default_rng(seed).normal(10.0, 3.0, 400)
    runs = made(0.8 * luck)
    paired = metrics.reward_ratio(runs, exactly(luck))
    control = metrics.reward_ratio(runs, exactly(np.roll(luck, 1)))  # somebody else's optimum
    assert paired.high - paired.low < 0.1 * (control.high - control.low)
    assert abs(paired.estimate - 0.8) < 1e-12 and control.low < 0.8 < control.high


def test_a_statistical_optimum_widens_the_interval(seed):
    runs = made(np.random.default_rng(seed).normal(10.0, 1.0, 400))
    rough = Optimum("Monte Carlo", "statistical", 20.0, 19.0, 22.0, level=0.99)
    own = intervals.mean(runs.reward.values[:, 0], 0.96)
    table = metrics.regret(runs, rough)
    assert table.attrs["level"] == pytest.approx(0.95)
    assert (table.low.item(), table.high.item()) == (19.0 - own.high, 22.0 - own.low)
    ratio = metrics.reward_ratio(runs, rough)
    assert (ratio.low, ratio.high) == (own.low / 22.0, own.high / 19.0)
    assert metrics.reward_ratio(runs, rough._replace(level=0.95)).level == pytest.approx(0.925)  # it says what is left
    unbounded = metrics.reward_ratio(runs, rough._replace(lower=-1.0))
    assert (unbounded.low, unbounded.high) == (-math.inf, math.inf)


def test_factor_is_the_inverse_and_may_be_unbounded(seed):
    runs = made(np.random.default_rng(seed).normal(10.0, 1.0, 400))
    ratio, factor = metrics.reward_ratio(runs, exactly(20.0)), metrics.factor(runs, exactly(20.0))
    assert (factor.low, factor.high) == (1.0 / ratio.high, 1.0 / ratio.low)
    nothing = metrics.factor(made(np.random.default_rng(seed).normal(0.0, 1.0, 400)), exactly(20.0))
    assert (nothing.low, nothing.high) == (-math.inf, math.inf)


def test_simple_regret():
    table = metrics.simple_regret(run(COINS, fixed_arm(1), replications=60, seed=1, checkpoints=[10]))
    assert np.allclose(table["mean"], 0.3) and table.attrs["pointwise"]


def gambler_step(instance, state, view, action, left, t, key, cost, seen):
    cost[0] = 1.0 - 2.0 * draws.bernoulli(key, 0, 0.6)
    return -cost[0]


def test_ruin_of_a_gambler(seed):
    """Known answer R1: from 5, at p = .6, ruin has probability (2/3)**5; by round 500 all but 1e-6 of it has come."""
    gambler = Problem(Spec(ARM, 1, 500, budget=np.array([5.0]), law=RUIN), SURE.instance, gambler_step)
    runs = run(gambler, fixed_arm(0), replications=4000, seed=seed, checkpoints=[500])
    found = metrics.ruin_probability(runs, 1 - 1e-6)
    assert found.low < (2.0 / 3.0) ** 5 < found.high
    assert metrics.ruin_probability(runs).high < (2.0 / 3.0) ** 4  # the control: the answer from 4
    assert metrics.ended(runs).sel(cause="ruin").item() == found.estimate
    assert metrics.ended(runs).sum().item() == 1.0
    kept = run(gambler, fixed_arm(0), replications=4000, seed=seed, checkpoints=[500], keep="summary")
    assert metrics.ruin_probability(kept, 1 - 1e-6) == found


# ------------------------------------------------------------------------------------------------ summaries
@pytest.mark.parametrize(
    "problem", [COINS, SHOP, SHOP._replace(objective="reward - cost"), COINS._replace(objective="-(loss + cost)")], ids=lambda p: f"{p.name} {p.objective}"
)
def test_summaries_say_the_same(problem, seed):
    kept, runs = (run(problem, uniform(), replications=300, seed=seed, keep=keep, checkpoints=[10]) for keep in ("summary", "all"))
    for name in ("mean", "low", "high"):
        ours, theirs = (metrics.regret(r, exactly(70.0))[name].values for r in (kept, runs))
        assert np.allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    a, b = metrics.reward_ratio(kept, exactly(70.0)), metrics.reward_ratio(runs, exactly(70.0))
    assert np.allclose(a[:3], b[:3], rtol=1e-12) and a.method == b.method
    assert metrics.ended(kept).equals(metrics.ended(runs))
    if problem.loss is not None:
        assert np.allclose(metrics.simple_regret(kept)["mean"], metrics.simple_regret(runs)["mean"])
    if not runs.attrs["capped"] and problem.objective == "reward":
        assert np.allclose(*(metrics.regret(r, exactly(70.0), pseudo=True)["mean"] for r in (kept, runs)))


# ------------------------------------------------------------------------------------------------ properties
@given(st.lists(st.tuples(st.floats(1, 100), st.floats(1, 100)), min_size=2, max_size=20), st.sampled_from([0.25, 2.0, 1024.0]))
def test_units_do_not_matter(pairs, scale):
    score, value = np.array(pairs).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        once = metrics.reward_ratio(made(score), exactly(value)), metrics.regret(made(score), exactly(value))
        scaled = metrics.reward_ratio(made(scale * score), exactly(scale * value)), metrics.regret(made(scale * score), exactly(scale * value))
    assert np.array_equal(once[0][:3], scaled[0][:3], equal_nan=True)  # a power of two: to the bit
    assert np.array_equal(once[1].low * scale, scaled[1].low) and np.array_equal(once[1].regret * scale, scaled[1].regret)
    assert np.isclose(once[1]["mean"].item(), (1.0 - once[0].estimate) * value.mean(), atol=1e-9)


# ------------------------------------------------------------------------------------------------ refusals
ONCE = made([1.0, 2.0])
KEPT = made([1.0, 2.0]).mean("replication", keep_attrs=True)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: metrics.regret(np.zeros(3), exactly(1.0)), "runs: got ndarray"),
        (lambda: metrics.regret(ONCE, 3.0), "against: got float"),
        (lambda: metrics.regret(ONCE, exactly), "against: got exactly"),
        (lambda: metrics.regret(ONCE, exactly(math.nan)), "a finite number"),
        (lambda: metrics.regret(ONCE, exactly(np.ones(3))), "has 3 values; allowed: 2"),
        (lambda: metrics.regret(ONCE, exactly(1.0, "statistical")), "with level 0.0"),
        (lambda: metrics.regret(ONCE, exactly(1.0), level=1.0), "level: got 1.0"),
        (lambda: metrics.regret(ONCE, exactly(1.0), pseudo=1), "pseudo: got 1"),
        (lambda: metrics.regret(made([1.0, 2.0], capped=0), exactly(1.0), pseudo=True), "has no pseudo_reward"),
        (lambda: metrics.regret(made([1.0], capped=0, objective="reward - cost"), exactly(1.0), pseudo=True), "objective 'reward - cost'"),
        (lambda: metrics.reward_ratio(ONCE, exactly(0.0)), "a positive one, for a ratio"),
        (lambda: metrics.pathwise_ratio(ONCE, exactly(np.array([1.0, 0.0]))), "in replication 1"),
        (lambda: metrics.simple_regret(ONCE), "has no loss"),
        (lambda: metrics.ruin_probability(run(SHOP, fixed_arm(0), replications=2, seed=1)), "plays under law STOP"),
        (lambda: metrics.score(KEPT), "keep='summary' kept the moments of score"),
        (lambda: metrics.reward_ratio(KEPT, exactly(np.ones(2))), "keep='summary' kept none"),
        (lambda: metrics.simple_regret(KEPT), "has no loss"),
    ],
    ids=range(17),
)
def test_refusals_are_one_line(call, says):
    with pytest.raises((BadValue, BadType)) as caught:
        call()
    assert says in str(caught.value) and "\n" not in str(caught.value) and "allowed" in str(caught.value)
