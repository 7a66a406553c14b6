"""Static pacing: a coin decides whether a request is served at all, so that greed lasts for the day."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import array
from ..draws import uniform
from ..model import REQUEST, Policy
from ..shared.requests import payable, purse, wanted


class Memory(NamedTuple):
    mean: np.ndarray  #: (d,) cost of what greed wants


class Params(NamedTuple):
    price: np.ndarray
    slack: np.ndarray
    rate: np.ndarray
    told: bool


def act(memory, params, view, left, t, key):
    mean = memory.mean
    if not params.told:
        wish = wanted(view, params.price)
        for j in range(mean.size):
            mean[j] += ((view.cost[wish, j] if wish >= 0 else 0.0) - mean[j]) / (t + 1.0)
    chance = 1.0
    for j in range(mean.size):
        if chance * mean[j] > params.rate[j]:
            chance = params.rate[j] / mean[j]
    return payable(view, params.price, left, params.slack) if uniform(key, 0) < chance else -1


def update(memory, params, view, action, outcome, t):
    pass


def static_pacing(greedy_cost: Any = None) -> Policy:
    """Serves a request with probability ``min(1, min_j rho_j / c_j)``, and then by the greatest reward that can be paid.

    rho = budget / T; c is the mean cost of the option of greatest reward. What was spent so far plays no part.

    Parameters
    ----------
    greedy_cost
        c, a number or (d,), >= 0, units of resource a round; None for the mean over the requests seen, this one included.

    Returns
    -------
    Policy
        For requests that show reward and cost of each option, law SKIP.

    Raises
    ------
    BadValue, BadType
        If greedy_cost is not numbers >= 0; on other problems, or where it has not one a resource.

    Departures from the paper
    -------------------------
    Known to us by name as a baseline; the rule is a reconstruction.

    Examples
    --------
    >>> static_pacing().name, static_pacing(0.5).name
    ('static_pacing(told the horizon and budget)', 'static_pacing(greedy_cost=0.5; told the horizon, the budget and what greed costs)')

    References
    ----------
    [Balseiro2023]_ for the model.
    """
    told = greedy_cost is not None
    given = array("greedy_cost", np.atleast_1d(greedy_cost if told else 0.0), (None,), 0.0)

    def init(spec):
        rate, slack = purse("static_pacing", spec)
        d = rate.size
        mean = array("greedy_cost", np.full(d, given[0]) if not told or np.ndim(greedy_cost) == 0 else given, (d,), 0.0)
        return Memory(mean), Params(np.zeros(d), slack, rate, told)

    label = ", ".join(f"{c:g}" for c in given)
    name = f"greedy_cost={label if np.ndim(greedy_cost) == 0 else f'[{label}]'}; told the horizon, the budget and what greed costs"
    return Policy(REQUEST, init, act, update, name=f"static_pacing({name if told else 'told the horizon and budget'})")
