"""Food rescue: who is notified of a trip; a volunteer who accepts is away for a while."""

from typing import Any, NamedTuple

import numpy as np

from .. import arguments, draws
from ..arguments import BadValue, array, choice, whole
from ..model import SKIP, VECTOR, Problem, Spec, Units


class Volunteers(NamedTuple):
    """N volunteers, K contexts."""

    context_probability: np.ndarray  #: (K,)
    acceptance: np.ndarray  #: (N, K)
    reactivation: np.ndarray  #: (N,)
    allocation: np.ndarray  #: (K,)
    reward: np.ndarray  #: (K,)
    context_upto: np.ndarray  #: (K,) cumulative probabilities
    start: np.ndarray  #: (N,) probability of being active in round 0


class Allocation(NamedTuple):
    allocation: np.ndarray  #: (K,) notifications that a round of each context allows


class View(NamedTuple):
    context: np.ndarray  #: (1,) 0 to K - 1
    active: np.ndarray  #: (N,) 1 or 0


class State(NamedTuple):
    active: np.ndarray


class Seen(NamedTuple):
    accepted: np.ndarray  #: (N,) 1 or 0


def init(instance):
    return State(np.zeros(instance.start.size))


def begin(instance, state, key):
    for i in range(state.active.size):
        state.active[i] = draws.bernoulli(key, i, instance.start[i])


def observe(instance, state, t, key, view):
    view.context[0] = draws.categorical(key, 0, instance.context_upto)
    for i in range(state.active.size):
        view.active[i] = state.active[i]


def allowance(instance, state, view, left):
    left[0] = instance.allocation[int(view.context[0])]


# Volunteer i draws from slots i (does he accept?) and N + i (is he back?), so every rule meets the same luck.
def step(instance, state, view, action, left, t, key, cost, seen):
    k = int(view.context[0])
    accepted, notified = 0.0, 0.0
    for i in range(action.size):
        seen.accepted[i] = 0.0
        if action[i] != 0.0:
            notified += 1.0
            if view.active[i] != 0.0:
                yes = draws.bernoulli(key, i, instance.acceptance[i, k])
                seen.accepted[i] = yes
                accepted += yes
    cost[0] = notified
    return accepted * instance.reward[k]


def advance(instance, state, view, action, outcome, left, t, key):
    n = state.active.size
    for i in range(n):
        if view.active[i] == 0.0:
            state.active[i] = draws.bernoulli(key, n + i, instance.reactivation[i])
        elif outcome.seen.accepted[i] != 0.0:
            state.active[i] = 0.0
    return False


def expected(instance, state, view, action, t):
    k = int(view.context[0])
    mean = 0.0
    for i in range(action.size):
        mean += action[i] * view.active[i] * instance.acceptance[i, k]
    return mean * instance.reward[k]


