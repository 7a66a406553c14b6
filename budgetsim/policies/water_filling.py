"""Water filling, also called Balance or MSVV: the bid times what an exponential discount leaves of it."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, number
from ..draws import exp, log
from ..kernels import available
from ..model import REQUEST, TOLERANCE, Nothing, Policy


class Params(NamedTuple):
    budget: np.ndarray
    rate: float  #: log of the base


def act(memory, params, view, left, t, key):
    action, greatest = -1, 0.0
    for i in range(view.reward.size):
        spent, fits = 0.0, available(view, i)
        for j in range(left.size):
            if view.cost[i, j] > 0.0:
                fits = fits and view.cost[i, j] <= left[j] + TOLERANCE * params.budget[j]
                spent = max(spent, 1.0 - left[j] / params.budget[j])
        if fits and view.reward[i] > 0.0:
            score = view.reward[i] * (1.0 - exp(params.rate * (spent - 1.0)))
            if score > greatest:
                action, greatest = i, score
    return action


def update(memory, params, view, action, outcome, t):
    pass


def water_filling(ratio: float = 0.0) -> Policy:
    """Takes the option of greatest reward (1 - b^(f - 1)), f the spent fraction of the budget that it takes from.

    Where an option costs several resources, f is the greatest of their fractions. Options that do not fit are left out. With equal bids it
    fills the emptiest neighbour, which is Balance; with units (`bayesian_matching`) it is greedy.

    Parameters
    ----------
    ratio
        R, the largest bid as a fraction of its budget, in [0, 1]; the base is b = (1 + R)^(1/R), e at R = 0.

    Returns
    -------
    Policy
        For requests whose view shows `reward` (n,) and `cost` (n, d), with finite budgets above 0. With costs = rewards, one resource an option and bids
        at most R of a budget, it earns at least `theory.online_matching.adwords_guarantee(R)` of the optimum on every input, where an
        advertiser pays what is left when it is less than the bid.

    Raises
    ------
    BadType, BadValue
        A ratio outside [0, 1]; in `init`, problems without such a view or budgets.

    Examples
    --------
    >>> water_filling(0.1).name
    'water_filling(ratio=0.1)'

    References
    ----------
    [Mehta2007]_ for the discount; [Kalyanasundaram2000]_ for Balance.
    """
    ratio = number("ratio", ratio, 0.0, 1.0)

    def init(spec):
        if not (hasattr(spec.view, "reward") and hasattr(spec.view, "cost")):
            raise BadValue("water_filling: got requests without reward and cost; allowed: a view that shows both")
        if not spec.budget.size or not np.all((spec.budget > 0.0) & (spec.budget < math.inf)):
            raise BadValue("water_filling: budget: allowed: at least one, all finite and above 0")
        return Nothing(), Params(spec.budget, log(1.0 + ratio) / ratio if ratio > 1e-9 else 1.0)

    return Policy(REQUEST, init, act, update, name=f"water_filling(ratio={ratio:g})")
