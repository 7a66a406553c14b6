"""What rules for stocks that may run out share: UCB1 on rewards of a known range, and the gambler's posterior. Portable plain functions."""

import math
from typing import Any, NamedTuple

import numpy as np

from .. import arguments
from ..arguments import BadValue, array, number, whole
from ..confidence import Means, best, means, record
from ..draws import exp, log, log_binomial
from ..kernels import available
from ..model import RUIN, Spec


def one_stock(rule: str, spec: Spec, arms: int | None = None) -> float:
    """The initial stock of a problem that ends when its stock is gone, of so many arms where a rule was told; other problems are declined.

    >>> from budgetsim.model import ARM
    >>> one_stock("a rule", Spec(ARM, 2, 10, budget=np.array([5.0]), law=RUIN))
    5.0
    """
    if spec.law != RUIN or spec.budget.size != 1:
        raise BadValue(f"{rule}: got a problem of law {spec.law.name} with {spec.budget.size} budgets; allowed: law RUIN, one stock")
    if hasattr(spec.public, "supervised_horizon"):
        raise BadValue(f"{rule}: got sandbagging, where a reward is no gain of the stock; allowed: problems whose stock grows by the reward")
    _same_arms(rule, spec, arms)
    return float(spec.budget[0])


def _same_arms(rule: str, spec: Spec, arms: int | None) -> None:
    """As many arms as the rule was told of."""
    if arms not in (None, spec.n_actions):
        raise BadValue(f"{rule}: got a problem with {spec.n_actions} arms; allowed: {arms}, as many as outcomes has rows")


def or_first(view: Any, arm: Any) -> Any:
    """The planned arm, or the first available one where it is masked.

    >>> or_first((), 2)
    2
    """
    if not available(view, arm):
        arm = 0
        while not available(view, arm):
            arm += 1
    return arm


def laws(outcomes: Any, probabilities: Any) -> tuple[np.ndarray, np.ndarray]:
    """Gains of each arm and how likely they are, (K, S).

    >>> laws([[1, -1]], [[0.75, 0.25]])[1].tolist()
    [[0.75, 0.25]]
    """
    x = array("outcomes", outcomes, (None, None))
    return x, arguments.probabilities("probabilities", probabilities, x.shape)


def reward_range(low: Any, high: Any) -> tuple[float, float]:
    """The range of rewards, low < high."""
    low, high = number("low", low), number("high", high)
    if not low < high:
        raise BadValue(f"low: got {low:g} with high = {high:g}; allowed: low < high")
    return low, high


# ------------------------------------------------------------------------------------------------ UCB1 on [low, high]
class Bounds(NamedTuple):
    """What UCB1 keeps of n arms."""

    reward: Means
    width: np.ndarray  #: 1 / sqrt(pulls), 0 before the first pull
    bound: np.ndarray


def bounds(n: int) -> Bounds:
    """Nothing seen yet.

    >>> bounds(2).width.tolist()
    [0.0, 0.0]
    """
    return Bounds(means(n), np.zeros(n), np.zeros(n))


def set_bounds(memory: Any, span: Any, t: Any) -> None:
    """bound = mean + span sqrt(2 log t / pulls): UCB1's order of arms where rewards are mapped from an interval of length span to [0, 1]."""
    scale = span * math.sqrt(2.0 * log(max(t, 1)))
    for k in range(memory.bound.size):
        memory.bound[k] = memory.reward.mean[k] + scale * memory.width[k]


def record_bounds(memory: Any, arm: Any, reward: Any) -> None:
    """Adds a reward."""
    memory.width[arm] = 1.0 / math.sqrt(record(memory.reward, arm, reward))


def most_optimistic(memory: Any, view: Any, span: Any, t: Any) -> Any:
    """The available arm of greatest bound."""
    set_bounds(memory, span, t)
    return best(view, memory.bound)


# ------------------------------------------------------------------------------------------------ the gambler's posterior
class Record(NamedTuple):
    """Wins w and losses l of n arms, a quarter of the posterior density at p = 1/2, and the posterior chance of a good arm."""

    wins: np.ndarray
    losses: np.ndarray
    half: np.ndarray  #: (w + l + 1)! / (w! l!) 2^-(w + l + 2): 0 in floats only where p is surely on one side
    chance: np.ndarray  #: P(p > 1/2)


EQUAL = 1e-11  #: indices no further apart are equal; rounding brings a gambler's less than a tenth of it from the truth


def no_record(n: int) -> Record:
    """Nothing seen yet: each p is uniform on [0, 1].

    >>> no_record(1).half.tolist()
    [0.25]
    """
    return Record(np.zeros(n), np.zeros(n), np.full(n, 0.25), np.full(n, 0.5))


def half_weight(w: Any, l: Any) -> Any:
    """(w + l + 1)! / (w! l!) 2^-(w + l + 2).

    >>> abs(half_weight(1.0, 2.0) - 12.0 / 32.0) < 1e-13
    True
    """
    return 0.25 * (w + l + 1.0) * exp(log_binomial(min(w, l), w + l, 0.5))


