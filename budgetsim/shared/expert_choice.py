"""What routing tokens to experts shares: the top K by affinity plus bias, the loads, and the memory of the rules that move biases."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue
from ..model import Spec


class Affinities(NamedTuple):
    """The view: `affinity` (n, E) of the batch."""

    affinity: np.ndarray


class Loads(NamedTuple):
    """What is seen of a batch: `load` (E,), tokens that chose each expert, kept or dropped."""

    load: np.ndarray


class Batch(NamedTuple):
    """What is public: n tokens, E experts, K a token, and the load n K / E of perfect balance."""

    tokens: int
    experts: int
    choices: int
    target: float


class Biases(NamedTuple):
    """The memory of a rule that moves biases: `bias` (E,), and the number of batches learned from."""

    bias: np.ndarray
    batches: np.ndarray


class Step(NamedTuple):
    """u, and the load of perfect balance."""

    u: float
    target: float


def next_choice(affinity: Any, bias: Any, last: Any) -> Any:
    """The expert after `last` (-1: the first) in the order of falling affinity + bias, ties by index.

    >>> a, p = np.array([0.5, 0.25, 0.5]), np.zeros(3)
    >>> next_choice(a, p, -1), next_choice(a, p, 0), next_choice(a, p, 2)
    (0, 2, 1)
    """
    best, most = -1, 0.0
    edge = affinity[last] + bias[last] if last >= 0 else 0.0
    for k in range(affinity.size):
        value = affinity[k] + bias[k]
        if (last < 0 or value < edge or (value == edge and k > last)) and (best < 0 or value > most):
            best, most = k, value
    return best


def routed(affinity: Any, bias: Any, choices: Any, capacity: Any, load: Any) -> Any:
    """Fills load (E,) and returns the sum of the affinities of what is kept: the first `capacity` tokens of each expert, by index."""
    for k in range(load.size):
        load[k] = 0.0
    score = 0.0
    for i in range(affinity.shape[0]):
        k = -1
        for _ in range(choices):
            k = next_choice(affinity[i], bias, k)
            load[k] += 1.0
            if load[k] <= capacity:
                score += affinity[i, k]
    return score


def draw_affinities(skew: Any, key: Any, affinity: Any) -> None:
    """Fills affinity (n, E) with sigmoid(skew_k + standard normal), as every round of a drawn problem does."""
    n, e = affinity.shape
    for i in range(n):
        for k in range(e):
            affinity[i, k] = 1.0 / (1.0 + draws.exp(-(skew[k] + draws.normal(key, i * e + k))))


def overload(load: Any, target: Any) -> Any:
    """Tokens beyond the target, over all experts."""
    total = 0.0
    for k in range(load.size):
        total += max(load[k] - target, 0.0)
    return total


def offer_bias(memory: Any, params: Any, view: Any, left: Any, t: Any, key: Any, chosen: Any) -> None:
    """The `act` of every rule that keeps its biases in memory."""
    for k in range(chosen.size):
        chosen[k] = memory.bias[k]


def experts_of(rule: str, spec: Spec) -> Batch:
    """The public numbers; declines every other problem."""
    told = spec.public
    if not hasattr(told, "target") or not hasattr(told, "experts") or not hasattr(spec.seen, "load") or not hasattr(spec.view, "affinity"):
        raise BadValue(f"{rule}: got a problem without expert loads; allowed: expert_routing")
    return told


def no_biases(experts: int) -> Biases:
    return Biases(np.zeros(experts), np.zeros(1))
