"""Least frequently used: the router of POLAR, and a cache of the adapters most often routed to."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import flag, number, whole
from ..model import VECTOR, Policy
from ..shared.adapter_rules import first_slots, keep_greatest, learn, router, serve


class Memory(NamedTuple):
    model: Any
    resident: np.ndarray
    routed: np.ndarray  #: how often


def act(memory, params, view, left, t, key, chosen):
    serve(memory, params, view, left, chosen)


def update(memory, params, view, action, outcome, t):
    n = learn(memory.model, view, action, outcome)
    if n >= 0:
        memory.routed[n] += 1.0
    if (t + 1) % params.epoch == 0:
        keep_greatest(memory.routed, memory.resident, params.slots)


def lfu(epoch: int = 200, alpha: float = 0.5, cache_aware: bool = True) -> Policy:
    """Every `epoch` rounds the cache becomes the K adapters most often routed to; requests are routed as by `polar`.

    Ties go to what is resident, then to the first. The first cache is the first K adapters. With ``epoch=1`` it is the classical
    cache: what has just been missed is loaded for the next round, at the cost of a load beside that of the miss.

    Parameters
    ----------
    epoch : rounds, at least 1.
    alpha : >= 0, reward: width of the router's optimism; 0 routes greedily.
    cache_aware : whether a miss counts in the router's index; False routes as if everything were resident.

    Returns
    -------
    Policy for `adapter_cache`, whose slots and costs it is told.

    Raises
    ------
    BadValue, BadType : numbers out of range; on other problems.

    Examples
    --------
    >>> lfu().name
    'lfu(epoch=200, alpha=0.5)'

    References
    ----------
    [LiLi2026]_ compares with rules that do not adapt to utilities; which ones is a reconstruction.
    """
    epoch, alpha, cache_aware = whole("epoch", epoch, 1), number("alpha", alpha, 0.0), flag("cache_aware", cache_aware)

    def init(spec):
        model, params = router("lfu", spec, alpha, cache_aware, epoch)
        return Memory(model, first_slots(spec), np.zeros(spec.view.resident.size)), params

    blind = "" if cache_aware else ", router blind to the cache"
    return Policy(VECTOR, init, act, update, name=f"lfu(epoch={epoch}, alpha={alpha:g}{blind})")
