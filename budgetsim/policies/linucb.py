"""LinUCB on fixed features: ridge regression, optimism by the width of its ellipsoid."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, number
from ..confidence import best
from ..model import ARM, Policy
from ..shared.ridge import Ridge, ridge, ridge_add


class Memory(NamedTuple):
    model: Ridge
    mean: np.ndarray  #: (n,) <theta, a>
    variance: np.ndarray  #: (n,) a' A^-1 a
    scratch: np.ndarray  #: (n,)


class Params(NamedTuple):
    features: np.ndarray  #: (n, d)
    by_feature: np.ndarray  #: (d, n)
    alpha: float


def act(memory, params, view, left, t, key):
    score = memory.scratch
    for k in range(score.size):
        score[k] = memory.mean[k] + params.alpha * math.sqrt(memory.variance[k])
    return best(view, score)


def update(memory, params, view, action, outcome, t):
    """What was seen moves every arm's mean and width: n d operations, because A^-1 changes by rank one."""
    along = ridge_add(memory.model, 0, params.features[action], outcome.reward)
    for k in range(memory.mean.size):
        memory.mean[k] = 0.0
        memory.scratch[k] = 0.0
    for a in range(params.by_feature.shape[0]):
        theta, shift = memory.model.theta[a, 0], memory.model.scratch[a]
        for k in range(memory.mean.size):
            memory.mean[k] += theta * params.by_feature[a, k]
            memory.scratch[k] += shift * params.by_feature[a, k]
    for k in range(memory.mean.size):
        memory.variance[k] = max(memory.variance[k] - memory.scratch[k] * memory.scratch[k] / along, 0.0)


def recommend(memory, params, left, t, key):
    return max(best((), memory.mean), 0)


def linucb(alpha: float = 1.0, penalty: float = 1.0) -> Policy:
    """The arm of greatest ``<theta, a> + alpha sqrt(a' A^-1 a)``, A = penalty I + sum a a' over the arms pulled, theta = A^-1 sum reward a.

    One model for all arms, whose features the problem tells; the inverse moves by rank one. Recommends the greatest <theta, a>. A round costs
    n d + d^2 operations for n arms in d dimensions.

    Parameters
    ----------
    alpha
        Width of the ellipsoid, >= 0, reward.
    penalty
        Of the ridge, > 0.

    Returns
    -------
    Policy
        For problems that tell `features`, as misspecified_linear does.

    Raises
    ------
    BadValue, BadType
        If an argument is out of range; on problems without features.

    Departures from the paper
    -------------------------
    Features do not change from round to round. A round that the budget made void counts as a reward of 0.

    Examples
    --------
    >>> linucb().name
    'linucb(alpha=1, penalty=1; told the features)'

    References
    ----------
    [Li2010]_, Algorithm 1.
    """
    alpha, penalty = number("alpha", alpha, 0.0), number("penalty", penalty, 1e-9)

    def init(spec):
        if not hasattr(spec.public, "features"):
            raise BadValue("linucb: got a problem that tells no features; allowed: one like misspecified_linear")
        features = np.asarray(spec.public.features)
        n, d = features.shape
        variance = (features * features).sum(axis=1) / penalty
        return Memory(ridge(1, d, penalty), np.zeros(n), variance, np.zeros(n)), Params(features, np.ascontiguousarray(features.T), alpha)

    return Policy(ARM, init, act, update, recommend=recommend, name=f"linucb(alpha={alpha:g}, penalty={penalty:g}; told the features)")
