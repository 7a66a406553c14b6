"""Rejection replay: a log of recommendations shown at random answers a rule only where both chose the same arm."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, array, choice, whole
from ..model import UNANSWERED, Kind, Law, Problem, Spec, Units
from ..shared.user_classes import Classes, User


class Events(NamedTuple):
    """The log: what was shown (N,), what it earned (N,), to whom (N, d) and (N,)."""

    shown: np.ndarray
    reward: np.ndarray
    context: np.ndarray
    user_class: np.ndarray


class Row(NamedTuple):
    """The event that this round plays."""

    row: np.ndarray


# The event of the next round is drawn by `advance`: `observe` and `step` both need it, and neither may write the state.
def resample_begin(instance, state, key):
    state.row[0] = draws.integer(key, 0, instance.shown.size)


def resample_advance(instance, state, view, action, outcome, left, t, key):
    state.row[0] = draws.integer(key, 0, instance.shown.size)
    return False


def as_logged_advance(instance, state, view, action, outcome, left, t, key):
    state.row[0] = t + 1.0
    return False


def observe(instance, state, t, key, view):
    row = int(state.row[0])
    view.user_class[0] = instance.user_class[row]
    for a in range(view.context.size):
        view.context[a] = instance.context[row, a]


def step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    row = int(state.row[0])
    if action != instance.shown[row]:
        return UNANSWERED
    cost[0] = 1.0
    return instance.reward[row]


def replay_bandit(
    shown: Any,
    reward: Any,
    context: Any,
    user_class: Any,
    n_arms: int,
    budget: Any,
    horizon: int,
    order: str = "resample",
) -> Problem:
    """Rounds are events of a log in which the arm was drawn uniformly; the rule is answered where it chooses that arm.

    Event i showed arm shown[i] to a user of class user_class[i] with context[i] and earned reward[i]. A rule that
    recommends the same arm earns that reward and pays 1 unit of the budget; if it recommends another, the round is
    IGNORED: nothing is paid, the rule is not told, the next event comes. Skipping (-1) is free and always answered.
    Because the log's arm is independent of user and reward, an answered round is like any other: reward / answers of a
    rule that does not learn estimates the mean reward of its recommendations, and 1 / n_arms of them are answered. For
    logs with other propensities neither is true.

    Parameters
    ----------
    shown : (N,) arms, 0 to n_arms - 1.
    reward : (N,), reward.
    context : (N, d).
    user_class : (N,) classes, 0 to J - 1, each at least once.
    n_arms : K, at least 1.
    budget : number of answered recommendations, >= 0, one number or (1,); infinite where there is no cap.
    horizon : events played; at most N unless they are resampled.
    order : "resample" (each round an event drawn with replacement) | "as_logged" (event t in round t: no luck).

    Returns
    -------
    Problem of kind ARM, law SKIP. `spec.view` shows `context` (d,) and `user_class` (1,); `spec.public` holds the classes'
    shares of the log, their mean contexts as `centres`, and `answered` = 1 / n_arms. There is no pseudo-reward.

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range, a class without events, a horizon longer than the log.

    Departures from the paper
    -------------------------
    In the authors' replay only events on which rule and log agree count as time, skipped ones among them. Here every
    event is a round and skips are free in all, which keeps time and budget in one clock; rules divide by `answered`.

    Examples
    --------
    >>> problem = replay_bandit([0, 1, 1, 0], [1, 0, 1, 0], [[1.0], [0.5], [1.0], [0.5]], [0, 1, 0, 1], n_arms=2, budget=10, horizon=100)
    >>> problem.name, problem.spec.public.centres.tolist(), problem.spec.public.answered
    ('replay_bandit(4 events, 2 classes, 2 arms, resample)', [[1.0], [0.5]], 0.5)

    References
    ----------
    [Li2010]_ for replay; [Yang2020]_ for replay under a budget.
    """
    k = whole("n_arms", n_arms, 1)
    shown = array("shown", shown, (None,), 0.0, k - 1.0)
    n = shown.size
    reward, context, user_class = array("reward", reward, (n,)), array("context", context, (n, None)), array("user_class", user_class, (n,), 0.0)
    for name, codes in (("shown", shown), ("user_class", user_class)):
        if np.any(codes != np.floor(codes)):
            raise BadValue(f"{name}: got {codes[codes != np.floor(codes)][0]}; allowed: whole numbers")
    if user_class.max() >= n or (members := np.bincount(user_class.astype(int))).min() == 0:
        raise BadValue("user_class: got a class without events; allowed: classes 0 to J - 1, each at least once")
    choice("order", order, ("resample", "as_logged"))
    horizon = whole("horizon", horizon, 1, 2**62 if order == "resample" else n)
    budget = array("budget", [budget] if np.ndim(budget) == 0 else budget, (1,), 0.0, finite=False)
    centres = np.zeros((members.size, context.shape[1]))
    np.add.at(centres, user_class.astype(int), context)
    public = Classes(members / n, centres / members[:, None], 1.0 / k)
    spec = Spec(Kind.ARM, k, horizon, idle=True, budget=budget, law=Law.SKIP, view=User(np.zeros(context.shape[1]), np.zeros(1)),
                public=public, units=Units("reward", ("recommendations",), "event"))  # fmt: skip
    events, name = Events(shown, reward, context, user_class), f"replay_bandit({n} events, {members.size} classes, {k} arms, {order})"
    problem = Problem(spec, events, step, init=_first_row, observe=observe, advance=as_logged_advance, name=name)
    return problem._replace(begin=resample_begin, advance=resample_advance) if order == "resample" else problem


def examples() -> list[Problem]:
    """A small log in both orders.

    >>> [p.spec.horizon for p in examples()]
    [150, 120]
    """
    rng = np.random.default_rng(0)
    user_class, shown, context = rng.integers(0, 2, 120), rng.integers(0, 3, 120), rng.random((120, 2))
    log = shown, rng.random(120) < 0.2 + 0.3 * (shown == user_class), context, user_class
    return [replay_bandit(*log, 3, 20, 150), replay_bandit(*log, 3, 15, 120, "as_logged")]


def _first_row(instance: Events) -> Row:
    return Row(np.zeros(1))
