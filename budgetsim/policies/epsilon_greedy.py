"""Epsilon-greedy: the best mean, and now and then any arm."""

from typing import NamedTuple

from ..arguments import number
from ..confidence import any_arm, best, best_mean, means, record
from ..draws import log, uniform
from ..model import ARM, Policy


class Params(NamedTuple):
    epsilon: float
    cube: float  #: scale**3


def act_fixed(memory, params, view, left, t, key):
    if uniform(key, 0) < params.epsilon:
        return any_arm(view, memory.mean.size, key, 1)
    return best(view, memory.mean)


def act_decreasing(memory, params, view, left, t, key):
    u, n = uniform(key, 0), memory.mean.size
    if u * u * u * (t + 1) < params.cube * n * log(t + 1):  # u < epsilon_t without a cube root
        return any_arm(view, n, key, 1)
    return best(view, memory.mean)


def update(memory, params, view, action, outcome, t):
    record(memory, action, outcome.reward)


def recommend(memory, params, left, t, key):
    return best_mean(memory)


def epsilon_greedy(epsilon: float | None = None, scale: float = 1.0) -> Policy:
    """The arm of best mean; with probability epsilon, any arm.

    In round t = 1, 2, ... any available arm with probability epsilon_t, each equally likely, else the best mean.
    By default ``epsilon_t = min(1, scale (K log t / t)^(1/3))``, which balances exploration at every t.

    Parameters
    ----------
    epsilon
        Probability of exploring, the same in every round; None for the decreasing one.
    scale
        Multiplies the decreasing probability, >= 0; unused with a fixed one.

    Returns
    -------
    Policy
        For problems whose action is an arm.

    Raises
    ------
    BadValue, BadType
        If epsilon is not in [0, 1] or scale not >= 0.

    Departures from the paper
    -------------------------
    An arm never pulled counts as best. A round that the budget made void counts as a reward of 0.

    Examples
    --------
    >>> epsilon_greedy(epsilon=0.1).name, epsilon_greedy().name
    ('epsilon_greedy(epsilon=0.1)', 'epsilon_greedy(scale=1)')

    References
    ----------
    [Slivkins2019]_, chapter 1.
    """
    scale = number("scale", scale, 0.0)
    if epsilon is not None:
        epsilon = number("epsilon", epsilon, 0.0, 1.0)
        act, name = act_fixed, f"epsilon={epsilon:g}"
    else:
        act, name = act_decreasing, f"scale={scale:g}"
    params = Params(epsilon or 0.0, scale * scale * scale)
    return Policy(ARM, lambda spec: (means(spec.n_actions), params), act, update, recommend=recommend, name=f"epsilon_greedy({name})")
