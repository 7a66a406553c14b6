"""What rules share that play a mixture of arms found by a linear program: records of pulls, confidence bounds, the draw."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import array, number
from ..confidence import any_arm, relative, scarce_rate
from ..confidence import hoeffding as hoeffding_radius
from ..draws import log, uniform
from ..kernels import available, compiled
from ..model import VOID, Spec

NO_COST_SEEN = int(VOID)
FORMS = ("relative", "hoeffding")
SMALLEST = 1e-100  # of a largest cost


class Record(NamedTuple):
    """What n arms have shown, and the mixture that is played."""

    pulls: np.ndarray
    reward: np.ndarray  #: sum
    charged: np.ndarray  #: pulls whose cost was seen
    cost: np.ndarray  #: sum (n, d), in units of the largest cost
    untried: np.ndarray  #: how many arms have no pull
    mixture: np.ndarray


class Told(NamedTuple):
    """What the rule was told, costs in units of the largest."""

    level: float  #: A
    hoeffding: bool
    rate: np.ndarray  #: budget / horizon (d,)
    unit: np.ndarray  #: 1 / largest cost (d,)
    idle: bool


def largest_costs(value: Any) -> np.ndarray:
    """The argument `largest_cost` of a rule: (1,) for all resources or (d,)."""
    told = 1.0 if value is None else value
    return np.array([number("largest_cost", told, SMALLEST)]) if np.ndim(told) == 0 else array("largest_cost", told, (None,), SMALLEST)


def opened(rule: str, spec: Spec, radius: str, confidence: float, largest: np.ndarray) -> tuple[Record, Told]:
    """Nothing seen yet; declines a problem without a finite budget, with one that is 0, or renewed."""
    n, d = spec.n_actions, spec.budget.size
    rate = scarce_rate(rule, spec, largest) / largest
    level = confidence * log(n * spec.horizon * (d + 1.0))
    zeros = np.zeros
    record = Record(zeros(n), zeros(n), zeros(n), zeros((n, d)), np.array([float(n)]), np.full(n, 1.0 / n))
    return record, Told(level, radius == "hoeffding", rate, np.ones(d) / largest, bool(spec.idle))


def rounds_to_solve(spec: Spec, resolve: float) -> list[int]:
    """When every arm can have been pulled, then after each share `resolve` of the horizon, and early on whenever the rounds grew by a twentieth.

    Without the latter the first few programs, which know next to nothing, would hold for a constant share of every horizon.
    """
    rounds, t = [], spec.n_actions
    while t < spec.horizon:
        rounds.append(t)
        t += max(1, math.floor(min(resolve * spec.horizon, t / 20)))
    return rounds


def note(record: Any, told: Any, action: Any, outcome: Any) -> None:
    """Adds a round to the record."""
    if action < 0:
        return
    if record.pulls[action] == 0.0:
        record.untried[0] -= 1.0
    record.pulls[action] += 1.0
    record.reward[action] += outcome.reward
    if outcome.status != NO_COST_SEEN:
        record.charged[action] += 1.0
        for j in range(told.unit.size):
            record.cost[action, j] += told.unit[j] * outcome.cost[j]


def draw_arm(record: Any, told: Any, view: Any, key: Any) -> Any:
    """An available arm never pulled, if there is one; else a draw from the mixture, what is missing to 1 being idle."""
    mixture = record.mixture
    if record.untried[0] > 0.0:
        for k in range(mixture.size):
            if record.pulls[k] == 0.0 and available(view, k):
                return k
    total, share = 0.0, 0.0
    for k in range(mixture.size):
        share += mixture[k]
        if available(view, k):
            total += mixture[k]
    idle = max(1.0 - share, 0.0) if told.idle else 0.0
    if total + idle == 0.0:
        return any_arm(view, mixture.size, key, 1)
    point, arm, last = uniform(key, 0) * (total + idle), 0, -1
    while arm < mixture.size and point >= 0.0:
        if mixture[arm] > 0.0 and available(view, arm):
            point -= mixture[arm]
            last = arm
        arm += 1
    return -1 if point >= 0.0 and (idle > 0.0 or last < 0) else last


def surround(total: Any, n: Any, level: Any, hoeffding: Any, low: Any, high: Any) -> None:
    """Bounds of means with sums `total` (n, d) of n[k] numbers in [0, 1] each; where nothing was seen, 0 and 1."""
    for k in range(n.size):
        for j in range(total.shape[1]):
            low[k, j], high[k, j] = 0.0, 1.0
            if n[k] > 0.0:
                mean = total[k, j] / n[k]
                r = hoeffding_radius(n[k], level) if hoeffding else relative(max(mean, 0.0), n[k], level)
                low[k, j], high[k, j] = max(mean - r, 0.0), min(mean + r, 1.0)


_surround = compiled(surround)


def bounds(record: Any, told: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(upper, lower) of the mean rewards (n,), then (lower, upper) of the mean costs (n, d), all in [0, 1] where data are."""
    lower, upper, (cheap, dear) = np.empty(record.pulls.size), np.empty(record.pulls.size), np.empty((2, *record.cost.shape))
    _surround(record.reward[:, None], record.pulls, told.level, told.hoeffding, lower[:, None], upper[:, None])
    _surround(record.cost, record.charged, told.level, told.hoeffding, cheap, dear)
    return upper, lower, cheap, dear
