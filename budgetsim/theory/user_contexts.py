"""What users are worth in `contextual_bandit`: the best mean reward at a context, averaged by Monte Carlo; and one instance."""

from typing import Any, NamedTuple

import numpy as np

from ..intervals import Interval, mean, simultaneous


class Crowd(NamedTuple):
    """Who comes, and what they like: arguments of `contextual_bandit`."""

    class_probability: np.ndarray
    centres: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    spread: float
    unit_length: bool


def five_classes(seed: int = 1234) -> Crowd:
    """Five classes, five arms, five dimensions: classes whose users click from hardly ever to almost always.

    Unit centres c_j, class probabilities from Dirichlet(3, ..., 3), unit vectors theta_jk with entries >= 0; the mean reward
    of arm k at context x is scale_j (1 + theta_jk . x) / 2 with scale from 0.1 to 1, contexts have spread 0.2 and length 1.

    Parameters
    ----------
    seed : of the generator, which draws centres (normal, scaled), then probabilities, then theta (uniform, scaled).

    Examples
    --------
    >>> made = five_classes()
    >>> made.class_probability.round(4).tolist(), made.weights.shape
    ([0.2937, 0.2405, 0.1589, 0.2785, 0.0283], (5, 5, 5))
    """
    rng = np.random.default_rng(seed)
    centres = _unit(rng.normal(size=(5, 5)))
    share = rng.dirichlet(np.full(5, 3.0))
    scale = np.linspace(0.1, 1.0, 5)
    weights = 0.5 * scale[:, None, None] * _unit(rng.random((5, 5, 5)))
    return Crowd(share, centres, weights, 0.5 * scale[:, None], 0.2, True)


def best_means(class_probability: Any, centres: Any, weights: Any, offset: Any, spread: float, unit_length: bool, samples: int = 100_000, seed: int = 0) -> np.ndarray:
    """max_k of the mean reward at the contexts of independent users (samples,); arguments as in `contextual_bandit`.

    >>> best_means([1.0], np.zeros((1, 1)), [[[1.0]]], [[0.0]], 1.0, True, 1000).mean().round(1)  # x is -1 or 1, m is 0 or 1
    np.float64(0.5)
    """
    rng = np.random.default_rng(seed)
    return _best(rng.choice(len(class_probability), samples, p=class_probability), centres, weights, offset, spread, unit_length, rng)


def class_values(centres: Any, weights: Any, offset: Any, spread: float, unit_length: bool, samples: int = 20_000, seed: int = 0, level: float = 0.999) -> Interval:
    """E_x max_k mean reward of a user of each class (J,), from `samples` contexts a class; all J intervals hold together at `level`.

    >>> from budgetsim.folders import bind
    >>> from budgetsim.problems.contextual_bandit import contextual_bandit
    >>> problem = contextual_bandit(**five_classes()._asdict(), budget=1000, horizon=8000)
    >>> bind(class_values, problem, samples=4000).estimate.round(2).tolist()
    [0.06, 0.24, 0.3, 0.44, 0.78]
    """
    rng, j = np.random.default_rng(seed), len(centres)
    best = _best(np.repeat(np.arange(j), samples), centres, weights, offset, spread, unit_length, rng).reshape(j, samples)
    return mean(best.T, simultaneous(level, j))._replace(level=level)


def _best(user_class: np.ndarray, centres: Any, weights: Any, offset: Any, spread: float, unit_length: bool, rng: np.random.Generator) -> np.ndarray:
    centres, weights = np.asarray(centres, float), np.asarray(weights, float)
    weights = np.broadcast_to(weights, (len(centres), *weights.shape[-2:]))
    offset = np.broadcast_to(offset, weights.shape[:2])
    x = centres[user_class] + spread * rng.normal(size=(user_class.size, centres.shape[1]))
    if unit_length:
        x = _unit(x)
    out = np.zeros(user_class.size)
    for j in range(len(centres)):
        mine = user_class == j
        out[mine] = np.clip(offset[j] + x[mine] @ weights[j].T, 0.0, 1.0).max(axis=1)
    return out


def _unit(x: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.where(length > 0.0, length, 1.0)
