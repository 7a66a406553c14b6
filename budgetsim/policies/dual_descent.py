"""Dual descent: a price for each resource, moved by what the round's wish would have cost."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import choice, number
from ..draws import exp, log
from ..model import REQUEST, Policy
from ..shared.requests import prices, purse, wanted


class Memory(NamedTuple):
    price: np.ndarray  #: (d,)


class Params(NamedTuple):
    rate: np.ndarray  #: (d,) budget a round, 1e300 where there is no cap
    step: float


def act(memory, params, view, left, t, key):
    return wanted(view, memory.price)


# the action is the wish, paid or not: the ledger makes the round void where it does not fit
def update_euclidean(memory, params, view, action, outcome, t):
    price, rate, step = memory.price, params.rate, params.step
    if action >= 0:
        for j in range(price.size):
            price[j] = max(price[j] - step * (rate[j] - view.cost[action, j]), 0.0)
    else:
        for j in range(price.size):
            price[j] = max(price[j] - step * rate[j], 0.0)


def update_entropic(memory, params, view, action, outcome, t):
    price, rate, step = memory.price, params.rate, params.step
    for j in range(price.size):
        use = view.cost[action, j] if action >= 0 else 0.0
        price[j] = min(price[j] * exp(-step * (rate[j] - use)), 1e300)


def dual_descent(mirror: str = "euclidean", eta: float | None = None, scale: float = 1.0, start: Any = None) -> Policy:
    """Takes the option of greatest reward less priced cost, and moves prices against g = rate - cost of that option.

    With rho = budget / T and prices mu, round t wants ``x = argmax_i r_i - mu.c_i``, none if that is not above 0. It is paid
    if it fits. Then, whether it was paid or not, with ``g = rho - c_x`` (c = 0 for none):

        euclidean   mu_j <- max(mu_j - eta g_j, 0)
        entropic    mu_j <- mu_j exp(-eta g_j)

    By default ``eta = scale / sqrt(d T)`` (euclidean), ``scale sqrt(log(max(d, 2)) / T)`` (entropic).
    `theory.mirror_descent` has the regret bounds and the step that makes them least.

    Parameters
    ----------
    mirror
        "euclidean" or "entropic".
    eta
        Step, >= 0, price per unit of resource (entropic: 1 per unit of resource); None for the default.
    scale
        Multiplies the step, >= 0.
    start
        First prices, a number or (d,), >= 0, reward per unit of resource; None for 0 (euclidean), 1 (entropic, where a
        price of 0 stays 0).

    Returns
    -------
    Policy
        For requests that show reward and cost of each option, law SKIP. Void rounds are wishes that did not fit.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on other problems, or where `start` has not one price a resource.

    Departures from the paper
    -------------------------
    The paper's reference function is any; here are its two examples. A tie between options goes to the first, a tie with
    none to none. Entropic prices stay below 1e300. A resource without a cap has price 0.

    Examples
    --------
    >>> dual_descent().name, dual_descent("entropic", eta=0.1).name
    ('dual_descent(euclidean, eta=1/sqrt(d T), start=0; told the horizon and budget)',
     'dual_descent(entropic, eta=0.1, start=1; told the horizon and budget)')

    References
    ----------
    [Balseiro2023]_, Algorithm 1.
    """
    euclidean = choice("mirror", mirror, ("euclidean", "entropic")) == "euclidean"
    eta = None if eta is None else number("eta", eta, 0.0)
    scale = number("scale", scale, 0.0)
    first = (0.0 if euclidean else 1.0) if start is None else start
    label = np.array2string(prices("start", first, np.size(first)), separator=", ", threshold=8) if np.ndim(first) else f"{number('start', first, 0.0):g}"

    def init(spec):
        rate = purse("dual_descent", spec).rate
        d, horizon = rate.size, spec.horizon
        usual = 1.0 / math.sqrt(d * horizon) if euclidean else math.sqrt(log(max(d, 2)) / horizon)
        price = np.where(np.isinf(rate), 0.0, prices("start", first, d))
        return Memory(price), Params(np.minimum(rate, 1e300), scale * (usual if eta is None else eta))

    usual = f"{scale:g}/sqrt(d T)" if euclidean else f"{scale:g} sqrt(log(d)/T)"
    name = f"dual_descent({mirror}, eta={usual if eta is None else f'{scale * eta:g}'}, start={label}; told the horizon and budget)"
    return Policy(REQUEST, init, act, update_euclidean if euclidean else update_entropic, name=name)
