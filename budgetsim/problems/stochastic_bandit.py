"""The K-armed bandit: independent rewards from fixed laws, nothing is scarce but rounds."""

from typing import Any, NamedTuple

import numpy as np

from .. import arguments, draws
from ..arguments import BadType, array, whole
from ..model import Kind, Nothing, Problem, Spec


class Bernoulli(NamedTuple):
    """Rewards 0 or 1."""

    mean_reward: np.ndarray


class Gaussian(NamedTuple):
    """Rewards mean_reward + sigma * standard normal."""

    mean_reward: np.ndarray
    sigma: np.ndarray


class Beta(NamedTuple):
    """Rewards in [0, 1] with law Beta(a, b)."""

    mean_reward: np.ndarray
    a: np.ndarray
    b: np.ndarray


class Finite(NamedTuple):
    """Rewards values[k, i] with probability upto[k, i] - upto[k, i - 1]."""

    mean_reward: np.ndarray
    values: np.ndarray
    upto: np.ndarray


class Known(NamedTuple):
    """What anyone may know of Gaussian arms."""

    sigma: np.ndarray


def bernoulli(means: Any) -> Bernoulli:
    """Arms that pay 1 with probability `means` (K,), else 0.

    >>> bernoulli([0.2, 0.8]).mean_reward.tolist()
    [0.2, 0.8]
    """
    return Bernoulli(array("means", means, (None,), 0.0, 1.0))


def gaussian(means: Any, sigma: Any = 1.0) -> Gaussian:
    """Normal rewards with `means` (K,) and standard deviations `sigma`, (K,) or one number, >= 0.

    >>> gaussian([0.0, 1.0], 0.5).sigma.tolist()
    [0.5, 0.5]
    """
    means = array("means", means, (None,))
    sigma = array("sigma", np.full(means.size, sigma) if np.ndim(sigma) == 0 else sigma, (means.size,), 0.0)
    return Gaussian(means, sigma)


def beta(a: Any, b: Any) -> Beta:
    """Rewards with law Beta(a, b); `a` and `b` (K,), > 0.

    >>> beta([1.0, 3.0], [1.0, 1.0]).mean_reward.tolist()
    [0.5, 0.75]
    """
    a = array("a", a, (None,), np.finfo(float).tiny)
    b = array("b", b, a.shape, np.finfo(float).tiny)
    return Beta(a / (a + b), a, b)


def finite(values: Any, probabilities: Any) -> Finite:
    """Arm k pays values[k, i] with probability probabilities[k, i]; both (K, S).

    >>> finite([[0.0, 10.0]], [[0.75, 0.25]]).mean_reward.tolist()
    [2.5]
    """
    values = array("values", values, (None, None))
    chances = arguments.probabilities("probabilities", probabilities, values.shape)
    return Finite((values * chances).sum(axis=1), values, np.cumsum(chances, axis=1))


def examples() -> list[Problem]:
    """One small problem of each law.

    >>> len(examples())
    4
    """
    laws = bernoulli([0.3, 0.5, 0.7]), gaussian([0.0, 0.5, -0.5], 0.5), beta([1.0, 2.0], [3.0, 2.0]), finite([[0.0, 2.0], [1.0, 1.0]], [[0.75, 0.25], [0.5, 0.5]])
    return [stochastic_bandit(arms, 200) for arms in laws]


def bernoulli_step(instance, state, view, action, left, t, key, cost, seen):
    return draws.bernoulli(key, action, instance.mean_reward[action])


def gaussian_step(instance, state, view, action, left, t, key, cost, seen):
    return instance.mean_reward[action] + instance.sigma[action] * draws.normal(key, action)


def beta_step(instance, state, view, action, left, t, key, cost, seen):
    return draws.beta(key, action, instance.a[action], instance.b[action])


def finite_step(instance, state, view, action, left, t, key, cost, seen):
    return instance.values[action, draws.categorical(key, action, instance.upto[action])]


def expected(instance, state, view, action, t):
    return instance.mean_reward[action]


def loss(instance, state, recommendation):
    best = instance.mean_reward[0]
    for k in range(1, instance.mean_reward.size):
        best = max(best, instance.mean_reward[k])
    return best - instance.mean_reward[recommendation]


_STEPS = {Bernoulli: bernoulli_step, Gaussian: gaussian_step, Beta: beta_step, Finite: finite_step}


def stochastic_bandit(arms: Bernoulli | Gaussian | Beta | Finite, horizon: int) -> Problem:
    """K arms with fixed reward laws, independent over arms and rounds, and no budget.

    In round t arm k would pay X[k, t], independent draws of arm k's law; the action a earns X[a, t]. An arm's luck does
    not depend on which arms are pulled, so all rules meet the same X.

    Parameters
    ----------
    arms : `bernoulli(means)`, `gaussian(means, sigma)`, `beta(a, b)` or `finite(values, probabilities)` of this file;
        rewards in units of reward. Of Gaussian arms, sigma (K,) is public.
    horizon : rounds, at least 1.

    Returns
    -------
    Problem of kind ARM with d = 0; `instance.mean_reward` (K,) is the hidden truth, `loss` the simple regret
    max_k mean_reward[k] - mean_reward[recommendation].

    Raises
    ------
    BadType, BadValue : arms that are not such a law; a wrong horizon.

    Examples
    --------
    >>> problem = stochastic_bandit(bernoulli([0.4, 0.6]), horizon=1000)
    >>> problem.name, problem.spec.n_actions, problem.instance.mean_reward.tolist()
    ('stochastic_bandit(bernoulli, 2 arms)', 2, [0.4, 0.6])
    """
    if type(arms) not in _STEPS:
        raise BadType(
            f"arms: got {type(arms).__name__}; allowed: bernoulli(...), gaussian(...), beta(...) or finite(...) of budgetsim.problems.stochastic_bandit"
        )
    n = arms.mean_reward.size
    public = Known(arms.sigma) if isinstance(arms, Gaussian) else Nothing()
    spec = Spec(Kind.ARM, n, whole("horizon", horizon, 1), public=public)
    return Problem(spec, arms, _STEPS[type(arms)], expected=expected, loss=loss, name=f"stochastic_bandit({type(arms).__name__.lower()}, {n} arms)")
