"""Elimination until one arm is left, wrong with probability at most delta, at any price."""

import math
from typing import NamedTuple

from ..arguments import number
from ..draws import log
from ..model import ARM, Policy
from ..shared.live_arms import drop, greatest_mean, needed, take, turns


class Params(NamedTuple):
    scale: float  #: 2 sigma
    level: float  #: 4 K / delta


def act(memory, params, view, left, t, key):
    return memory.arm[0]


def update(memory, params, view, action, outcome, t):
    if take(memory, action, outcome.seen.sample[0]):
        n = memory.turns[0]
        drop(memory, params.scale * math.sqrt(log(params.level * n * n) / n))


def stop(memory, params, left, t):
    return memory.remaining[0] <= 1.0


def recommend(memory, params, left, t, key):
    return greatest_mean(memory, key)


def fixed_confidence(delta: float = 0.1) -> Policy:
    """All live arms once a turn, dropping those that are surely worse, until one is left; it knows no price.

    After turn n every arm goes whose mean is more than ``2 sigma sqrt(ln(4 K n^2 / delta) / n)`` below the greatest. By
    Hoeffding's inequality for differences of two means and a union over arms and turns, the best arm is dropped with probability
    at most delta. On equal arms it never stops: the horizon ends it.

    Parameters
    ----------
    delta
        Probability of error that is allowed, in (0, 1].

    Returns
    -------
    Policy
        For problems that show `seen.sample` and make sigma public.

    Raises
    ------
    BadValue, BadType
        If delta is not in (0, 1]; on a problem that shows no sample or no sigma.

    Departures from the paper
    -------------------------
    The elimination rule of [EvenDar2006]_ with a union bound of ours.

    Examples
    --------
    >>> fixed_confidence().name
    'fixed_confidence(delta=0.1; told sigma)'

    References
    ----------
    [EvenDar2006]_; [Harding2025]_, which plays delta = .1.
    """
    delta = number("delta", delta, 1e-300, 1.0)

    def init(spec):
        known = needed("fixed_confidence", spec, "sigma")
        return turns(spec.n_actions), Params(2.0 * known.sigma, 4.0 * spec.n_actions / delta)

    return Policy(ARM, init, act, update, stop=stop, recommend=recommend, name=f"fixed_confidence(delta={delta:g}; told sigma)")