def note(seen: Any, arm: Any, reward: Any) -> None:
    """A reward above 0 is a win, below 0 a loss; one of 0 moves no stock and says nothing about which comes first.

    A win adds half / (w + 1) to the chance, a loss takes half / (l + 1) from it; both are computed anew at every 64th, so that rounding does
    not add up.

    >>> r = no_record(1)
    >>> note(r, 0, 1.0), note(r, 0, -1.0), note(r, 0, 0.0), r.wins.tolist(), r.losses.tolist(), r.chance.tolist()
    (None, None, None, [1.0], [1.0], [0.5])
    """
    if reward == 0.0:
        return
    side = seen.wins if reward > 0.0 else seen.losses
    side[arm] += 1.0
    n, part = seen.wins[arm] + seen.losses[arm], seen.half[arm] / side[arm]
    seen.half[arm] = 0.5 * (n + 1.0) * part
    seen.chance[arm] += part if reward > 0.0 else -part
    if int(n) % 64 == 0:
        seen.half[arm] = half_weight(seen.wins[arm], seen.losses[arm])
        seen.chance[arm] = positive_chance(seen.wins[arm], seen.losses[arm], seen.half[arm])


def first_best(view: Any, value: Any) -> Any:
    """The first available arm whose value is the greatest, or as good as equal to it.

    >>> first_best((), np.array([0.5, 0.7, 0.7 + 1e-15]))
    1
    """
    arm = best(view, value)
    for k in range(arm):
        if value[k] >= value[arm] - EQUAL and available(view, k):
            return k
    return arm


def tail(n: Any, a: Any) -> Any:
    """2^n times the integral of u^(a-1) (1+u)^-n over [0, 1], n <= 2 a: sum of positive terms, each below the last.

    >>> abs(tail(2, 1) - 2.0) < 1e-15, abs(tail(3, 2) - 1.0) < 1e-15
    (True, True)
    """
    term = 1.0 / a
    total, j = term, 0.0
    while term > 1e-17 * total:
        term *= 0.5 * (n + j) / (a + 1.0 + j)
        total += term
        j += 1.0
    return total


def positive_chance(w: Any, l: Any, half: Any) -> Any:
    """P(p > 1/2), p being Beta(w + 1, l + 1).

    >>> r = no_record(1)
    >>> note(r, 0, 1.0), float(positive_chance(r.wins[0], r.losses[0], r.half[0]))
    (None, 0.75)
    """
    n = w + l + 2.0
    return half * tail(n, l + 1.0) if w <= l else 1.0 - half * tail(n, w + 1.0)


def ruin_chance(w: Any, l: Any, half: Any, b: Any) -> Any:
    """E[((1 - p) / p)^b 1{p > 1/2}], p being Beta(w + 1, l + 1), b >= 1 a whole number.

    With u = (1-p)/p it is the integral of u^(l+b) (1+u)^-(w+l+2) over [0, 1] by that over [0, inf) of b = 0. Where most of it lies in [0, 1], it is
    the product over i < b of (l + 1 + i) / (w - i) less the rest.

    >>> import math
    >>> abs(ruin_chance(0.0, 0.0, 0.25, 1) - (math.log(2) - 0.5)) < 1e-15
    True
    """
    n, a = w + l + 2.0, l + b + 1.0
    if n <= 2.0 * a:
        return half * tail(n, a)
    product, i = 1.0, 0.0
    while i < b and product > 1e-30:
        product *= (l + 1.0 + i) / (w - i)
        i += 1.0
    return max(product - half * tail(n, n - a), 0.0) if product > 1e-30 else product


# ------------------------------------------------------------------------------------------------ supervision
def danger_laws(outcomes: Any, probabilities: Any, danger: Any = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rewards >= 0 of each arm, how likely they are, and the whole danger of each, the reward itself where none is given: (K, S).

    >>> danger_laws([[0, 2]], [[0.75, 0.25]])[2].tolist()
    [[0.0, 2.0]]
    """
    x, p = laws(outcomes, probabilities)
    array("outcomes", outcomes, x.shape, 0.0)
    d = x if danger is None else array("danger", danger, x.shape, 0.0)
    part = d[d != np.floor(d)]
    if part.size:
        what = "outcomes: got {:g}, and rewards are the danger" if danger is None else "danger: got {:g}"
        raise BadValue(f"{what.format(part[0])}; allowed: whole numbers" + ", or a danger of its own" * (danger is None))
    return x, p, d


def supervision(danger_cap: Any, supervised_horizon: Any, free_horizon: Any) -> tuple[int, int, int]:
    """The cap and both horizons, checked.

    >>> supervision(10, 20, 0)
    (10, 20, 0)
    """
    if np.ndim(danger_cap) == 1 and len(danger_cap) == 1:  # as it stands in a spec
        danger_cap = danger_cap[0]
    return whole("danger_cap", danger_cap, 1, 10**9), whole("supervised_horizon", supervised_horizon, 1), whole("free_horizon", free_horizon, 0)


def supervised(rule: str, spec: Spec, arms: int | None = None) -> tuple[int, int, int]:
    """The cap and both horizons of a problem that releases whoever stays below a cap; others are declined.

    >>> from budgetsim.problems.sandbagging import sandbagging
    >>> supervised("a rule", sandbagging([[0, 2]], [[0.5, 0.5]], 9, 5, 3).spec)
    (9, 5, 3)
    """
    if not hasattr(spec.public, "supervised_horizon"):
        raise BadValue(f"{rule}: got a problem without a supervised horizon; allowed: sandbagging")
    _same_arms(rule, spec, arms)
    return int(spec.budget[0]), int(spec.public.supervised_horizon), int(spec.public.free_horizon)
