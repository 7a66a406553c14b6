"""Dynamic pricing: the law of a sale, one customer for all prices, and the same law as a bandit with knapsacks."""

import numpy as np
import pytest
from scipy import stats

from budgetsim import BudgetsimError, engine, folders
from budgetsim.draws import ROUND, nature_key
from budgetsim.model import Ended
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.problems.dynamic_pricing import dynamic_pricing
from budgetsim.problems.knapsack_bandit import knapsack_bandit

from ..strategies import planned

PRICE, DEMAND = [0.2, 0.5, 0.8], [0.9, 0.5, 0.25]


def sales(problem, seed, rounds=4000):
    """(rounds, K) money and units."""
    n = problem.spec.n_actions
    money, units = np.zeros((rounds, n)), np.zeros((rounds, n, 1))
    for t in range(rounds):
        for k in range(n):
            money[t, k] = problem.step(problem.instance, None, None, k, None, t, nature_key(seed, 0, t, ROUND), units[t, k], None)
    return money, units[:, :, 0]


def test_a_sale_earns_the_price_and_takes_a_unit(seed):
    money, units = sales(dynamic_pricing(PRICE, DEMAND, 100, 1000), seed)
    np.testing.assert_array_equal(money, units * PRICE)
    assert np.all(np.abs(units.mean(axis=0) - DEMAND) <= 4 * np.sqrt(np.array(DEMAND) * (1 - np.array(DEMAND)) / 4000))
    assert np.all(np.diff(units, axis=1) <= 0)  # one customer: who buys at a price buys at every price with more demand


def as_knapsack(price, demand, supply, horizon):
    outcomes = [[[0.0, 0.0], [p, 1.0]] for p in price]
    return knapsack_bandit(budget=[supply], horizon=horizon, outcomes=outcomes, probabilities=[[1 - q, q] for q in demand])


def test_it_is_a_bandit_with_knapsacks(seed):
    """The same means exactly; the same total reward of a rule in law, at level 1e-4. Control: another demand is told apart."""
    shop, same, other = dynamic_pricing(PRICE, DEMAND, 150, 600), as_knapsack(PRICE, DEMAND, 150, 600), as_knapsack(PRICE, [0.9, 0.5, 0.3], 150, 600)
    np.testing.assert_array_equal(shop.instance.mean_reward, np.array(PRICE) * DEMAND)
    for a, b in zip(shop.instance[2:], same.instance[:3], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-15)
    assert folders.bind(fluid_lp, shop).value == pytest.approx(folders.bind(fluid_lp, same).value, rel=1e-12)
    earned = [engine.play_block(engine.prepare(p, primal_dual()), seed + i, 0, 800, [600]).reward[:, -1] for i, p in enumerate((shop, same, other))]
    assert stats.ks_2samp(*np.round(earned[:2], 9)).pvalue > 1e-4 and stats.ttest_ind(*earned[:2], equal_var=False).pvalue > 1e-4
    assert stats.ttest_ind(earned[0], earned[2], equal_var=False).pvalue < 1e-4


def test_it_ends_before_the_sale_without_stock(seed):
    log = engine.play_block(engine.prepare(dynamic_pricing([0.5], [0.5], 20, 200), planned(0), path="python"), seed, 0, 5, [200], trace=True)
    assert np.all(log.spent[:, -1, 0] == 20) and np.all(log.ended == Ended.RESOURCE) and np.all(log.reward[:, -1] == 10.0)


def test_defaults():
    shop = dynamic_pricing()
    np.testing.assert_allclose(shop.spec.public.price, np.arange(1, 10) / 10)
    np.testing.assert_allclose(shop.instance.demand, 1 - np.arange(1, 10) / 10)
    assert shop.spec.budget.tolist() == [200.0] and shop.spec.idle


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: dynamic_pricing([]), "price: got an empty array"),
        (lambda: dynamic_pricing([-0.1]), "price: got -0.1"),
        (lambda: dynamic_pricing([1.5]), "demand: got None with a price of 1.5"),
        (lambda: dynamic_pricing([0.5, 0.6], [0.5]), "demand: got shape"),
        (lambda: dynamic_pricing([0.5], [1.0 + 1e-6]), "demand: got 1.000001"),
        (lambda: dynamic_pricing(supply=-1), "supply: got -1"),
        (lambda: dynamic_pricing(supply=np.nan), "supply: got nan"),
        (lambda: dynamic_pricing(horizon=0), "horizon: got 0"),
        (lambda: dynamic_pricing(idle=1), "idle: got 1"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)
