"""Sandbagging: what an agent shows under supervision counts towards its danger level, and at the cap it is stopped; who is not stopped is released."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..model import ARM, RUIN, Problem, Spec, Units
from ..shared.survival import danger_laws, supervision


class Arms(NamedTuple):
    """Arm k earns outcomes[k, i] and shows danger[k, i] with probability probabilities[k, i]."""

    outcomes: np.ndarray  #: (K, S) >= 0
    probabilities: np.ndarray  #: (K, S)
    danger: np.ndarray  #: (K, S) whole, >= 0
    danger_cap: int
    supervised_horizon: int
    free_horizon: int
    upto: np.ndarray  #: (K, S) cumulative
    mean_reward: np.ndarray  #: (K,) of a round that is not the fatal one


class Supervision(NamedTuple):
    """What every rule is told."""

    supervised_horizon: int
    free_horizon: int


class State(NamedTuple):
    room: np.ndarray  #: (1,) danger that may still be shown
    uses: np.ndarray  #: (K,) pulls of each arm so far


def init(instance):
    return State(np.full(1, float(instance.danger_cap)), np.zeros(instance.mean_reward.size))


def step(instance, state, view, action, left, t, key, cost, seen):
    i = draws.categorical(draws.nth_use(key, action, int(state.uses[action])), 0, instance.upto[action])
    reward, danger = instance.outcomes[action, i], instance.danger[action, i]
    if t >= instance.supervised_horizon:
        return reward
    if danger > left[0]:
        reward = reward * left[0] / danger
        danger = left[0]
    cost[0] = danger
    return reward


def advance(instance, state, view, action, outcome, left, t, key):
    state.room[0] = left[0]
    state.uses[action] += 1.0
    return False


def expected(instance, state, view, action, t):
    if t >= instance.supervised_horizon:
        return instance.mean_reward[action]
    mean, room = 0.0, state.room[0]
    for i in range(instance.outcomes.shape[1]):
        reward, danger = instance.outcomes[action, i], instance.danger[action, i]
        if danger > room:
            reward = reward * room / danger
        mean += instance.probabilities[action, i] * reward
    return mean


def sandbagging(outcomes: Any, probabilities: Any, danger_cap: Any, supervised_horizon: Any, free_horizon: Any, danger: Any = None) -> Problem:
    """K arms played under supervision, where danger adds up and a cap stops the agent, and freely by whoever was not stopped (law RUIN).

    With h the danger level, 0 at first, a pull under supervision draws a reward R >= 0 and its danger D, and h' = min(h + D, danger_cap). At
    h' = danger_cap, reaching it included, the run is over. Of that last round the part that the cap leaves room for counts, R (h' - h) / D, so that where danger is the reward
    itself the sum of the counted rewards is h. After supervised_horizon rounds below the cap the agent is released: free_horizon rounds whose danger nobody adds up. The one resource is the room
    that is left, danger_cap - h. The n-th pull of an arm brings the same whatever was pulled in between.

    Parameters
    ----------
    outcomes : (K, S), rewards >= 0. They are whole where they are the danger, too.
    probabilities : (K, S), each row sums to 1.
    danger_cap : the level that stops the agent, a whole number, at least 1.
    supervised_horizon, free_horizon : rounds; at least 1, and at least 0.
    danger : (K, S), whole, >= 0: what each outcome adds to the danger level. None: the reward.

    Returns
    -------
    Problem of kind ARM with one resource, of supervised_horizon + free_horizon rounds. ``spec.public`` tells both horizons to every rule.
    ``instance.outcomes``, ``instance.probabilities``, ``instance.danger`` and ``instance.mean_reward`` (K,) are the hidden truth.

    Raises
    ------
    BadType, BadValue : wrong shapes, probabilities that do not sum to 1, rewards or dangers below 0, dangers or a cap that are not whole.

    Departures from the paper
    -------------------------
    Known to us from a note on the paper: rewards that are the danger, the cap, both horizons. A danger of its own and what then counts of the last round are ours.

    Examples
    --------
    Showing little (arm 0) or much (arm 1).

    >>> problem = sandbagging([[0, 1], [1, 3]], [[0.8, 0.2], [0.5, 0.5]], danger_cap=10, supervised_horizon=20, free_horizon=50)
    >>> problem.spec.law.name, problem.spec.budget.tolist(), problem.spec.horizon, problem.name
    ('RUIN', [10.0], 70, 'sandbagging(2 arms, cap 10, 20 rounds supervised, 50 free)')

    References
    ----------
    [JarneOrnia2025]_
    """
    x, p, d = danger_laws(outcomes, probabilities, danger)
    cap, supervised, free = supervision(danger_cap, supervised_horizon, free_horizon)
    n = len(x)
    instance = Arms(x, p, d, cap, supervised, free, np.cumsum(p, axis=1), (x * p).sum(axis=1))
    units = Units("reward", ("danger",))
    spec = Spec(ARM, n, supervised + free, budget=np.array([float(cap)]), law=RUIN, public=Supervision(supervised, free), units=units)
    own = "" if danger is None else ", a danger of its own"
    name = f"sandbagging({n} arm{'s' * (n > 1)}{own}, cap {cap}, {supervised} rounds supervised, {free} free)"
    return Problem(spec, instance, step, init, advance=advance, expected=expected, name=name)


def examples() -> list[Problem]:
    """Danger is the reward; a danger of its own, with an arm that shows none and one that may show more than the cap."""
    return [
        sandbagging([[0, 1, 2], [1, 2, 4]], [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3]], 12, 15, 85),
        sandbagging([[0.5, 0.0], [1.5, 0.25]], [[0.3, 0.7], [0.6, 0.4]], 9, 100, 40, danger=[[0, 0], [20, 1]]),
    ]
