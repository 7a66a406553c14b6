"""The vending machine's optimum: an enumeration finds the same, its plan earns it, and no rule beats the bound for several items."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError, engine
from budgetsim.model import Ended
from budgetsim.optima.vending_dp import vending_bound, vending_dp
from budgetsim.policies.base_stock import base_stock
from budgetsim.policies.vending_plan import vending_plan
from budgetsim.problems.vending_machine import vending_machine
from tests.references import vending_tree

WEEK = [1.0, 0.0, 1.5, 0.5, 1.0, 1.0, 2.0]


def tiny(rng):
    """Arguments of a tiny machine: base, reference, e, cost, capacity, cash, fee, lead, days, limit, and prices."""
    return (float(rng.uniform(0.2, 3)), int(rng.integers(1, 5)), float(rng.uniform(0, 3)), int(rng.integers(1, 4)), int(rng.integers(1, 3)), int(rng.integers(0, 9)),
            int(rng.integers(0, 5)), int(rng.integers(1, 4)), int(rng.integers(2, 5)), int(rng.integers(1, 4)), sorted(set(rng.integers(1, 8, 2).tolist())))  # fmt: skip


def solve(base, reference, e, cost, capacity, cash, fee, lead, days, limit, prices, **more):
    return vending_dp(base, reference, e, cost, capacity, cash, fee, lead, days, limit, prices=prices, **more)


def test_an_enumeration_finds_the_same():
    """60 tiny machines, both objectives, collecting or not on each day: equal to 1e-10 and within the interval. The control, fees that are owed, differs."""
    rng, off = np.random.default_rng(1), 0
    for _ in range(60):
        given = tiny(rng)
        week = {"factor": lambda t: WEEK[t % 7]}
        for survival in (False, True):
            found = solve(*given, weekday=WEEK, objective="survival" if survival else "worth")
            value = vending_tree.best(*given, survival, **week) - (0 if survival else given[5])
            assert abs(found.value - value) < 1e-10 and found.lower - 1e-12 <= value <= found.upper + 1e-12
            off += abs(vending_tree.best(*given, survival, **week, always_pays=True) - (0 if survival else given[5]) - value) > 1e-6
    assert off > 20


def test_its_plan_earns_it(seed):
    """The plan played by the engine has the mean of the table and its probability of survival, 4 standard errors; the bound for several items is above."""
    base, e, fixed = [1.2], [1.8], {"reference_price": 4, "unit_cost": 2, "capacity": 3, "cash": 5, "fee": 1, "lead_time": 2, "horizon": 30, "unpaid_limit": 3}
    problem = vending_machine(base, [4], e, [2], [3], 2, 5, 1, 3, horizon=30)
    for objective in ("worth", "survival"):
        best = vending_dp(base, elasticity=e, **fixed, objective=objective)
        log = engine.play_block(engine.prepare(problem, vending_plan(base, e, objective)), seed, 0, 20_000, np.array([30]))
        got = log.reward[:, -1] if objective == "worth" else (log.ended == Ended.HORIZON).astype(float)
        print(objective, best.value, got.mean())
        assert abs(got.mean() - best.value) <= 4 * got.std() / math.sqrt(got.size)
        assert abs(got.mean() - best.value * 1.05 - 0.05) > 4 * got.std() / math.sqrt(got.size), "control: a value that is off"


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1))
def test_a_fee_more_never_lowers_survival(seed):
    """Exact: S(c + fee) >= S(c). The richer pays one fee more, once, and is the poorer from then on. With a coin more it may fall, see below."""
    given = tiny(np.random.default_rng(seed))
    survival = solve(*given, weekday=WEEK, objective="survival").plan.value[0, :, 0]
    assert np.all(survival[given[6] :] >= survival[: survival.size - given[6]] - 1e-12) and survival[-1] >= 1.0 - 1e-12


def test_a_coin_more_may_ruin():
    """The counterexample of tests/problems/test_vending_machine.py, by the table and by enumeration: survival 1 with 3 coins, 0 with 4."""
    given = (100.0, 2, 0.0, 1, 1, 3, 3, 1, 3, 2, [2])
    assert solve(*given, objective="survival").plan.value[0, :8, 0].round(12).tolist() == [0, 0, 1, 1, 0, 1, 1, 1]
    assert [round(vending_tree.best(*given[:5], cash, *given[6:], True), 12) for cash in range(8)] == [0, 0, 1, 1, 0, 1, 1, 1]


def test_the_bound_is_above_the_optimum():
    """One item, 60 tiny machines: the bound is at least the exact optimum for every cash, and with enough cash and sales that pay the fee it is near.
    Control: with the fee charged every day, which forgets that an unpaid fee is forgiven, it is not a bound."""
    rng, broken = np.random.default_rng(2), 0
    for _ in range(60):
        base, reference, e, cost, capacity, cash, fee, lead, days, limit, prices = tiny(rng)
        best = vending_dp(base, reference, e, cost, capacity, cash, fee, lead, days, limit, prices=prices)
        bound = vending_bound([base], [reference], [e], [cost], [capacity], cash, fee, lead, days, prices=prices)
        assert bound.lower <= best.upper and best.lower <= bound.upper
        broken += best.lower > bound.plan.alone[0] - fee * days + 1e-9
    assert broken > 5


def test_with_plenty_of_cash_the_bound_is_the_optimum():
    """40 tiny machines: lower = upper to rounding, and it is what the exact program finds; a coin less than enough closes nothing."""
    rng = np.random.default_rng(3)
    for _ in range(40):
        base, reference, e, cost, capacity, _, fee, lead, days, limit, _ = tiny(rng)
        best = vending_dp(base, reference, e, cost, capacity, 500, fee, lead, days, limit)
        bound = vending_bound([base], [reference], [e], [cost], [capacity], 500, fee, lead, days)
        two = vending_bound([base] * 2, [reference] * 2, [e] * 2, [cost] * 2, [capacity] * 2, 500, fee, lead, days)
        assert bound.upper - bound.lower < 1e-9 and abs(best.value - bound.value) < 1e-9
        assert abs(two.value - 2 * bound.value - fee * days) < 1e-9, "two of them pay one fee"
        poor = vending_bound([base], [reference], [e], [cost], [capacity], fee * days + cost * capacity - 1, fee, lead, days, prices=[cost, cost + 3])
        assert fee == 0 or poor.upper > poor.lower + 1e-9


def test_no_rule_beats_the_bound(seed):
    """Two items: the mean worth of base stock is below it, and here below what the best rule surely gets too; the control drops an item from the bound."""
    law = {"base_demand": [1.2, 0.7], "reference_price": [6, 10], "elasticity": [2.0, 1.6], "unit_cost": [2, 4], "capacity": [8, 6]}
    bound = vending_bound(**law, cash=400, fee=3, lead_time=2, horizon=70)
    runs = engine.run(
        vending_machine(**law, cash=400, fee=3, lead_time=2, horizon=70), base_stock(law["base_demand"], law["elasticity"]), replications=1000, seed=seed
    )
    mean = runs.reward.values[:, -1].mean()
    print(bound.lower, mean, bound.upper)
    assert mean < bound.lower < bound.upper and mean > bound.plan.charged.min()


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"base_demand": [1.0, 2.0]}, "base_demand: got shape (2,); allowed: shape (1,)"),
        ({"cash": 0.5}, "cash: got 0.5"),
        ({"prices": [3, 2]}, "prices: got some that are not whole or not increasing"),
        ({"prices": [1.5]}, "prices: got some that are not whole"),
        ({"objective": "wealth"}, "objective: got 'wealth'"),
        ({"capacity": 200, "lead_time": 5}, "capacity, lead_time: got 200 units and 5 days"),
        ({"fee": 10**6, "horizon": 1000}, "horizon, fee, capacity: got"),
    ],
)
def test_a_wrong_argument_gets_one_line(wrong, line):
    given = {"base_demand": 1.0, "reference_price": 4, "elasticity": 2.0, "unit_cost": 2, "capacity": 3, "cash": 4, "fee": 1, "lead_time": 1, "horizon": 10}
    with pytest.raises(BudgetsimError) as error:
        vending_dp(**(given | wrong))
    assert str(error.value).startswith(line) and "\n" not in str(error.value)
