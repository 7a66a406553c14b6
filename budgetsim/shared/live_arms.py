"""Live arms sampled in turn: what rules that identify the best arm share, as portable plain functions."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue
from ..confidence import Means, means, record
from ..draws import integer
from ..model import SKIP, Spec


class Turns(NamedTuple):
    """Every live arm is sampled once a turn."""

    sample: Means  #: of each arm
    live: np.ndarray  #: 1 or 0
    remaining: np.ndarray  #: how many are live
    arm: np.ndarray  #: which comes next
    turns: np.ndarray  #: n, turns that are over


def turns(arms: int) -> Turns:
    """Nothing sampled, all arms live.

    >>> turns(3).remaining.tolist()
    [3.0]
    """
    return Turns(means(arms), np.ones(arms), np.array([float(arms)]), np.zeros(1, np.int64), np.zeros(1))


def needed(rule: str, spec: Spec, *public: str) -> Any:
    """What the problem makes public; declines one that shows no single sample in `seen.sample`, may refuse a pull, or lacks a public number.

    >>> from ..model import ARM
    >>> needed("dbcare", Spec(ARM, 2, 10), "price")
    Traceback (most recent call last):
    ...
    budgetsim.arguments.BadValue: dbcare: got a problem without seen.sample; allowed: one that shows the sample of the arm pulled
    """
    if getattr(getattr(spec.seen, "sample", None), "size", 0) != 1:
        raise BadValue(f"{rule}: got a problem without seen.sample; allowed: one that shows the sample of the arm pulled")
    if hasattr(spec.view, "legal") or spec.law == SKIP:
        raise BadValue(f"{rule}: got a problem in which a pull may be refused; allowed: every arm can be pulled in every round")
    for name in public:
        if not hasattr(spec.public, name):
            raise BadValue(f"{rule}: got a problem without a public {name}; allowed: one that has {', '.join(public)}")
    return spec.public


def take(memory: Any, arm: Any, value: Any) -> Any:
    """Counts a sample and passes on to the next live arm; says whether a turn is over."""
    record(memory.sample, arm, value)
    k = arm + 1
    while k < memory.live.size and memory.live[k] == 0.0:
        k += 1
    if k < memory.live.size:
        memory.arm[0] = k
        return False
    memory.turns[0] += 1.0
    first(memory)
    return True


def first(memory: Any) -> None:
    """The next to come is the first live arm."""
    k = 0
    while memory.live[k] == 0.0:
        k += 1
    memory.arm[0] = k


def drop(memory: Any, width: Any) -> None:
    """Every live arm whose mean is more than `width` below the greatest goes for good, all at once.

    >>> from ..confidence import record
    >>> m = turns(3)
    >>> for k, x in enumerate((0.0, 0.9, 1.0)):
    ...     over = take(m, k, x)
    >>> drop(m, 0.5)
    >>> over, m.live.tolist(), int(m.arm[0])
    (True, [0.0, 1.0, 1.0], 1)
    """
    mean, live, greatest = memory.sample.mean, memory.live, -math.inf
    for k in range(live.size):
        if live[k] > 0.0:
            greatest = max(greatest, mean[k])
    for k in range(live.size):
        if live[k] > 0.0 and greatest - mean[k] > width:
            live[k] = 0.0
            memory.remaining[0] -= 1.0
    first(memory)


def greatest_mean(memory: Any, key: Any) -> Any:
    """The live arm of greatest mean, each of several with the same probability: any live arm where none was sampled."""
    sample, live, greatest, ties = memory.sample, memory.live, -math.inf, 0
    for k in range(live.size):
        if live[k] > 0.0:
            value = sample.mean[k] if sample.pulls[k] > 0.0 else -math.inf
            if value > greatest:
                greatest, ties = value, 1
            elif value == greatest:
                ties += 1
    skip, arm = integer(key, 0, ties) if ties > 1 else 0, -1
    while skip >= 0:
        arm += 1
        if live[arm] > 0.0 and (sample.mean[arm] if sample.pulls[arm] > 0.0 else -math.inf) == greatest:
            skip -= 1
    return arm
