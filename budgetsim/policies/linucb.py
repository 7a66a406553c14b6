"""LinUCB on fixed features: ridge regression, optimism by the width of its ellipsoid."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, number
from ..kernels import available
from ..model import ARM, Policy
from ..ridge import ridge, ridge_add, ridge_index, ridge_mean


class Params(NamedTuple):
    features: np.ndarray
    alpha: float


def act(memory, params, view, left, t, key):
    arm, greatest = -1, -math.inf
    for k in range(params.features.shape[0]):
        if available(view, k):
            value = ridge_index(memory, 0, params.features[k], params.alpha)
            if value > greatest:
                arm, greatest = k, value
    return arm


def update(memory, params, view, action, outcome, t):
    ridge_add(memory, 0, params.features[action], outcome.reward)


def recommend(memory, params, left, t, key):
    arm, greatest = 0, -math.inf
    for k in range(params.features.shape[0]):
        value = ridge_mean(memory, 0, params.features[k])
        if value > greatest:
            arm, greatest = k, value
    return arm


def linucb(alpha: float = 1.0, penalty: float = 1.0) -> Policy:
    """The arm of greatest ``<theta, a> + alpha sqrt(a' A^-1 a)``, A = penalty I + sum a a' over the arms pulled, theta = A^-1 sum reward a.

    One model for all arms, whose features the problem tells; the inverse moves by rank one. Recommends the greatest <theta, a>. A round costs
    n d^2 operations for n arms in d dimensions.

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
        return ridge(1, features.shape[1], penalty), Params(features, alpha)

    return Policy(ARM, init, act, update, recommend=recommend, name=f"linucb(alpha={alpha:g}, penalty={penalty:g}; told the features)")
