"""POLAR: a cache-aware LinUCB router, and a cache chosen again at the end of each epoch of fixed length."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import flag, number, whole
from ..model import VECTOR, Policy
from ..shared.adapter_rules import choose_cache, first_slots, learn, no_contexts, remember, router, serve


class Memory(NamedTuple):
    model: Any
    resident: np.ndarray
    met: Any


def act(memory, params, view, left, t, key, chosen):
    serve(memory, params, view, left, chosen)


def update(memory, params, view, action, outcome, t):
    remember(memory.met, view)
    learn(memory.model, view, action, outcome)


def replan(memory, params, view, left, t):
    choose_cache(memory, params)


def polar(epoch: int = 200, alpha: float = 0.5, cache_aware: bool = True, window: int = 4096) -> Policy:
    """Routes by optimism net of paging; every `epoch` rounds keeps the adapters that would have served the contexts seen best.

    Router: the adapter n of greatest ``theta_n . x + alpha sqrt(x' A_n^-1 x) - c [n not in C]``, one ridge regression (penalty 1) an adapter.
    Controller, at rounds H, 2 H, ...: with U = (contexts seen) theta', C is the lazy greedy choice for
    ``F(C) = sum_t max_n (U[t, n] - c [n not in C])``. The first cache is the first K adapters.

    Parameters
    ----------
    epoch : H, rounds, at least 1.
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
    The abstract is all that was available: index, objective of the controller, first cache, epochs and constants are a
    reconstruction. A cache whose loads do not fit into the budget is not asked for, and an adapter whose miss does not fit is not
    routed to. Loads are not weighed against what they save.

    Examples
    --------
    >>> polar().name
    'polar(epoch=200, alpha=0.5, window=4096)'
    >>> polar(50, alpha=0.0, cache_aware=False).name
    'polar(epoch=50, alpha=0, window=4096, router blind to the cache)'

    References
    ----------
    [LiLi2026]_, POLAR, the version with fixed epochs; reconstruction.
    """
    epoch, alpha, window = whole("epoch", epoch, 1), number("alpha", alpha, 0.0), whole("window", window, 1)
    cache_aware = flag("cache_aware", cache_aware)

    def init(spec):
        model, params = router("polar", spec, alpha, cache_aware)
        return Memory(model, first_slots(spec), no_contexts(spec, window)), params

    def schedule(spec):
        return range(epoch, spec.horizon, epoch)

    blind = "" if cache_aware else ", router blind to the cache"
    return Policy(VECTOR, init, act, update, replan=replan, schedule=schedule, name=f"polar(epoch={epoch}, alpha={alpha:g}, window={window}{blind})")
