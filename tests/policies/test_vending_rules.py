"""Vendors: the price of the elasticity, the newsvendor's quantity, and each rule beside its twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize_scalar

from budgetsim import BudgetsimError, engine, ucb1
from budgetsim.model import Ended
from budgetsim.policies.base_stock import base_stock
from budgetsim.policies.meltdown import meltdown
from budgetsim.policies.myopic_vendor import myopic_vendor
from budgetsim.policies.random_vendor import random_vendor
from budgetsim.policies.vending_plan import vending_plan
from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit
from budgetsim.problems.vending_machine import vending_machine
from budgetsim.shared.vending import best_price, day_factor, newsvendor
from tests.references import vending as twin
from tests.references import vending_rules

LEVEL = 1e-4
DAYS, RUNS = 70, 2000
BASE, ELASTICITY = [1.2, 0.7], [2.0, 1.6]
SHOP = vending_machine(BASE, [6, 10], ELASTICITY, [2, 4], [8, 6], 2, 40, 6, 10, [1, 0.6, 0.8, 1, 1.2, 1.6, 1.4], horizon=DAYS)


@settings(max_examples=200)
@given(st.integers(1, 200), st.floats(1.05, 6.0), st.integers(1, 900))
def test_the_price_is_that_of_the_elasticity(cost, e, limit):
    """Price optimum matches the elasticity formula: a numerical maximiser of (p - c) p^-e finds c e / (e - 1); the whole price is the best of all, by enumeration."""
    exact = cost * e / (e - 1)
    found = minimize_scalar(lambda y: -np.log(np.expm1(y)) + e * y, bounds=(1e-9, 8.0), method="bounded", options={"xatol": 1e-10})  # y = log(p / c)
    assert abs(np.log(exact / cost) - found.x) < 1e-6
    p = np.arange(1, limit + 1.0)
    margin = (p - cost) * p**-e
    assert margin[int(best_price(cost, e, limit)) - 1] >= margin.max() - 1e-12 * abs(margin.max())


def test_the_quantity_is_the_newsvendors():
    """Against scipy's quantile, and clipped."""
    for mean in (0.1, 1.0, 7.3, 40.0):
        for fractile in (0.0, 0.2, 0.5, 0.9, 0.999):
            assert newsvendor(mean, fractile, 1e9) == max(stats.poisson.ppf(fractile, mean), 0.0)
    assert newsvendor(7.3, 0.999, 5.0) == 5.0


def ours(rule, seed):
    log = engine.play_block(engine.prepare(SHOP, rule), seed, 0, RUNS, np.array([DAYS]))
    return log.reward[:, -1], np.where(log.ended == Ended.PROBLEM, log.rounds[:, -1], DAYS + 1)


def theirs(rule, seed, hazard=lambda t: 0.0, **constants):
    m = SHOP.instance.machine
    machine = {"base": np.array(BASE), "reference": m.reference_price, "e": np.array(ELASTICITY), "cost": m.unit_cost, "capacity": m.capacity, "limit": m.price_limit, "lead": m.lead_time,
                   "fee": m.fee, "unpaid": m.unpaid_limit}  # fmt: skip
    f = np.array([day_factor(m.weekday, m.season, t) for t in range(DAYS + 9)])
    return twin.simulate(lambda *seen: vending_rules.choose(rule, *seen, **constants), machine, 40, DAYS, f, RUNS, np.random.default_rng(seed), hazard)


def p_values(a, b):
    """Of equal mean worth, and of equal days of failure."""
    ends = [stats.ttest_ind(x, y, equal_var=False).pvalue if np.ptp(np.append(x, y)) else 1.0 for x, y in zip(a, b, strict=True)]
    return min(ends)


HAZARD, GROWTH = 0.01, 0.05
CASES = {
    "base_stock": (base_stock(BASE, ELASTICITY), {}, {"salvage": 0.0}),
    "myopic_vendor": (myopic_vendor(BASE, ELASTICITY), {}, None),
    "random_vendor": (random_vendor(), {}, None),
    "meltdown": (meltdown(base_stock(BASE, ELASTICITY), HAZARD, GROWTH), {"hazard": lambda t: HAZARD * (1 + GROWTH * t)}, {"hazard": lambda t: HAZARD}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_does_what_its_twin_does(name, seed):
    """Two samples of worth and of days of failure at level 1e-4; where there is a constant, the same test rejects a wrong one; else another rule."""
    rule, given, wrong = CASES[name]
    vendor = "base_stock" if name == "meltdown" else name
    mine = ours(rule, seed)
    print(name, mine[0].mean(), (mine[1] <= DAYS).mean())
    assert p_values(mine, theirs(vendor, seed, **given)) > LEVEL
    assert p_values(mine, theirs(vendor if wrong else "base_stock", seed, **(wrong or {}))) < LEVEL


def test_a_lost_agent_does_nothing():
    """With hazard 1 nothing is ever done; with recovery 1 every second day."""
    lost = engine.run(SHOP, meltdown(hazard=1.0), replications=2, seed=1, path="python", trace=True)
    assert not lost.action.values[:, : 40 // 6 + 10].any() and lost.rounds.values[0, -1] == 40 // 6 + 10
    half = engine.run(SHOP, meltdown(hazard=1.0, recovery=1.0), replications=1, seed=1, path="python", trace=True).action.values[0]
    acts = half.any(axis=1)[:10]
    assert acts.tolist() == [False, True] * 5


def test_other_problems_are_declined():
    bandit = stochastic_bandit(bernoulli([0.4, 0.6]), horizon=10)
    for rule in (base_stock(BASE, ELASTICITY), myopic_vendor(BASE, ELASTICITY), random_vendor(), meltdown(), vending_plan([1.0], [2.0])):
        with pytest.raises(BudgetsimError, match="allowed: vending_machine"):
            rule.init(bandit.spec)
    with pytest.raises(BudgetsimError, match=r"base_demand: got shape \(3,\)"):
        base_stock([1, 2, 3], [1, 2, 3]).init(SHOP.spec)
    with pytest.raises(BudgetsimError, match="2 items; allowed: one"):
        vending_plan(BASE, ELASTICITY).init(SHOP.spec)
    for wrong in (
        lambda: meltdown(3),
        lambda: meltdown(ucb1()),
        lambda: meltdown(hazard=2),
        lambda: base_stock(BASE, ELASTICITY, reserve=-1),
        lambda: vending_plan(BASE, ELASTICITY, "wealth"),
    ):
        with pytest.raises(BudgetsimError):
            wrong()
