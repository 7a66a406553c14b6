"""The vending machine: money and units are all accounted for, nothing is sold that is not there, ten unpaid days are ten."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError, engine
from budgetsim.model import VECTOR, Ended, Nothing, Policy
from budgetsim.problems.vending_machine import vending_machine

SEEDS = st.integers(0, 2**32 - 1)


def play(problem, script, seed=1):
    """Plays script[t]; each day's (morning, action, evening), and the log."""
    diary, script = [], np.asarray(script, float)

    def act(memory, params, view, left, t, key, chosen):
        chosen[:] = script[t]
        diary.append([{name: np.array(v) for name, v in view._asdict().items()} | {"left": float(left[0])}, script[t]])

    def update(memory, params, view, action, outcome, t):
        diary[-1].append({name: np.array(v) for name, v in outcome.seen._asdict().items()} | {"reward": float(outcome.reward)})

    rule = Policy(VECTOR, lambda spec: Nothing(), act, update, name="scripted")
    return diary, engine.play_block(engine.prepare(problem, rule, "python"), seed, 0, 1, np.array([problem.spec.horizon]))


def machine(rng, **given):
    """A small machine and a script of anything that may be done."""
    k, days = int(rng.integers(1, 4)), 12
    made = {"base_demand": rng.uniform(0, 4, k), "reference_price": rng.integers(1, 9, k), "elasticity": rng.uniform(0, 3, k), "unit_cost": rng.integers(1, 6, k),
                "capacity": rng.integers(1, 7, k), "lead_time": int(rng.integers(1, 4)), "cash": int(rng.integers(0, 40)), "fee": int(rng.integers(0, 6)),
                "unpaid_limit": int(rng.integers(1, 5)), "weekday": rng.uniform(0, 2, 7), "horizon": days}  # fmt: skip
    problem = vending_machine(**(made | given))
    return problem, rng.integers(0, problem.spec.high + 1, (days, 2 * k + 1))


@settings(max_examples=200)
@given(SEEDS)
def test_money_and_units_are_accounted_for(seed):
    """Accounting identity, exact: cash + takings = start + sales - orders - fees; ordered = sold + stock + on its way; rewards sum to the change of net worth."""
    problem, script = machine(np.random.default_rng(seed))
    diary, log = play(problem, script, seed)
    m, k = problem.instance.machine, problem.instance.elasticity.size
    money, units, earned, unpaid = problem.instance.cash, np.zeros(k), 0.0, 0
    for morning, action, evening in diary:
        position = morning["stock"] + morning["pipeline"].sum(axis=1)
        assert morning["cash"] + morning["takings"] == money and morning["left"] == morning["cash"] + 1.0 and morning["unpaid"] == unpaid
        assert np.array_equal(position, units) and np.all(morning["pipeline"][:, -1] == 0.0)
        assert money + m.unit_cost @ position == problem.instance.cash + earned
        assert np.all(evening["sold"] <= morning["stock"]) and np.all(evening["ordered"] <= m.capacity - position)
        assert (
            evening["collected"] == (morning["takings"] if action[-1] else 0.0) and m.unit_cost @ evening["ordered"] <= morning["cash"] + evening["collected"]
        )
        money += np.where(action[:k] > 0, action[:k], morning["price"]) @ evening["sold"] - m.unit_cost @ evening["ordered"]
        assert evening["paid"] == (m.fee if money >= m.fee else 0.0)
        money -= evening["paid"]
        unpaid = 0 if evening["paid"] == m.fee else unpaid + 1
        earned += evening["reward"]
        units += evening["ordered"] - evening["sold"]
    assert log.reward[0, -1] == earned and log.spent[0, -1, 0] <= problem.instance.cash
    assert log.ended[0] == (Ended.PROBLEM if unpaid == m.unpaid_limit else Ended.HORIZON) and (len(diary) == 12 or unpaid == m.unpaid_limit)


