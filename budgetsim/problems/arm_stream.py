"""A single pass over a stream of arms with memory for a few: what is not stored when it passes is lost."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import array, choice, whole
from ..model import Kind, Law, Problem, Spec, Units

GREATEST = 10**15  #: pulls; up to here the draw of many at once has the exact law


class Instance(NamedTuple):
    mean_reward: np.ndarray
    memory: int
    pulls: float


class State(NamedTuple):
    order: np.ndarray  #: (K,) the arm that arrives as number 0, 1, ...
    held: np.ndarray  #: (memory,) the arm in each slot, -1 in an empty one
    waiting: np.ndarray  #: how many arms have not arrived


class View(NamedTuple):
    waiting: np.ndarray  #: how many arms have not arrived


class Stream(NamedTuple):
    """What every rule may know."""

    arms: int
    memory: int
    pulls: int


def init(instance):
    n = instance.mean_reward.size
    return State(np.arange(n, dtype=float), np.full(instance.memory, -1.0), np.full(1, float(n)))


def shuffled(instance, state, key):
    draws.shuffle(key, 0, state.order)


def observe(instance, state, t, key, view):
    view.waiting[0] = state.waiting[0]


def pulled(state, action):
    """The arm that an action pulls, or -1: nothing is pulled from an empty slot."""
    if action[0] == action[1] and state.waiting[0] > 0.0:
        return int(state.order[state.order.size - int(state.waiting[0])])
    return int(state.held[int(action[1])])


def step(instance, state, view, action, left, t, key, cost, seen):
    arm = pulled(state, action)
    if arm < 0:
        return 0.0
    cost[0] = action[2] if action[2] <= left[0] else action[2] + instance.pulls  # the ledger forgives 1e-12 T, which may be whole pulls
    return draws.binomial(key, arm, action[2], instance.mean_reward[arm])


def advance(instance, state, view, action, outcome, left, t, key):
    if action[0] >= 0.0 and state.waiting[0] > 0.0:
        state.held[int(action[0])] = state.order[state.order.size - int(state.waiting[0])]
        state.waiting[0] -= 1.0
    return left[0] < 1.0


def expected(instance, state, view, action, t):
    arm = pulled(state, action)
    return action[2] * instance.mean_reward[arm] if arm >= 0 else 0.0


def arm_stream(mean_reward: Any, memory: int, pulls: int, order: str = "given", horizon: int | None = None) -> Problem:
    """K Bernoulli arms arrive one after the other, once; only arms that are stored can be pulled, and there is room for `memory` of them.

    A round is a decision (take, slot, n): the next arm of the stream is put into slot `take` (-1: it keeps waiting), and whatever was
    there is lost for good; then the arm in `slot` is pulled n times. `outcome.reward` is the sum of its n rewards, Binomial(n, mean), and
    `outcome.cost[0]` the pulls that were made. Pulls are the one resource: a decision that asks for more than are left ends the run
    (law STOP), so a rule asks for at most `left[0]`; with the last pull the problem ends the run. Pulling an empty slot does nothing and
    costs nothing, nor does taking an arm when none is waiting: an arm that is there stays. Arms have no names but their slots, and however a
    rule decides, at most `memory` are stored. The view says how many arms are still `waiting`.

    Regret is pulls * max(mean_reward) less the means of the pulls that were made: `best_stream_arm(...).value - pseudo_reward`.

    Parameters
    ----------
    mean_reward : (K,) in [0, 1], reward per pull.
    memory : arms that can be stored at once, at least 1.
    pulls : T, 1 to 1e15.
    order : "given": arms arrive in the order of `mean_reward`; "shuffled": in one drawn anew for each replication.
    horizon : decisions, at least 1; None for 5 K + 100, more than any rule of this house takes.

    Returns
    -------
    Problem of kind VECTOR with n_actions = 3 whole entries and budget [T]. A decision costs O(1) however many pulls it asks for, a
    replication O(K). `instance.mean_reward` is the hidden truth; `public` holds `arms`, `memory` and `pulls`.

    Raises
    ------
    BadType, BadValue : no arms, means outside [0, 1], no memory, no pulls, an unknown order.

    Examples
    --------
    >>> problem = arm_stream([0.5, 0.8, 0.3], memory=2, pulls=10**9)
    >>> problem.spec.budget.tolist(), problem.spec.high.tolist()
    ([1000000000.0], [1.0, 1.0, 1000000000.0])

    References
    ----------
    [Wang2023]_ for the model; the decision is ours.
    """
    mean_reward = array("mean_reward", mean_reward, (None,), 0.0, 1.0)
    n = mean_reward.size
    memory = whole("memory", memory, 1)
    pulls = whole("pulls", pulls, 1, GREATEST)
    choice("order", order, ("given", "shuffled"))
    horizon = 5 * n + 100 if horizon is None else whole("horizon", horizon, 1)
    spec = Spec(
        Kind.VECTOR,
        3,
        horizon,
        low=np.array([-1.0, 0.0, 0.0]),
        high=np.array([memory - 1.0, memory - 1.0, float(pulls)]),
        whole=np.ones(3, bool),
        budget=np.array([float(pulls)]),
        law=Law.STOP,
        view=View(np.zeros(1)),
        public=Stream(n, memory, pulls),
        units=Units(resource=("pulls",), round="decision"),
    )
    begin = shuffled if order == "shuffled" else None
    name = f"arm_stream({n} arms, memory for {memory}, {pulls:.15g} pulls, order {order})"
    return Problem(spec, Instance(mean_reward, memory, float(pulls)), step, init, begin, observe, advance, expected=expected, name=name)


def examples() -> list[Problem]:
    """In the order given and shuffled.

    >>> [p.spec.n_actions for p in examples()]
    [3, 3]
    """
    return [arm_stream([0.2, 0.5, 0.8, 0.4, 0.6, 0.3], 5, 400), arm_stream([0.9, 0.1, 0.5, 0.5, 0.7, 0.6, 0.2, 1.0], 6, 2000, "shuffled")]
