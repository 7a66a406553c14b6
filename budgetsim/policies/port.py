"""PORT: prices of the models' budgets, learnt once from the first queries, decide all later ones."""

import math
from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import flag, number
from ..model import REQUEST, Policy
from ..shared.requests import purse
from ..shared.routing import priced, sample_program


class Memory(NamedTuple):
    sample_reward: np.ndarray  #: (P, n) estimates of the first queries
    sample_cost: np.ndarray  #: (P, n, d)
    price: np.ndarray  #: (d,)


class Params(NamedTuple):
    budget: np.ndarray
    share: float
    scale: float  #: alpha
    floor: float  #: of a score that is worth routing: 0 with the null option, else none


def act(memory, params, view, left, t, key):
    n = view.reward.size
    if t < memory.sample_reward.shape[0]:
        return draws.integer(key, 0, n + 1) - 1
    return priced(view, memory.price, params.scale, params.floor)


def update(memory, params, view, action, outcome, t):
    if t < memory.sample_reward.shape[0]:
        n, d = view.cost.shape
        for i in range(n):
            memory.sample_reward[t, i] = view.reward[i]
            for j in range(d):
                memory.sample_cost[t, i, j] = view.cost[i, j]


def replan(memory, params, view, left, t):
    if params.floor == 0.0:
        memory.price[:] = params.scale * sample_program(memory.sample_reward, memory.sample_cost, params.share * params.budget)[1]
    else:
        memory.price[:] = boxed_price(params.scale * memory.sample_reward, memory.sample_cost, params.budget, params.share)


def boxed_price(reward: Any, cost: Any, budget: Any, share: float) -> np.ndarray:
    """What L-BFGS-B with numerical gradients makes of min share budget.p + sum_j max_i (reward_ji - cost_ji.p) over [0, 1]^d, from 1/d.

    As released, operation by operation: the function has kinks, and where the search stops depends on the last bits.
    """
    from scipy.optimize import minimize

    d = cost.shape[2]
    capped = np.isfinite(budget)

    def dual(price):
        return share * float(price[capped] @ budget[capped]) + float((reward - cost @ price).max(axis=1).sum())

    found = minimize(dual, np.full(d, 1.0 / d), method="L-BFGS-B", bounds=[(0.0, 1.0 if c else 0.0) for c in capped])
    return np.asarray(found.x)


def port(epsilon: float = 0.025, alpha: float = 1e-4, null_option: bool = True) -> Policy:
    """One-time learning of prices: the first share of the queries is routed at random, their estimates give prices, which then decide.

    The first ``P = ceil(epsilon T)`` queries go to each of {none, 1, ..., n} with equal probability; their estimates d, g
    are kept. Then once, and for good,

        gamma = argmin  epsilon gamma.B + sum over the P of max_i (alpha d_i - gamma.g_i),

    and every later query goes to ``argmax_i alpha d_i - gamma.g_i``, the first among equals.

    With the null option both maxima include 0: gamma >= 0 is an exact price of the sample's linear program (HiGHS), and a
    query of which all scores are below 0 is not routed. This is the dual of the program in which a query *may* stay
    unserved. As released (`null_option=False`) there is no 0: every query has to be routed, and when the budgets cannot
    pay for all, that program has no plan and its dual falls without end; what is found is where L-BFGS-B stops in the box
    0 <= gamma <= 1, started at 1/d.

    Parameters
    ----------
    epsilon
        Share of the queries that are learnt from, in (0, 1].
    alpha
        > 0: weight of rewards against costs. With the null option gamma is proportional to alpha and nothing else changes; as
        released it decides where the box is.
    null_option
        True: the exact price with the null option; False: as released.

    Returns
    -------
    Policy
        For requests that show estimates `reward` (n,) and `cost` (n, d).

    Raises
    ------
    BadValue, BadType
        If an argument is out of range; on a problem that shows no estimates or has no budget.

    Departures from the paper
    -------------------------
    Double precision where the released code uses single. The null option is this package's own; see `docs/systems/query_routing.md`.

    Examples
    --------
    >>> port().name
    'port(epsilon=0.025, alpha=0.0001, null option; told the horizon and budget)'

    References
    ----------
    [Wu2025]_ and its published code.
    """
    epsilon, alpha = number("epsilon", epsilon, 1e-9, 1.0), number("alpha", alpha, 1e-300)
    null_option = flag("null_option", null_option)

    def init(spec):
        purse("port", spec)
        size, n, d = math.ceil(epsilon * spec.horizon), spec.n_actions, spec.budget.size
        return Memory(np.zeros((size, n)), np.zeros((size, n, d)), np.zeros(d)), Params(spec.budget, epsilon, alpha, 0.0 if null_option else -math.inf)

    def schedule(spec):
        return [math.ceil(epsilon * spec.horizon)]

    name = f"port(epsilon={epsilon:g}, alpha={alpha:g}, {'null option' if null_option else 'as released'}; told the horizon and budget)"
    return Policy(REQUEST, init, act, update, replan=replan, schedule=schedule, name=name)