def volunteer_rescue(
    context_probability: Any,
    acceptance: Any,
    reactivation: Any,
    allocation: Any,
    horizon: Any,
    reward: Any = None,
    start: Any = "active",
) -> Problem:
    """N volunteers who are active or away, K contexts; a round of context k allows allocation[k] notifications.

    Each round draws a context k (a region, a kind of trip) with probability f_k and shows it with the active volunteers;
    the action is a 0/1 vector of whom to notify. An active volunteer i who is notified accepts with probability p_ik,
    which earns w_k, and is away from the next round on; a volunteer who is away comes back with probability q_i a round,
    whatever is done. Notifying one who is away is legal, costs a notification and earns nothing. A round that notifies
    more than its allowance is void (law SKIP); what it does not use is lost.

    Parameters
    ----------
    context_probability : (K,) f, sums to 1.
    acceptance : (N, K) p, in [0, 1].
    reactivation : (N,) q, or one number for all, in [0, 1], a round.
    allocation : (K,) whole numbers >= 0, notifications a round of each context. Its mean, the sum of f_k allocation[k],
        is the problem's budget: what a round may spend on average.
    horizon : rounds, at least 1.
    reward : (K,) w >= 0, reward of an accepted trip; None for 1 in every context.
    start : "active": everybody is active in round 0; "inactive": nobody; or (N,) probabilities of being active.

    Returns
    -------
    Problem of kind VECTOR with feedback "semi": `seen.accepted` (N,) says who accepted. `spec.public.allocation` (K,) is
    known to rules; the other arguments are the hidden truth, fields of `instance` under their own names.

    Raises
    ------
    BadType, BadValue : wrong shapes or lengths, probabilities out of range or not summing to 1, an allocation that is
        negative or not whole.

    Departures from the paper
    -------------------------
    A reconstruction after the authors' published development code: the paper's text was not available.

    Examples
    --------
    >>> problem = volunteer_rescue([0.5, 0.5], [[0.9, 0.1], [0.6, 0.3]], 0.2, [2, 0], horizon=100)
    >>> problem.spec.budget.tolist(), problem.instance.reactivation.tolist(), problem.name
    ([1.0], [0.2, 0.2], 'volunteer_rescue(2 volunteers, 2 contexts, allocation 2, 0)')

    References
    ----------
    [Tang2025]_ for the model.
    """
    f = arguments.probabilities("context_probability", context_probability, (None,))
    p = array("acceptance", acceptance, (None, f.size), 0.0, 1.0)
    n = len(p)
    q = array("reactivation", np.full(n, reactivation) if np.ndim(reactivation) == 0 else reactivation, (n,), 0.0, 1.0)
    b = array("allocation", allocation, (f.size,), 0.0)
    if np.any(b != np.floor(b)):
        raise BadValue(f"allocation: got {b[b != np.floor(b)][0]:g}; allowed: whole numbers of notifications")
    w = np.ones(f.size) if reward is None else array("reward", reward, (f.size,), 0.0)
    if isinstance(start, str):
        first = np.full(n, float(choice("start", start, ("active", "inactive")) == "active"))
    else:
        first = array("start", start, (n,), 0.0, 1.0)
    spec = Spec(
        VECTOR, n, whole("horizon", horizon, 1), low=np.zeros(n), high=np.ones(n), whole=np.ones(n, bool), budget=np.array([f @ b]), law=SKIP, renew=True,
        feedback="semi", view=View(np.zeros(1), np.zeros(n)), seen=Seen(np.zeros(n)), public=Allocation(b), units=Units("reward", ("notifications",)),
    )  # fmt: skip
    name = f"volunteer_rescue({n} volunteer{'s' * (n > 1)}, {f.size} context{'s' * (f.size > 1)}, allocation {', '.join(f'{x:g}' for x in b)})"
    return Problem(spec, Volunteers(f, p, q, b, w, np.cumsum(f), first), step, init, begin, observe, advance, allowance, expected, name=name)


def examples() -> list[Problem]:
    """Alike volunteers; unlike ones with an allocation that leaves a context out; unequal rewards, half of them away.

    >>> [p.spec.n_actions for p in examples()]
    [6, 5, 4]
    """
    unlike = [[0.9, 0.1, 0.4], [0.2, 0.8, 0.5], [0.6, 0.6, 0.1], [0.3, 0.05, 0.95], [0.5, 0.4, 0.3]]
    return [
        volunteer_rescue([0.2, 0.5, 0.3], np.tile([0.6, 0.15, 0.25], (6, 1)), 0.15, [2, 1, 1], 200),
        volunteer_rescue([0.3, 0.3, 0.4], unlike, [0.1, 0.3, 0.2, 0.5, 0.25], [2, 0, 1], 200),
        volunteer_rescue([0.5, 0.5], [[0.9, 0.3], [0.5, 0.4], [0.2, 0.7], [0.6, 0.6]], 0.3, [1, 2], 150, [1.0, 0.7], [1.0, 0.5, 0.5, 0.0]),
    ]
