"""What rules on a stream of arms share: exploring one arm after the other, and a tower of levels through which winners rise.

A decision is (take, slot, n), see `problems.arm_stream`. A rule knows slots only; it asks for at most `left[0]` pulls.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue
from ..model import Spec


def stream(rule: str, spec: Spec, slots: int) -> tuple[int, int]:
    """(K, T) of a stream whose memory has as many slots as the rule needs; anything else is declined."""
    public = spec.public
    if not (hasattr(spec.view, "waiting") and hasattr(public, "arms") and hasattr(public, "memory") and hasattr(public, "pulls")):
        raise BadValue(f"{rule}: got a problem without a stream of arms; allowed: arm_stream")
    if public.memory < slots:
        raise BadValue(f"{rule}: got memory for {public.memory} arms; allowed: at least {slots}, for {public.arms} arms")
    return int(public.arms), int(public.pulls)


def decide(chosen: Any, take: Any, slot: Any, pulls: Any, left: Any) -> None:
    """Takes the next arm into `take` (-1: none), and pulls `slot`, as often as asked and possible."""
    chosen[0] = take
    chosen[1] = slot
    chosen[2] = min(pulls, left[0])


# ------------------------------------------------------------------------------------------------ one arm after the other
class Best(NamedTuple):
    slot: np.ndarray  #: of the best arm so far, -1 before the first
    mean: np.ndarray


class Each(NamedTuple):
    pulls: float


def explore(memory, params, view, left, t, key, chosen):
    """Pulls every arriving arm equally often, beside the best one; then the best one for good."""
    if view.waiting[0] > 0.0:
        free = 1.0 if memory.slot[0] == 0.0 else 0.0
        decide(chosen, free, free, params.pulls, left)
    else:
        decide(chosen, -1.0, memory.slot[0], left[0], left)


def keep_best(memory, params, view, action, outcome, t):
    if action[0] >= 0.0 and outcome.cost[0] > 0.0:
        mean = outcome.reward / outcome.cost[0]
        if memory.slot[0] < 0.0 or mean > memory.mean[0]:
            memory.slot[0] = action[0]
            memory.mean[0] = mean


def exploring(rule: str, each: Any) -> Any:
    """The `init` of a rule that pulls every arm each(K, T) times."""

    def init(spec: Spec) -> Any:
        return Best(np.full(1, -1.0), np.zeros(1)), Each(float(each(*stream(rule, spec, 2))))

    return init


# ------------------------------------------------------------------------------------------------ the tower
class Tower(NamedTuple):
    """Of L levels; a slot of -1 is no arm."""

    king: np.ndarray  #: (L,) slot of the best arm of a level
    mean: np.ndarray  #: (L,) its mean there
    met: np.ndarray  #: (L,) arms that came to the level since it was last cleared
    challenger: np.ndarray  #: slot
    level: np.ndarray  #: of the challenger
    testing: np.ndarray  #: level whose king is tested next, when the stream is over
    chosen: np.ndarray  #: slot of the best in these tests
    chosen_mean: np.ndarray


class Levels(NamedTuple):
    batch: np.ndarray  #: (L,) pulls of an arm that comes to a level
    cap: np.ndarray  #: (L,) arms after which the best one rises; infinite at the top
    final: float  #: pulls in the last test


def climb(memory, params, view, left, t, key, chosen):
    if memory.challenger[0] < 0.0 and view.waiting[0] > 0.0:
        memory.challenger[0] = free_slot(memory.king)
        memory.level[0] = 0.0
        decide(chosen, memory.challenger[0], memory.challenger[0], params.batch[0], left)
    elif memory.challenger[0] >= 0.0:
        decide(chosen, -1.0, memory.challenger[0], params.batch[int(memory.level[0])], left)
    else:
        while memory.testing[0] >= 0.0 and memory.king[int(memory.testing[0])] < 0.0:
            memory.testing[0] -= 1.0
        if memory.testing[0] >= 0.0:
            decide(chosen, -1.0, memory.king[int(memory.testing[0])], params.final, left)
        else:
            decide(chosen, -1.0, memory.chosen[0], left[0], left)


def free_slot(king):
    """The first slot that holds no king."""
    slot, taken = -1.0, True
    while taken:
        slot += 1.0
        taken = False
        for i in range(king.size):
            taken = taken or king[i] == slot
    return slot


def rise(memory, params, view, action, outcome, t):
    if not outcome.cost[0] > 0.0:
        return
    mean = outcome.reward / outcome.cost[0]
    if memory.challenger[0] >= 0.0:
        meet(memory, params, mean)
    elif memory.testing[0] >= 0.0:
        if memory.chosen[0] < 0.0 or mean > memory.chosen_mean[0]:
            memory.chosen[0] = action[1]
            memory.chosen_mean[0] = mean
        memory.testing[0] -= 1.0


def meet(memory, params, mean):
    """The challenger has been pulled at its level: the better one is king there, the other is forgotten; of a full level the king rises."""
    level = int(memory.level[0])
    memory.met[level] += 1.0
    if memory.king[level] < 0.0 or mean > memory.mean[level]:
        memory.king[level] = memory.challenger[0]
        memory.mean[level] = mean
    memory.challenger[0] = -1.0
    if memory.met[level] >= params.cap[level]:
        memory.challenger[0] = memory.king[level]
        memory.level[0] = level + 1.0
        memory.king[level] = -1.0
        memory.met[level] = 0.0


def tower(rule: str, levels: Any) -> Any:
    """The `init` of a rule that plays the tower levels(K, T) -> (batches, caps, pulls of the last tests), with one slot more than levels."""

    def init(spec: Spec) -> Any:
        batch, cap, final = levels(*stream(rule, spec, 1))
        n = len(batch)
        stream(rule, spec, n + 1)
        none, zero = np.full(1, -1.0), np.zeros(1)
        memory = Tower(np.full(n, -1.0), np.zeros(n), np.zeros(n), none, zero, np.full(1, n - 1.0), none.copy(), zero.copy())
        return memory, Levels(np.array(batch, float), np.array([*cap[: n - 1], math.inf]), float(final))

    return init
