"""Thompson sampling: one draw from each arm's posterior, and the arm of the greatest draw."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import choice, number
from ..confidence import Means, best_mean, means, record
from ..draws import beta, normal, uniform
from ..kernels import available
from ..model import ARM, Policy


class Beta(NamedTuple):
    a: np.ndarray
    b: np.ndarray
    coin: np.ndarray  #: drawn before the reward is known


class Gaussian(NamedTuple):
    reward: Means
    width: np.ndarray  #: 1 / sqrt(pulls), 0 before the first pull


class Params(NamedTuple):
    sigma: float


def act_beta(memory, params, view, left, t, key):
    memory.coin[0] = uniform(key, 0)
    arm, greatest = -1, -1.0
    for k in range(memory.a.size):
        if available(view, k):
            draw = beta(key, k, memory.a[k], memory.b[k])
            if draw > greatest:
                arm, greatest = k, draw
    return arm


def update_beta(memory, params, view, action, outcome, t):
    if memory.coin[0] < outcome.reward:
        memory.a[action] += 1.0
    else:
        memory.b[action] += 1.0


def recommend_beta(memory, params, left, t, key):
    arm = 0
    for k in range(memory.a.size):
        if memory.a[k] * (memory.a[arm] + memory.b[arm]) > memory.a[arm] * (memory.a[k] + memory.b[k]):
            arm = k
    return arm


def act_gaussian(memory, params, view, left, t, key):
    arm, greatest = -1, -math.inf
    for k in range(memory.width.size):
        if available(view, k):
            draw = memory.reward.mean[k] + params.sigma * memory.width[k] * normal(key, k)
            if draw > greatest:
                arm, greatest = k, draw
    return arm


def update_gaussian(memory, params, view, action, outcome, t):
    memory.width[action] = 1.0 / math.sqrt(record(memory.reward, action, outcome.reward))


def recommend_gaussian(memory, params, left, t, key):
    return best_mean(memory.reward)


def thompson(prior: str = "beta", a: float = 1.0, b: float = 1.0, sigma: float = 1.0) -> Policy:
    """The arm of the greatest draw from the posteriors of the means.

    ``prior="beta"``: draws from Beta(a + successes, b + failures). ``prior="gaussian"``: draws from
    Normal(mean, sigma^2 / pulls), each arm being tried once first, which is the posterior of a flat prior.
    Recommends the greatest posterior mean.

    Parameters
    ----------
    prior
        "beta", for rewards in [0, 1], or "gaussian", for rewards of known standard deviation.
    a, b
        The Beta prior's two shapes, >= 0.1; unused with "gaussian".
    sigma
        Standard deviation of a reward, >= 1e-100, in units of reward; unused with "beta".

    Returns
    -------
    Policy
        For problems whose action is an arm.

    Raises
    ------
    BadValue, BadType
        If a parameter is not of the allowed kind.

    Departures from the paper
    -------------------------
    "beta" turns a reward strictly between 0 and 1 into a success with that probability, by a draw of its own, as
    [Agrawal2012]_ do; a reward outside counts as the nearer end. A round that the budget made void counts as a reward
    of 0.

    Examples
    --------
    >>> thompson().name, thompson("gaussian", sigma=0.5).name
    ('thompson(beta, a=1, b=1)', 'thompson(gaussian, sigma=0.5)')

    References
    ----------
    [Thompson1933]_; [Agrawal2012]_.
    """
    if choice("prior", prior, ("beta", "gaussian")) == "gaussian":
        params = Params(number("sigma", sigma, 1e-100))

        def init_gaussian(spec):
            return Gaussian(means(spec.n_actions), np.zeros(spec.n_actions)), params

        return Policy(ARM, init_gaussian, act_gaussian, update_gaussian, recommend=recommend_gaussian, name=f"thompson(gaussian, sigma={sigma:g})")
    a, b = number("a", a, 0.1), number("b", b, 0.1)

    def init(spec):
        return Beta(np.full(spec.n_actions, a), np.full(spec.n_actions, b), np.zeros(1))

    return Policy(ARM, init, act_beta, update_beta, recommend=recommend_beta, name=f"thompson(beta, a={a:g}, b={b:g})")
