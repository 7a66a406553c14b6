"""A function on finitely many actions that is almost linear in known features: find a good action in few readings."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, array, number, whole
from ..model import Kind, Problem, Spec


class Hidden(NamedTuple):
    mean_reward: np.ndarray
    noise: float


class Told(NamedTuple):
    """What anyone may know: |f - <theta, a>| <= misspecification for an s-sparse theta of norm at most 1."""

    features: np.ndarray
    misspecification: float
    sparsity: int
    noise: float


def step(instance, state, view, action, left, t, key, cost, seen):
    return instance.mean_reward[action] + instance.noise * draws.normal(key, action)


def expected(instance, state, view, action, t):
    return instance.mean_reward[action]


def loss(instance, state, recommendation):
    greatest = instance.mean_reward[0]
    for i in range(instance.mean_reward.size):
        greatest = max(greatest, instance.mean_reward[i])
    return greatest - instance.mean_reward[recommendation]


def misspecified_linear(mean_reward: Any, features: Any, misspecification: float, sparsity: int | None = None, noise: float = 0.0, horizon: int = 10_000) -> Problem:
    """n actions with features a of norm at most 1; reading one returns f(a) + noise Z, Z standard normal.

    The promise to the rules is that some theta, |theta| <= 1, with at most s non-zero entries has |f(a) - <theta, a>| <= eps for every a.
    The loss of recommending a is max f - f(a); what a search costs is its number of rounds.

    Parameters
    ----------
    mean_reward : (n,), f, reward; hidden.
    features : (n, d), rows of norm at most 1 (to 1e-9); public.
    misspecification : eps >= 0, reward; public.
    sparsity : s, 0 to d; None for d. Public.
    noise : standard deviation of one reading, >= 0, reward; public.
    horizon : rounds, at least 1.

    Returns
    -------
    Problem of kind ARM without budgets; `instance.mean_reward` is what `best_fixed_arm` asks for.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges.

    Examples
    --------
    >>> misspecified_linear([0.9, 0.1], [[1.0, 0.0], [0.0, 1.0]], 0.1, 1).name
    'misspecified_linear(2 actions, 2 features, misspecification=0.1)'

    References
    ----------
    [Dong2023]_ for the model.
    """
    f = array("mean_reward", mean_reward, (None,))
    a = array("features", features, (f.size, None))
    longest = float(np.sqrt((a * a).sum(axis=1)).max())
    if longest > 1.0 + 1e-9:
        raise BadValue(f"features: got a row of norm {longest:.6g}; allowed: norms of at most 1")
    eps, noise = number("misspecification", misspecification, 0.0), number("noise", noise, 0.0)
    s = a.shape[1] if sparsity is None else whole("sparsity", sparsity, 0, a.shape[1])
    spec = Spec(Kind.ARM, f.size, whole("horizon", horizon, 1), public=Told(a, eps, s, noise))
    name = f"misspecified_linear({f.size} actions, {a.shape[1]} features, misspecification={eps:g})"
    return Problem(spec, Hidden(f, noise), step, expected=expected, loss=loss, name=name)


def examples() -> list[Problem]:
    """Exact readings of a sparse function, and noisy ones.

    >>> [p.spec.public.sparsity for p in examples()]
    [1, 2]
    """
    angle = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    wobble = 0.05 * np.where(np.arange(24) % 2, 1.0, -1.0)
    return [misspecified_linear(0.8 * circle[:, 0] + wobble, circle, 0.05, 1, horizon=200), misspecified_linear(circle @ [0.6, 0.6] + wobble, circle, 0.05, 2, 0.3, 200)]
