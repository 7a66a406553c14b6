"""A cache that never changes, told or drawn at the start, under the router of POLAR."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, BadValue, flag, number, whole
from ..draws import shuffle
from ..model import VECTOR, Policy
from ..shared.adapter_rules import Router, learn, router, serve


class Memory(NamedTuple):
    model: Any
    resident: np.ndarray
    order: np.ndarray


class Params(NamedTuple):
    router: Router
    drawn: int  #: adapters to draw at the start


def begin(memory, params, key):
    if params.drawn:
        shuffle(key, 0, memory.order)
        for i in range(params.drawn):
            memory.resident[int(memory.order[i])] = 1.0


def act(memory, params, view, left, t, key, chosen):
    serve(memory, params.router, view, left, chosen)


def update(memory, params, view, action, outcome, t):
    learn(memory.model, view, action, outcome)


def static_cache(cache: Any = None, alpha: float = 0.5, cache_aware: bool = True) -> Policy:
    """The same adapters resident in every round; requests are routed as by `polar`.

    Parameters
    ----------
    cache : at most K adapters, told (none: every request misses; the best in hindsight: an oracle); None: K of them, drawn uniformly for each replication.
    alpha : >= 0, reward: width of the router's optimism; 0 routes greedily.
    cache_aware : whether a miss counts in the router's index; False routes as if everything were resident.

    Returns
    -------
    Policy for `adapter_cache`, whose slots and costs it is told.

    Raises
    ------
    BadValue, BadType : adapters that repeat, do not exist or have no room; numbers out of range; on other problems.

    Examples
    --------
    >>> static_cache().name, static_cache([0, 3]).name
    ('static_cache(drawn at random, alpha=0.5)', 'static_cache(told 0, 3, alpha=0.5)')

    References
    ----------
    [LiLi2026]_ compares with rules that do not adapt; which ones is a reconstruction.
    """
    alpha, cache_aware = number("alpha", alpha, 0.0), flag("cache_aware", cache_aware)
    told: list[int] | None = None
    if cache is not None:
        if np.ndim(cache) != 1:
            raise BadType(f"cache: got {cache!r}; allowed: a list of adapters, or None")
        told = [whole("cache", n) for n in cache]
        if len(set(told)) < len(told):
            raise BadValue(f"cache: got {told}; allowed: each adapter once")

    def init(spec):
        model, numbers = router("static_cache", spec, alpha, cache_aware)
        n, resident = spec.view.resident.size, np.zeros(spec.view.resident.size)
        if told is not None:
            if len(told) > numbers.slots or any(i >= n for i in told):
                raise BadValue(f"cache: got {told}; allowed: at most {numbers.slots} adapters of 0 to {n - 1}")
            resident[told] = 1.0
        return Memory(model, resident, np.arange(n, dtype=float)), Params(numbers, numbers.slots if told is None else 0)

    said = "drawn at random" if told is None else "told " + (", ".join(map(str, told)) or "none")
    blind = "" if cache_aware else ", router blind to the cache"
    return Policy(VECTOR, init, act, update, begin, name=f"static_cache({said}, alpha={alpha:g}{blind})")
