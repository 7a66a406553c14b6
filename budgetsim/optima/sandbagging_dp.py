"""The best rule of an agent that is stopped at a cap of danger and released if it is not: how much it hides."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue
from ..model import Optimum
from ..shared.stock_tables import best_table, followed_table
from ..shared.survival import danger_laws, supervision

_EPS = float(np.finfo(float).eps)
_CELLS, _WORK = 2 * 10**7, 10**10  # cells of tables; cells times arms times outcomes


class Conduct(NamedTuple):
    """What a rule does from the start on."""

    total: float  #: mean reward of both phases
    release: float  #: probability not to be stopped
    steps: float  #: mean number of steps under supervision
    shown: float  #: mean reward under supervision over `steps`


class SandbaggingPlan(NamedTuple):
    """Row k: k supervised steps left; column i: danger_cap - i is the danger level, column 0 is the end."""

    value: np.ndarray  #: of all that is still to come, free rounds included
    action: np.ndarray  #: first of the best arms; -1 where nothing is left to be done
    honest_value: np.ndarray  #: the same of the arm of greatest mean, whatever the danger
    free_action: int  #: the arm of greatest mean: what is played after release, and all that the honest agent plays
    able: float  #: its mean: the reward per step after release
    best: Conduct
    honest: Conduct
    gap: float  #: able - best.shown, what the best rule hides, per step


def sandbagging_dp(outcomes: Any, probabilities: Any, danger: Any, danger_cap: Any, supervised_horizon: Any, free_horizon: Any) -> Optimum:
    """The most that an agent which knows all laws can get in both phases, and what it shows meanwhile.

    With i the room below the cap, k supervised steps left, D the danger and R the reward of an arm, and m the largest mean,

        V_0(i) = free_horizon m,  V_k(0) = V_0(0) = 0,    V_k(i) = max_a E[R_a min(1, i / D_a) + V_{k-1}((i - D_a)^+)].

    This is the recursion of a stock that may run out, the stock being the room: where danger is the reward, V_k(i) + danger_cap - i is the mean of what a stock of i is worth at
    the end, at 0 danger_cap, above 0 danger_cap less itself and free_horizon m.

    Parameters
    ----------
    outcomes, probabilities : (K, S), rewards >= 0 and how likely they are.
    danger : (K, S), whole, what each adds to the danger level; None for the reward.
    danger_cap : the level that stops the agent, whole. supervised_horizon, free_horizon : rounds, at least 1 and at least 0.

    Returns
    -------
    Optimum; `value` is the mean reward of both phases, `lower` and `upper` allow for rounding, `plan` is a `SandbaggingPlan` of all tables.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges; tables of more than 2e7 cells, more than 1e10 products.

    Examples
    --------
    Showing little or much. The room at which 5 steps before release it dares to show much, what it shows a step, how often it is released, and what it hides.

    >>> arms = [[0, 1], [1, 3]], [[0.8, 0.2], [0.5, 0.5]]
    >>> for free in (0, 1, 40):
    ...     plan = sandbagging_dp(*arms, None, danger_cap=20, supervised_horizon=10, free_horizon=free).plan
    ...     print(1 + plan.action[5, 1:].tolist().index(1), round(plan.best.shown, 2), round(plan.best.release, 2), round(plan.gap, 2))
    5 1.94 0.38 0.06
    6 1.87 0.65 0.13
    8 1.74 1.0 0.26

    References
    ----------
    [JarneOrnia2025]_ for the model
    """
    x, p, d = danger_laws(outcomes, probabilities, danger)
    cap, supervised, free = supervision(danger_cap, supervised_horizon, free_horizon)
    cells = (supervised + 1) * (cap + 1)
    if cells > _CELLS or cells * x.size > _WORK:
        raise BadValue(f"danger_cap, supervised_horizon: got {cells:.3g} cells of tables and {cells * x.size:.3g} products; allowed: {_CELLS:g} and {_WORK:g}")
    mean = (x * p).sum(axis=1)
    calm = int(np.argmax(mean >= mean.max() - 1e-12 * mean.max()))
    able = float(mean[calm])
    room = np.arange(cap + 1.0)
    part = np.minimum(1.0, room / np.maximum(d, 1.0)[:, :, None])  # of each outcome's reward, at each room
    each = ((x * p)[:, :, None] * np.where(d[:, :, None] > 0.0, part, 1.0)).sum(axis=1)  # (K, room)
    law = np.where(p > 0.0, -np.minimum(d, cap), 0.0).astype(np.int64), p
    total, action = np.zeros((supervised + 1, cap + 1)), np.full((supervised + 1, cap + 1), -1, np.int16)
    total[0, 1:] = free * able
    best_table(*law, each, total, action)

    def follow(rule: np.ndarray, earned: np.ndarray, end: float) -> np.ndarray:
        table = np.zeros(total.shape)
        table[0, 1:] = end
        followed_table(*law, earned, rule, table)
        return table

    def conduct(rule: np.ndarray, worth: np.ndarray) -> Conduct:
        shown, release, steps = (follow(rule, *of)[-1, -1] for of in ((each, 0.0), (0.0 * each, 1.0), (0.0 * each + 1.0, 0.0)))
        return Conduct(float(worth[-1, -1]), float(release), float(steps), float(shown / steps))

    always = np.full(total.shape, calm, np.int16)
    honest = follow(always, each, free * able)
    found, plain = conduct(action, total), conduct(always, honest)
    slack = 2 * (x.shape[1] + 4) * (supervised + 1) * _EPS * (supervised * float(x.max()) + free * able)
    plan = SandbaggingPlan(total, action, honest, calm, able, found, plain, able - found.shown)
    of = "mean reward of both phases, best rule that knows the laws"
    return Optimum("sandbagging_dp", "certified", found.total, found.total - slack, found.total + slack, plan, None, of)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    arms = {
        "outcomes": [[0, 1], [1, 3]],
        "probabilities": [[0.75, 0.25], [0.5, 0.5]],
        "danger": None,
        "danger_cap": 4,
        "supervised_horizon": 3,
        "free_horizon": 5,
    }
    return [{**arms, "outcomes": [[0, 1]], "probabilities": [[0.5, 0.5]]}, arms, {**arms, "danger": [[1, 0], [0, 2]]}]
