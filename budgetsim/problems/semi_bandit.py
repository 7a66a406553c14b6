"""Semi-bandits with knapsacks: several arms a round, each of which shows its own reward and costs, until a budget runs out."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import array, whole
from ..draws import bernoulli
from ..model import STOP, UNANSWERED, VECTOR, Problem, Spec


class Public(NamedTuple):
    most: int


class Arms(NamedTuple):
    arm_reward: np.ndarray
    arm_cost: np.ndarray
    most: int


class Seen(NamedTuple):
    """Of the arms chosen; 0 elsewhere."""

    reward: np.ndarray
    cost: np.ndarray


def step(instance, state, view, action, left, t, key, cost, seen):
    n, d = instance.arm_cost.shape
    chosen, total = 0, 0.0
    seen.reward[:] = 0.0
    seen.cost[:, :] = 0.0
    for k in range(n):
        if action[k] > 0.0:
            chosen += 1
            seen.reward[k] = bernoulli(key, k * (d + 1), instance.arm_reward[k])
            total += seen.reward[k]
            for j in range(d):
                seen.cost[k, j] = bernoulli(key, k * (d + 1) + 1 + j, instance.arm_cost[k, j])
                cost[j] += seen.cost[k, j]
    return total if chosen <= instance.most else UNANSWERED


def expected(instance, state, view, action, t):
    total = 0.0
    for k in range(action.size):
        total += action[k] * instance.arm_reward[k]
    return total


def semi_bandit(arm_reward: Any = None, arm_cost: Any = None, most: Any = None, budget: Any = None, horizon: Any = None) -> Problem:
    """Up to m of K arms are pulled together; the round earns the sum of their rewards and pays the sum of their costs.

    Arm k has reward Bernoulli(arm_reward[k]) and cost Bernoulli(arm_cost[k, j]) of resource j, all independent. Rewards
    and costs of the arms chosen are seen one by one. The run ends before the first round whose cost does not fit (law
    STOP); pulling nothing costs only time.

    Parameters
    ----------
    arm_reward : (K,) in [0, 1], reward.
    arm_cost : (K, d) in [0, 1], units of each resource.
    most : m, 1 to K. A round that chooses more arms is not played: its status is IGNORED, and the result counts it.
    budget : (d,) >= 0, units of each resource; infinite where there is no cap.
    horizon : rounds, at least 1.

    Returns
    -------
    Problem of kind VECTOR, an action being a mask (K,) of 0 and 1; `public.most` is m.

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range, m above K.

    Examples
    --------
    >>> problem = semi_bandit([0.9, 0.5, 0.3], [[0.8], [0.1], [0.1]], most=2, budget=[250], horizon=1000)
    >>> problem.spec.kind.name, problem.spec.feedback, problem.spec.public.most
    ('VECTOR', 'semi', 2)

    References
    ----------
    [Sankararaman2018]_ for the model
    """
    r = array("arm_reward", arm_reward, (None,), 0.0, 1.0)
    c = array("arm_cost", arm_cost, (r.size, None), 0.0, 1.0)
    n, d = c.shape
    most, horizon = whole("most", most, 1, n), whole("horizon", horizon, 1)
    budget = array("budget", budget, (d,), 0.0, finite=False)
    zeros = np.zeros
    spec = Spec(VECTOR, n, horizon, low=zeros(n), high=np.ones(n), whole=np.ones(n, bool), budget=budget, law=STOP, feedback="semi",
                seen=Seen(zeros(n), zeros((n, d))), public=Public(most))  # fmt: skip
    return Problem(spec, Arms(r, c, most), step, expected=expected, name=f"semi_bandit({n} arms, at most {most}, {d} resource{'s' * (d > 1)})")


def examples() -> list[Problem]:
    """Two of four arms with two resources, and any of three with one.

    >>> [p.name for p in examples()]
    ['semi_bandit(4 arms, at most 2, 2 resources)', 'semi_bandit(3 arms, at most 3, 1 resource)']
    """
    return [
        semi_bandit([0.9, 0.6, 0.5, 0.3], [[0.8, 0.2], [0.35, 0.5], [0.1, 0.25], [0.05, 0.05]], 2, [60.0, 60.0], 200),
        semi_bandit([0.8, 0.5, 0.2], [[0.6], [0.2], [0.0]], 3, [40.0], 150),
    ]
