"""Prophet inequalities as rules: a price on every node, which an arrival must beat."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, choice
from ..model import REQUEST, TOLERANCE, Nothing, Policy
from ..shared.matching import offline_plan, told_market
from ..theory.stopping import expected_maximum, median_of_maximum


class Params(NamedTuple):
    price: np.ndarray  #: (I,)
    tie: float  #: chance of taking what is worth just the price


def act(memory, params, view, left, t, key):
    action, gain = -1, -1.0
    coin = draws.uniform(key, 0) < params.tie
    for i in range(view.reward.size):
        if 0.0 < view.cost[i, i] <= left[i] + TOLERANCE:
            more = view.reward[i] - params.price[i]
            if more > gain and view.reward[i] > 0.0 and (more > 0.0 or (more == 0.0 and coin)):
                action, gain = i, more
    return action


def update(memory, params, view, action, outcome, t):
    pass


def prophet_threshold(weight: Any, probability: Any, rule: str = "prices") -> Policy:
    """Matches an arrival to the free node of greatest w_itj - price_i where that is not negative.

    Parameters
    ----------
    weight, probability : (I, T, J), (T, J), as `bayesian_matching` has them.
    rule : "prices": price_i = half of what the program of hindsight earns with node i, sum_tj w_itj x_itj / 2. "half_mean", for one node: half
        of E[max]. "median", for one node: the median of the maximum, ties broken by a coin so that somebody is taken with probability 1/2.
        Each earns at least half of the prophet's E[max], or expected heaviest matching.

    Returns
    -------
    Policy for `bayesian_matching` and `single_item_prophet`; it declines other problems.

    Raises
    ------
    BadType, BadValue : an unknown rule, wrong shapes; in `init`, "half_mean" or "median" with several nodes.

    Departures from the paper
    -------------------------
    Prices from the linear program instead of expectations over the prophet's matchings: E[reward] is at least the revenue plus the
    utility, sum_i (1 - q_i) price_i + sum_i q_i sum_tj x_itj (w_itj - price_i) >= sum_i price_i, half of that program, q_i being the chance that i is never sold.

    Examples
    --------
    >>> prophet_threshold([[[1.0], [5.0]]], [[1.0], [0.5]], "half_mean").name
    'prophet_threshold(half_mean; told the weights and probabilities)'

    References
    ----------
    [Samuel1984]_, [Kleinberg2012]_; prices as in [Feldman2015]_.
    """
    choice("rule", rule, ("prices", "half_mean", "median"))

    def init(spec):
        told = told_market("prophet_threshold", spec, weight, probability)
        if rule == "prices":
            plan, _ = offline_plan(told.weight, told.probability)
            return Nothing(), Params(0.5 * np.sum(plan * told.weight, axis=(1, 2)), 1.0)
        if spec.n_actions != 1:
            raise BadValue(f"prophet_threshold: rule: got {rule!r} with {spec.n_actions} nodes; allowed: prices, or one node")
        if rule == "half_mean":
            return Nothing(), Params(np.array([0.5 * expected_maximum(told.weight[0], told.probability)]), 1.0)
        price, tie = median_of_maximum(told.weight[0], told.probability)
        return Nothing(), Params(np.array([price]), tie)

    return Policy(REQUEST, init, act, update, name=f"prophet_threshold({rule}; told the weights and probabilities)")
