"""Dynamic pricing: a limited supply of one product, a posted price for each customer, demand unknown."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, flag, number, whole
from ..draws import bernoulli
from ..model import ARM, STOP, Problem, Spec, Units


class Public(NamedTuple):
    price: np.ndarray


class Shop(NamedTuple):
    price: np.ndarray
    demand: np.ndarray
    mean_reward: np.ndarray
    mean_cost: np.ndarray
    largest_cost: np.ndarray


def step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    sold = bernoulli(key, 0, instance.demand[action])
    cost[0] = sold
    return sold * instance.price[action]


def expected(instance, state, view, action, t):
    return instance.mean_reward[action] if action >= 0 else 0.0


def dynamic_pricing(price: Any = None, demand: Any = None, supply: Any = None, horizon: Any = 1000, idle: bool = True) -> Problem:
    """One customer a round is offered one of K prices and buys, or not; a sale earns the price and takes one unit.

    The customer of a round buys at price p_k with probability demand[k]. What one customer would have said to other prices
    is one draw: whoever buys at some price buys at every price with more demand. When nothing is left the run ends before
    the next sale (law STOP). It is a bandit with knapsacks: mean reward p_k demand[k], mean cost demand[k].

    Parameters
    ----------
    price : (K,) >= 0, reward for one unit; None for .1, .2, ..., .9. Most rules expect prices of at most 1.
    demand : (K,) in [0, 1], the probability of a sale at each price; None for 1 - price.
    supply : units, >= 0; None for a fifth of the horizon.
    horizon : customers, at least 1.
    idle : whether the shop may be closed for a round (action -1).

    Returns
    -------
    Problem of kind ARM, action k being price[k]; prices are public. `instance.mean_reward` (K,), `instance.mean_cost`
    (K, 1) and `instance.largest_cost` (1,) are what optima of bandits with knapsacks read.

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range, prices above 1 without a demand.

    Examples
    --------
    >>> shop = dynamic_pricing(horizon=1000)
    >>> shop.spec.budget.tolist(), shop.instance.mean_reward.round(2).tolist()
    ([200.0], [0.09, 0.16, 0.21, 0.24, 0.25, 0.24, 0.21, 0.16, 0.09])

    References
    ----------
    [Babaioff2015]_ for the problem; [Slivkins2019]_, chapter 10, for its form as a bandit with knapsacks
    """
    horizon = whole("horizon", horizon, 1)
    price = np.arange(1, 10) / 10 if price is None else array("price", price, (None,), 0.0)
    if demand is None:
        if price.max() > 1.0:
            raise BadValue(f"demand: got None with a price of {price.max():g}; allowed: a probability for each price, or prices of at most 1 for 1 - price")
        demand = 1.0 - price
    demand = array("demand", demand, (price.size,), 0.0, 1.0)
    supply = 0.2 * horizon if supply is None else number("supply", supply, 0.0)
    shop = Shop(price, demand, price * demand, demand[:, None].copy(), np.ones(1))
    units = Units("money", ("unit",), "customer")
    spec = Spec(ARM, price.size, horizon, flag("idle", idle), budget=np.array([supply]), law=STOP, public=Public(price), units=units)
    return Problem(spec, shop, step, expected=expected, name=f"dynamic_pricing({price.size} prices, supply {supply:g})")


def examples() -> list[Problem]:
    """The default prices, and three prices without closing.

    >>> [p.name for p in examples()]
    ['dynamic_pricing(9 prices, supply 40)', 'dynamic_pricing(3 prices, supply 25)']
    """
    return [dynamic_pricing(horizon=200), dynamic_pricing([0.2, 0.5, 1.0], [0.9, 0.6, 0.1], 25, 150, idle=False)]
