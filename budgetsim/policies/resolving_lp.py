"""Resolving: the prices of the linear program over the requests seen so far, solved again and again."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import number, whole
from ..model import REQUEST, Policy
from ..shared.dual_pass import barring, descend, dual_pass
from ..shared.requests import payable, purse


class Memory(NamedTuple):
    price: np.ndarray  #: (d,)
    reward: np.ndarray  #: (window, n) the latest requests, in a ring
    cost: np.ndarray  #: (window, n, d)


class Params(NamedTuple):
    slack: np.ndarray
    horizon: int


def act(memory, params, view, left, t, key):
    return payable(view, memory.price, left, params.slack)


def update(memory, params, view, action, outcome, t):
    n, d = view.cost.shape
    k = t % memory.reward.shape[0]
    for i in range(n):
        memory.reward[k, i] = view.reward[i]
        for j in range(d):
            memory.cost[k, i, j] = view.cost[i, j]


def replan(memory, params, view, left, t):
    seen = min(t, memory.reward.shape[0])
    reward, cost = memory.reward[:seen], memory.cost[:seen]
    budget = left * (seen / (params.horizon - t))
    fixed = barring([(reward, cost)], budget)
    memory.price[:] = descend(lambda price: dual_pass(reward, cost, price), budget, memory.price, fixed=fixed, tolerance=1e-6).price


def resolving_lp(window: int = 1000, resolve: float = 0.01) -> Policy:
    """Before round t: the dual prices of the program over the last requests, with what is left a round; then the best payable option.

    With S the latest `window` requests seen and b what is left of the budget, the prices mu solve

        min_mu  |S| mu.b / (T - t) + sum_{s in S} max(0, max_i r_si - mu.c_si),    mu >= 0,

    at t = 1, 2, 4, 8, ... and after each share `resolve` of the horizon, starting from the prices before. Between the
    programs a request gets the option of greatest reward less priced cost among those that fit, none if that is not above 0.

    Parameters
    ----------
    window
        Requests remembered, at least 1.
    resolve
        Greatest share of the horizon between two programs, in (0, 1].

    Returns
    -------
    Policy
        For requests that show reward and cost of each option, law SKIP. Round 0 is greedy.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on other problems.

    Departures from the paper
    -------------------------
    Known to us by name as a baseline: window, schedule and the use of what is left are a reconstruction. Requests that are
    worth exactly their price are not served until what is left makes it fall.

    Examples
    --------
    >>> resolving_lp().name
    'resolving_lp(window=1000, resolve=0.01; told the horizon and budget)'

    References
    ----------
    [Balseiro2023]_ for the model.
    """
    window, resolve = whole("window", window, 1), number("resolve", resolve, 1e-9, 1.0)

    def init(spec):
        rate, slack = purse("resolving_lp", spec)
        n, d, size = spec.n_actions, rate.size, min(window, spec.horizon)
        return Memory(np.zeros(d), np.zeros((size, n)), np.zeros((size, n, d))), Params(slack, spec.horizon)

    def schedule(spec):
        doubled = {2**k for k in range(60) if 2**k < spec.horizon}
        return sorted(doubled | set(range(0, spec.horizon, max(1, math.ceil(resolve * spec.horizon)))[1:]))

    return Policy(REQUEST, init, act, update, replan=replan, schedule=schedule,
                  name=f"resolving_lp(window={window}, resolve={resolve:g}; told the horizon and budget)")  # fmt: skip