@settings(max_examples=200)
@given(SEEDS)
def test_orders_are_cut_to_place_and_cash_item_after_item(seed):
    """Exact."""
    problem, script = machine(np.random.default_rng(seed))
    m, k = problem.instance.machine, problem.instance.elasticity.size
    for morning, action, evening in play(problem, script, seed)[0]:
        cash = float(morning["cash"][0] + evening["collected"][0])
        for i in range(k):
            units = min(action[k + i], m.capacity[i] - morning["stock"][i] - morning["pipeline"][i].sum(), cash // m.unit_cost[i])
            assert evening["ordered"][i] == units
            cash -= units * m.unit_cost[i]


def test_ten_unpaid_days_are_ten():
    """Nothing done: every fee that cash can pay is paid, and the tenth unpaid day in a row is the last; the ledger ends nothing."""
    for cash in (0, 1, 2, 7, 8):
        diary, log = play(vending_machine(cash=cash, fee=2, horizon=30), np.zeros((30, 9)))
        assert len(diary) == cash // 2 + 10 and log.ended[0] == Ended.PROBLEM and log.reward[0, -1] == -2 * (cash // 2)
    assert play(vending_machine(cash=0, fee=0, horizon=30), np.zeros((30, 9)))[1].ended[0] == Ended.HORIZON, "no fee, no end"


@pytest.mark.parametrize(("lead", "days"), [(9, 30), (10, 10)])
def test_a_paid_day_starts_the_count_again(lead, days):
    """All cash is spent on day 0. What comes after nine days saves the run, what comes after ten finds it ended."""
    script = np.zeros((30, 3))
    script[0] = 5, 9, 0
    diary, log = play(vending_machine([50.0], [5], [0.0], [2], [9], lead, 18, 2, horizon=30), script)
    assert len(diary) == days and log.ended[0] == (Ended.HORIZON if days == 30 else Ended.PROBLEM)
    assert [float(morning["unpaid"][0]) for morning, _, _ in diary[:11]] == [*range(10), 0.0][: min(days, 11)]


@settings(max_examples=200)
@given(SEEDS)
def test_a_fee_more_is_never_ruined_sooner(seed):
    """Exact, on the same days' demand: with so many whole fees more, and the same orders, paid in full by the poorer, ruin comes no sooner."""
    rng = np.random.default_rng(seed)
    fee, cash = int(rng.integers(1, 6)), int(rng.integers(0, 30))
    poor, script = machine(np.random.default_rng(seed), fee=fee, cash=cash)
    rich, _ = machine(np.random.default_rng(seed), fee=fee, cash=cash + fee * int(rng.integers(1, 5)))
    k = poor.instance.elasticity.size
    diary, log = play(poor, script, seed)
    for (_, _, evening), row in zip(diary, script, strict=False):
        row[k : 2 * k] = evening["ordered"]
    script[:, -1] = 1
    longer, other = play(rich, script, seed)
    assert len(longer) >= len(diary) and (log.ended[0] == Ended.PROBLEM or other.ended[0] == Ended.HORIZON)


def test_a_coin_more_may_ruin():
    """Ruin probability non-increasing in cash is false as written, whatever is played: nobody gives back the coin that makes a fee payable.

    Fee 3, two unpaid days are the end, three days; a unit costs 1 and sells for 2 on the day after, for sure. With 3 coins a unit is bought, 2 are left, which is an
    unpaid day; the day after there are 4, and the fee is paid. With 4 coins the fee is paid on day 0, whatever is bought: 1 or 0 are left, and never again 3.
    """

    def end(cash, *orders):
        return play(vending_machine([100.0], [2], [0.0], [1], [1], 1, cash, 3, 2, horizon=3), [[2, order, 1] for order in orders])[1].ended[0]

    assert end(3, 1, 0, 0) == Ended.HORIZON
    assert {end(4, *orders) for orders in itertools.product((0, 1), repeat=3)} == {Ended.PROBLEM}
    assert end(6, 1, 0, 0) == Ended.HORIZON, "a whole fee more does no harm"


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"base_demand": [-1.0, 1, 1, 1]}, "base_demand: got -1.0 at [0]"),
        ({"base_demand": []}, "base_demand: got an empty array"),
        ({"elasticity": [2.0]}, "elasticity: got shape (1,); allowed: shape (4,)"),
        ({"unit_cost": [1, 2, 3, 0]}, "unit_cost: got 0.0 at [3]"),
        ({"unit_cost": [1, 2, 3, 1.5]}, "unit_cost: got 1.5; allowed: whole numbers"),
        ({"capacity": [1, 2, 3, np.nan]}, "capacity: got nan at [3]"),
        ({"reference_price": "dear"}, "reference_price: got 'dear'; allowed: an array of numbers"),
        ({"price_limit": [8, 10, 16, 19]}, "price_limit: got 19 for item 3; allowed: at least its reference price, 20"),
        ({"price_limit": [10**12] * 4}, "price_limit: got takings of up to"),
        ({"lead_time": 0}, "lead_time: got 0; allowed: a whole number"),
        ({"cash": -1}, "cash: got -1; allowed: a whole number"),
        ({"cash": 0.5}, "cash: got 0.5; allowed: a whole number"),
        ({"fee": "2"}, "fee: got '2'; allowed: a whole number"),
        ({"unpaid_limit": 0}, "unpaid_limit: got 0; allowed: a whole number, at least 1"),
        ({"weekday": [1] * 6}, "weekday: got shape (6,); allowed: shape (7,)"),
        ({"season": [-1] * 12}, "season: got -1.0 at [0]"),
        ({"horizon": 0}, "horizon: got 0; allowed: a whole number, at least 1"),
    ],
)
def test_a_wrong_argument_gets_one_line(wrong, line):
    with pytest.raises(BudgetsimError) as error:
        vending_machine(**wrong)
    assert str(error.value).startswith(line) and "\n" not in str(error.value)
