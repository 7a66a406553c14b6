"""What the rules for volunteers share: what they are told, and notifying by a fixed order of priority in each context."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, probabilities
from ..model import Spec


class Told(NamedTuple):
    """The hidden truth of a `volunteer_rescue`, checked."""

    f: np.ndarray
    p: np.ndarray
    q: np.ndarray
    w: np.ndarray
    name: str  #: for labels


class Priorities(NamedTuple):
    order: np.ndarray  #: (K, N) volunteers, the best first
    useful: np.ndarray  #: (K,) how many of them are ever notified
    most: float  #: notifications a round, whatever it allows


def told(context_probability: Any, acceptance: Any, reactivation: Any, reward: Any) -> Told:
    """The arguments of a rule that knows the volunteers.

    >>> told([1.0], [[0.5]], [0.1], [2.0]).name
    'told the context probabilities, acceptance, reactivation and rewards 2'
    """
    f = probabilities("context_probability", context_probability, (None,))
    p = array("acceptance", acceptance, (None, f.size), 0.0, 1.0)
    q, w = array("reactivation", reactivation, (len(p),), 0.0, 1.0), array("reward", reward, (f.size,), 0.0)
    rewards = "rewards" if np.all(w == 1.0) else "rewards " + ", ".join(f"{x:g}" for x in w)
    return Told(f, p, q, w, f"told the context probabilities, acceptance, reactivation and {rewards}")


def declined(rule: str, spec: Spec, shape: tuple[int, int] | None = None) -> None:
    """Raises where the problem is not one of volunteers, or not of those that the rule was told about.

    >>> from ..model import VECTOR, Spec
    >>> declined("whittle", Spec(VECTOR, 3, 10))
    Traceback (most recent call last):
    budgetsim.arguments.BadValue: whittle: got a problem without contexts and active volunteers; allowed: a volunteer_rescue
    """
    if not (hasattr(spec.view, "active") and hasattr(spec.view, "context") and hasattr(spec.public, "allocation")):
        raise BadValue(f"{rule}: got a problem without contexts and active volunteers; allowed: a volunteer_rescue")
    size = spec.n_actions, spec.public.allocation.size
    if shape is not None and size != shape:
        raise BadValue(f"acceptance: got shape {shape} with {size[0]} volunteers and {size[1]} contexts; allowed: shape {size}")


def priorities(value: np.ndarray, above: float = -math.inf, most: float = math.inf) -> Priorities:
    """By falling value (N, K), ties to the lower number; only those with a value above `above`.

    >>> priorities(np.array([[0.2, 0.0], [0.5, 0.3]]), above=0.0).order.tolist()
    [[1, 0], [1, 0]]
    """
    order = np.argsort(-value, axis=0, kind="stable").T
    return Priorities(np.ascontiguousarray(order), (value > above).sum(axis=0), float(most))


def notify(memory, params, view, left, t, key, chosen):
    """`act`: the first active volunteers of this context's order, as many as the round allows."""
    for i in range(chosen.size):
        chosen[i] = 0.0
    k = int(view.context[0])
    room, j, last = min(left[0], params.most), 0, params.useful[k]
    while room >= 1.0 and j < last:
        i = params.order[k, j]
        free = view.active[i]
        chosen[i] = free
        room -= free
        j += 1


def learn_nothing(memory, params, view, action, outcome, t):
    pass
