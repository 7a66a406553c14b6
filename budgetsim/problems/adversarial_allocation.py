"""Requests that are worth more and more, until they stop: the family on which no rule does better than the budget's share of a round."""

import math
from typing import NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, number, whole
from ..model import Problem
from ..shared.requests import Offer, pick, promised, serve, shown


class Phases(NamedTuple):
    """k phases, and one more in which nothing is worth anything."""

    phase_reward: np.ndarray  #: (k + 1, 1)
    phase_cost: np.ndarray  #: (k + 1, 1, 1)
    stop_probability: np.ndarray  #: (k,)
    stop_upto: np.ndarray
    horizon: int


class Stop(NamedTuple):
    stop: np.ndarray  #: (1,) the last phase that is worth something


def begin(instance, state, key):
    state.stop[0] = pick(instance.stop_upto, draws.uniform(key, 0))


def init(instance):
    return Stop(np.zeros(1))


def observe(instance, state, t, key, view):
    k = len(instance.stop_probability)
    phase = t * k // instance.horizon
    row = phase if phase <= state.stop[0] else k
    return Offer(instance.phase_reward[row], instance.phase_cost[row])


def adversarial_allocation(phases: int = 4, factor: float = 10.0, horizon: int = 1000, stop: int | None = None) -> Problem:
    """k phases of T / k requests, value M^i in phase i, unit cost, budget T / k; after a phase that nobody knows all values are 0.

    The last phase of value is i with probability M^-i - M^-(i+1), i < k - 1, and k - 1 with the rest. Spending s_i in phase i, if
    it comes, earns sum s_i on average, which is at most T / k; knowing the last phase earns ``(T / k) ((k - 1)(1 - 1 / M) + 1)``.

    Parameters
    ----------
    phases : k, at least 1; the budget is 1 / k of what a round can spend.
    factor : M, > 1.
    horizon : T, rounds, a multiple of k.
    stop : the last phase of value, 0 to k - 1, for an exact sum over phases; None to draw it in each replication.

    Returns
    -------
    Problem of kind REQUEST, law SKIP, one option, one resource; `instance.stop_probability` (k,) is the law of the last phase.

    Raises
    ------
    BadType, BadValue : numbers out of range, a horizon that is no multiple of k.

    Examples
    --------
    >>> problem = adversarial_allocation(4, 10.0, 1000)
    >>> problem.instance.stop_probability.round(3).tolist(), problem.spec.budget.tolist(), problem.instance.phase_reward.ravel().tolist()
    ([0.9, 0.09, 0.009, 0.001], [250.0], [1.0, 10.0, 100.0, 1000.0, 0.0])

    References
    ----------
    [Balseiro2023]_ for the bound that it attains; the family is a reconstruction.
    """
    k, m = whole("phases", phases, 1, 100), number("factor", factor, 1.0)
    horizon = whole("horizon", horizon, 1, 2**53)
    if m == 1.0 or (k - 1) * math.log10(m) > 300.0:
        raise BadValue(f"factor: got {m:g} with {k} phases; allowed: above 1, and factor^(phases - 1) at most 1e300")
    if horizon % k:
        raise BadValue(f"horizon: got {horizon}; allowed: a multiple of the {k} phases")
    law = m ** -np.arange(k) - np.append(m ** -np.arange(1.0, k), 0.0)
    drawn = law if stop is None else np.eye(k)[whole("stop", stop, 0, k - 1)]
    upto = np.where(np.arange(k) >= np.flatnonzero(drawn)[-1], 1.0, np.cumsum(drawn))
    reward = np.append(m ** np.arange(k), 0.0)[:, None]
    instance = Phases(reward, np.append(np.ones(k), 0.0)[:, None, None], law, upto, horizon)
    name = f"adversarial_allocation({k} phases, factor {m:g}, {horizon} rounds, last phase {'drawn' if stop is None else stop})"
    return Problem(shown(1, 1, horizon, np.array([horizon / k])), instance, serve, init, begin, observe, expected=promised, name=name)


def examples() -> list[Problem]:
    """The last phase drawn; and known.

    >>> [p.spec.horizon for p in examples()]
    [200, 150]
    """
    return [adversarial_allocation(4, 10.0, 200), adversarial_allocation(3, 4.0, 150, stop=2)]
