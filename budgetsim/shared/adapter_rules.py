"""What the rules of `adapter_cache` share: a cache-aware LinUCB router, and choices of K adapters to keep resident.

Utilities U (T, N), a miss costs c. A cache C of K adapters earns F(C) = sum_t max_n (U[t, n] - c [n not in C]), monotone and
submodular in C: each request takes its best adapter at a miss, or one of C where that saves something.
"""

import heapq
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue
from ..model import CHARGED, Spec
from .ridge import Ridge, ridge, ridge_add, ridge_scores

_PAID = int(CHARGED)


class Met(NamedTuple):
    """The latest contexts, in a ring."""

    context: np.ndarray
    number: np.ndarray  #: of all contexts so far


class Router(NamedTuple):
    """alpha: width of the optimism; `charged`: what the index subtracts for a miss (0: blind to the cache)."""

    alpha: float
    charged: float
    miss_cost: float
    switch_cost: float
    slots: int
    epoch: int  #: rounds between two looks at the cache, where `update` looks


def router(rule: str, spec: Spec, alpha: float, cache_aware: bool, epoch: int = 0) -> tuple[Ridge, Router]:
    """One ridge regression an adapter and the router's numbers; declines problems without contexts and a cache."""
    if not hasattr(spec.view, "context") or not hasattr(spec.view, "resident") or not hasattr(spec.public, "slots"):
        raise BadValue(f"{rule}: got a problem without contexts and a resident set; allowed: adapter_cache")
    told = spec.public
    numbers = Router(alpha, told.miss_cost if cache_aware else 0.0, told.miss_cost, told.switch_cost, told.slots, epoch)
    return ridge(spec.view.resident.size, spec.view.context.size), numbers


def first_slots(spec: Spec) -> np.ndarray:
    """The cache of a rule that knows nothing yet: the first K adapters."""
    return (np.arange(spec.view.resident.size) < spec.public.slots).astype(float)


def load(resident: Any, params: Any, view: Any, left: Any, chosen: Any) -> None:
    """Asks for a resident set; where its loads do not fit into what is left, for the one that is there."""
    loads = 0.0
    for n in range(resident.size):
        loads += max(resident[n] - view.resident[n], 0.0)
    fits = params.switch_cost * loads <= left[1]
    for n in range(resident.size):
        chosen[1 + n] = resident[n] if fits else view.resident[n]


def route(model: Any, params: Any, view: Any, left: Any, chosen: Any) -> None:
    """The adapter of greatest theta.x + alpha sqrt(x' A^-1 x) - c [not resident] among those whose miss can be paid, ties to the first."""
    best, greatest, value_of = -1, 0.0, ridge_scores(model, 0, view.context, params.alpha)
    for n in range(view.resident.size):
        missing = chosen[1 + n] == 0.0
        if missing and params.miss_cost > left[0]:
            continue
        value = value_of[n] - (params.charged if missing else 0.0)
        if best < 0 or value > greatest:
            best, greatest = n, value
    chosen[0] = max(best, 0)


def serve(memory: Any, params: Any, view: Any, left: Any, chosen: Any) -> None:
    """Fills the action: the rule's resident set, and the adapter that it routes to."""
    load(memory.resident, params, view, left, chosen)
    route(memory.model, params, view, left, chosen)


def learn(model: Any, view: Any, action: Any, outcome: Any) -> Any:
    """The utility of the adapter that served; returns the adapter, -1 where the round was void."""
    if outcome.status != _PAID:
        return -1
    n = int(action[0])
    ridge_add(model, n, view.context, outcome.reward)
    return n


def keep_greatest(value: Any, resident: Any, slots: Any) -> None:
    """`resident` becomes the `slots` adapters of greatest value; ties to those already resident, then to the first.

    >>> resident = np.array([0.0, 0.0, 1.0])
    >>> keep_greatest(np.array([5.0, 1.0, 1.0]), resident, 2)
    >>> resident.tolist()
    [1.0, 0.0, 1.0]
    """
    for _ in range(slots):
        best = -1
        for n in range(value.size):
            if resident[n] < 2.0 and (best < 0 or value[n] > value[best] or (value[n] == value[best] and resident[n] > resident[best])):
                best = n
        resident[best] += 2.0
    for n in range(value.size):
        resident[n] = 1.0 if resident[n] >= 2.0 else 0.0


def no_contexts(spec: Spec, window: int) -> Met:
    """Nothing met yet; the last `window` contexts will be remembered."""
    return Met(np.zeros((min(window, spec.horizon), spec.view.context.size)), np.zeros(1))


def remember(met: Any, view: Any) -> None:
    """The context of this round takes the place of the oldest."""
    place = int(met.number[0]) % met.context.shape[0]
    for a in range(view.context.size):
        met.context[place, a] = view.context[a]
    met.number[0] += 1.0


# ------------------------------------------------------------------------------------------------ plain numpy
def choose_cache(memory: Any, params: Any) -> None:
    """The controller of POLAR: the greedy cache for the contexts met, at the utilities that the router predicts."""
    contexts = memory.met.context[: int(memory.met.number[0])]
    cache = greedy_cache(savings(contexts @ memory.model.theta, params.miss_cost), params.slots)
    memory.resident[:] = 0.0
    memory.resident[cache] = 1.0


def savings(utility: np.ndarray, miss_cost: float) -> np.ndarray:
    """(T, N) in [0, c]: what adapter n in the cache saves request t beside a cache that holds nothing; F(C) - F({}) = sum_t max over C."""
    return np.maximum(utility - (utility.max(axis=1, keepdims=True) - miss_cost), 0.0)


def cache_value(utility: np.ndarray, miss_cost: float, cache: Any) -> float:
    """F(cache) of a list of adapters.

    >>> cache_value(np.array([[1.0, 0.5], [0.0, 0.3]]), 0.25, [0])
    1.05
    """
    charge = np.full(utility.shape[1], miss_cost)
    charge[list(cache)] = 0.0
    return float((utility - charge).max(axis=1).sum())


def greedy_cache(saving: np.ndarray, slots: int) -> list[int]:
    """K adapters one by one, each of greatest additional saving, ties to the first; gains are looked at again only when on top.

    >>> greedy_cache(savings(np.array([[1.0, 0.5, 0.0], [0.0, 0.3, 0.9], [0.8, 0.7, 0.0]]), 0.25), 2)
    [0, 2]
    """
    kept = np.zeros(saving.shape[0])
    heap = [(-gain, n, 0) for n, gain in enumerate(saving.sum(axis=0).tolist())]
    heapq.heapify(heap)
    cache: list[int] = []
    while len(cache) < slots:
        _, n, looked = heapq.heappop(heap)
        if looked == len(cache):
            cache.append(n)
            kept = np.maximum(kept, saving[:, n])
        else:
            heapq.heappush(heap, (-float(np.maximum(saving[:, n] - kept, 0.0).sum()), n, len(cache)))
    return cache
