"""POLAR+: POLAR with epochs that double and with forced exploration."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import flag, number, whole
from ..draws import bernoulli, exp, integer, log
from ..model import VECTOR, Policy
from ..shared.adapter_rules import Router, choose_cache, first_slots, learn, no_contexts, remember, router, serve


class Memory(NamedTuple):
    model: Any
    resident: np.ndarray
    met: Any


class Params(NamedTuple):
    router: Router
    kappa: float


def act(memory, params, view, left, t, key, chosen):
    serve(memory, params.router, view, left, chosen)
    if bernoulli(key, 0, min(1.0, params.kappa * exp(-log(t + 1.0) / 3.0))) == 1.0:
        n = integer(key, 1, view.resident.size)
        if chosen[1 + n] == 1.0 or params.router.miss_cost <= left[0]:
            chosen[0] = n


def update(memory, params, view, action, outcome, t):
    remember(memory.met, view)
    learn(memory.model, view, action, outcome)


def replan(memory, params, view, left, t):
    choose_cache(memory, params.router)


def polar_plus(first_epoch: int = 50, kappa: float = 0.25, alpha: float = 0.5, cache_aware: bool = True, window: int = 4096) -> Policy:
    """POLAR, but epoch e lasts H_0 2^e rounds, and round t = 1, 2, ... goes to any adapter with probability min(1, kappa t^(-1/3)).

    Router and controller are those of `polar`; the adapter of a forced round is uniform over all N. The cache is chosen again after
    H_0, 3 H_0, 7 H_0, ... rounds, which is O(log T) times.

    The forced rounds alone, about 1.5 kappa T^(2/3) of them, cost that many times the mean loss of a random adapter: with this
    schedule no bound of order sqrt(T) can hold.

    Parameters
    ----------
    first_epoch : H_0, rounds, at least 1.
    kappa : >= 0; 0 forces nothing.
    alpha : >= 0, reward; 0 routes greedily.
    cache_aware : whether a miss counts in the router's index; False routes as if everything were resident.
    window : contexts remembered, the latest, at least 1.

    Returns
    -------
    Policy for `adapter_cache`, whose slots and costs it is told.

    Raises
    ------
    BadValue, BadType : numbers out of range; on other problems.

    Departures from the paper
    -------------------------
    As for `polar`; also the rate and the choice of forced exploration are a reconstruction.

    Examples
    --------
    >>> polar_plus().name
    'polar_plus(first_epoch=50, kappa=0.25, alpha=0.5, window=4096)'

    References
    ----------
    [LiLi2026]_, POLAR+; reconstruction.
    """
    first_epoch, kappa = whole("first_epoch", first_epoch, 1), number("kappa", kappa, 0.0)
    alpha, cache_aware, window = number("alpha", alpha, 0.0), flag("cache_aware", cache_aware), whole("window", window, 1)

    def init(spec):
        model, numbers = router("polar_plus", spec, alpha, cache_aware)
        memory = Memory(model, first_slots(spec), no_contexts(spec, window))
        return memory, Params(numbers, kappa)

    def schedule(spec):
        return [first_epoch * (2**e - 1) for e in range(1, 64) if first_epoch * (2**e - 1) < spec.horizon]

    blind = "" if cache_aware else ", router blind to the cache"
    name = f"polar_plus(first_epoch={first_epoch}, kappa={kappa:g}, alpha={alpha:g}, window={window}{blind})"
    return Policy(VECTOR, init, act, update, replan=replan, schedule=schedule, name=name)
