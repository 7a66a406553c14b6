"""A bandit without chance: rewards and costs of all rounds are written down beforehand."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, choice, flag
from ..model import Kind, Law, Nothing, Problem, Spec


class Sequence(NamedTuple):
    """What round t holds for arm k."""

    reward: np.ndarray  #: (T, K)
    cost: np.ndarray  #: (T, K, d)


class Full(NamedTuple):
    """What every arm would have earned and cost in the round just played."""

    reward: np.ndarray
    cost: np.ndarray


def step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    for j in range(cost.size):
        cost[j] = instance.cost[t, action, j]
    return instance.reward[t, action]


def full_step(instance, state, view, action, left, t, key, cost, seen):
    for k in range(seen.reward.size):
        seen.reward[k] = instance.reward[t, k]
        for j in range(cost.size):
            seen.cost[k, j] = instance.cost[t, k, j]
    return step(instance, state, view, action, left, t, key, cost, seen)


def expected(instance, state, view, action, t):
    return instance.reward[t, action] if action >= 0 else 0.0


def adversarial_bandit(reward: Any, cost: Any = None, budget: Any = (), feedback: str = "bandit", idle: bool = True) -> Problem:
    """K arms against an oblivious adversary: arm a earns reward[t, a] in round t and pays cost[t, a]; law STOP.

    Nothing is random but the rule. The run ends before the first round whose cost does not fit, or after T rounds.

    Parameters
    ----------
    reward : (T, K), reward.
    cost : (T, K, d) or, for one resource, (T, K); units of each resource, >= 0. None without budgets.
    budget : (d,) or one number for one resource, >= 0; infinite where there is no cap.
    feedback : "bandit": a rule sees the reward and cost of its own arm; "full": `seen` shows those of every arm, after the round.
    idle : whether action -1 (no reward, no cost, one round) is legal.

    Returns
    -------
    Problem of kind ARM; `instance.reward` (T, K) and `instance.cost` (T, K, d) are the hidden truth.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges, costs without budgets or the reverse.

    Examples
    --------
    >>> problem = adversarial_bandit([[0.5, 0.0], [1.0, 0.2]], [[1.0, 0.0], [1.0, 0.1]], budget=1.0, feedback="full")
    >>> problem.name, problem.spec.budget.tolist(), problem.spec.seen.reward.shape
    ('adversarial_bandit(2 rounds, 2 arms, 1 resource, full)', [1.0], (2,))

    References
    ----------
    [Immorlica2019]_ for the model with budgets; [AuerExp32002]_ without.
    """
    reward = array("reward", reward, (None, None))
    horizon, k = reward.shape
    caps = array("budget", [budget] if np.ndim(budget) == 0 else budget, (np.size(budget),), 0.0, finite=False)
    d = caps.size
    if cost is None:
        if d:
            raise BadValue(f"cost: got None with {d} budget{'s' * (d > 1)}; allowed: (T, K, {d}), a cost for each")
        costs = np.zeros((horizon, k, 0))
    else:
        costs = array("cost", cost, (horizon, k) if np.ndim(cost) == 2 else (horizon, k, None), 0.0).reshape(horizon, k, -1)
        if costs.shape[2] != d:
            raise BadValue(f"budget: got {d} number{'s' * (d != 1)}; allowed: one for each of the {costs.shape[2]} resources of cost")
    full = choice("feedback", feedback, ("bandit", "full")) == "full"
    seen = Full(np.zeros(k), np.zeros((k, d))) if full else Nothing()
    spec = Spec(Kind.ARM, k, horizon, flag("idle", idle), budget=caps, law=Law.STOP, feedback=feedback, seen=seen)
    name = f"adversarial_bandit({horizon} rounds, {k} arms, {d} resource{'s' * (d != 1)}, {feedback})"
    return Problem(spec, Sequence(reward, costs), full_step if full else step, expected=expected, name=name)


def examples() -> list[Problem]:
    """One with each feedback: two phases with budgets, the better arm changing; and rewards alone.

    >>> [p.name for p in examples()]
    ['adversarial_bandit(200 rounds, 3 arms, 2 resources, bandit)', 'adversarial_bandit(150 rounds, 2 arms, 0 resources, full)',
     'adversarial_bandit(200 rounds, 3 arms, 2 resources, full)']
    """
    late = (np.arange(200) >= 100)[:, None]
    reward = np.where(late, [0.2, 0.9, 0.5], [0.8, 0.1, 0.5])
    cost = np.where(late[:, :, None], [[0.5, 0.0], [1.0, 0.25], [0.25, 0.5]], [[1.0, 0.25], [0.25, 0.0], [0.5, 0.5]])
    waves = np.stack([np.arange(150) % 3 == 0, np.arange(150) % 2 == 0], axis=1)
    return [adversarial_bandit(reward, cost, [50.0, 40.0]), adversarial_bandit(waves, feedback="full", idle=False),
            adversarial_bandit(reward, cost, [60.0, 40.0], "full")]  # fmt: skip
