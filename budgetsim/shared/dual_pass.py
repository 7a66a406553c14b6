"""The price of a day's budget: compiled passes over requests, and the least of their dual by cutting planes.

Requests t show rewards r_t (n,) and costs c_t (n, d); at most one option of each is taken. At prices mu >= 0 the dual is

    D(mu) = mu.B + sum_t max(0, max_i r_ti - mu.c_ti),

convex, piecewise linear, and above what any plan within the budget B earns. One pass gives D(mu) and what the plan x(mu) of
the maximisers earns and uses. `descend` keeps those plans as columns of a small linear program, max sum_k w_k earned_k with
sum_k w_k used_k <= B, sum_k w_k <= 1: its value is a bound from below, and its prices say where to look next.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, BadValue, array
from ..kernels import compiled

EPS = float(np.finfo(float).eps)
TINY = 1e-13  # a reduced reward below this is 0; rewards and costs of the small program are of order 1
BEYOND = 1e12  # an option that costs so many budgets is numerically one that can never be paid
CHUNK = 256  # requests that are added up before they join the total: rounding then grows with T / CHUNK + CHUNK, not with T


class Least(NamedTuple):
    """The best found: `price` (d,) with dual `value`; `lower`, earned by the mixture `weight` (k,) of the plans at `prices` (k, d).

    `size` is what was added up, for allowances of rounding; `passes` over the requests.
    """

    price: np.ndarray
    value: float
    lower: float
    weight: np.ndarray
    prices: np.ndarray
    size: float
    passes: int


# ------------------------------------------------------------------------------------------------ compiled passes
def pass_over(reward: Any, cost: Any, price: Any, used: Any) -> float:
    """sum_t max(0, max_i r_ti - price.c_ti); the maximisers' costs are added to used[:d], their rewards to used[d].

    Of options that are worth as much the first is taken, and none before any.
    """
    horizon, n, d = cost.shape
    total = 0.0
    for start in range(0, horizon, CHUNK):
        part = earned = 0.0
        for t in range(start, min(start + CHUNK, horizon)):
            best, option = 0.0, -1
            for i in range(n):
                gain = reward[t, i]
                if gain > best:  # prices and costs are >= 0, they only lower it
                    for j in range(d):
                        gain -= price[j] * cost[t, i, j]
                    if gain > best:
                        best, option = gain, i
            if option >= 0:
                part += best
                earned += reward[t, option]
                for j in range(d):
                    used[j] += cost[t, option, j]
        total += part
        used[d] += earned
    return total


def dearest(reward: Any, cost: Any, beyond: Any, price: Any) -> None:
    """Raises price[j] to the greatest r_ti / c_tij of costs that are above beyond[j]."""
    for t in range(reward.shape[0]):
        for i in range(reward.shape[1]):
            for j in range(beyond.size):
                if cost[t, i, j] > beyond[j] and reward[t, i] > price[j] * cost[t, i, j]:
                    price[j] = reward[t, i] / cost[t, i, j]


def climb(earned: Any, used: Any, known: int, right: Any, basis: Any, inverse: Any, weight: Any, price: Any) -> float:
    """max earned.w with used'w <= right[:d], sum w <= right[d], w >= 0 over the first `known` columns, by the simplex method from `basis`.

    `basis` (d + 1,) holds columns, or -1 - j for the slack of row j. Fills `weight` of the rows of the basis and `price` (d + 1,).
    """
    m = basis.size
    factor(used, basis, inverse)
    patience, pivots = 20 * m + 40, 0
    enters, along = np.zeros(m), np.zeros(m)
    while True:
        for i in range(m):
            weight[i] = price[i] = 0.0
        for i in range(m):
            for j in range(m):
                weight[i] += inverse[i, j] * right[j]
                if basis[i] >= 0:
                    price[j] += earned[basis[i]] * inverse[i, j]
        enter, steepest, found = 0, TINY, False
        for k in range(-m, known):
            if pivots >= patience and found:  # Bland's rule: the first that helps
                break
            if k < 0:
                gain = -price[-1 - k]
            else:
                gain = earned[k] - price[m - 1]
                for j in range(m - 1):
                    gain -= price[j] * used[k, j]
            if gain > steepest:
                enter, steepest, found = k, gain, True
        if not found or pivots > 20 * patience:
            break
        column(used, enter, enters)
        leave, least = -1, 0.0
        for i in range(m):
            along[i] = 0.0
            for j in range(m):
                along[i] += inverse[i, j] * enters[j]
            if along[i] > 1e-11:
                step = max(weight[i], 0.0) / along[i]
                if leave < 0 or step < least or (step == least and (along[i] > along[leave] if pivots < patience else basis[i] < basis[leave])):
                    leave, least = i, step
        if leave < 0:  # cannot be: the weights are bounded
            break
        unit = along[leave]
        for j in range(m):
            inverse[leave, j] /= unit
        for i in range(m):
            if i != leave and along[i] != 0.0:
                for j in range(m):
                    inverse[i, j] -= along[i] * inverse[leave, j]
        basis[leave] = enter
        pivots += 1
        if pivots % 64 == 0:
            factor(used, basis, inverse)
    total = 0.0
    for i in range(m):
        price[i] = max(price[i], 0.0)
        weight[i] = max(weight[i], 0.0)
        if basis[i] >= 0:
            total += weight[i] * earned[basis[i]]
    return total


def column(used: Any, k: Any, out: Any) -> None:
    m = out.size
    for j in range(m):
        out[j] = 0.0
    if k < 0:
        out[-1 - k] = 1.0
    else:
        for j in range(m - 1):
            out[j] = used[k, j]
        out[m - 1] = 1.0


def factor(used: Any, basis: Any, inverse: Any) -> None:
    """The inverse of the basis by elimination; should it be singular by a rounding, the slacks start anew."""
    m = basis.size
    table, one = np.zeros((m, 2 * m)), np.zeros(m)
    for i in range(m):
        column(used, basis[i], one)
        table[i, m + i] = 1.0
        for j in range(m):
            table[j, i] = one[j]
    for i in range(m):
        at = i
        for r in range(i + 1, m):
            if abs(table[r, i]) > abs(table[at, i]):
                at = r
        if abs(table[at, i]) < 1e-14:
            for r in range(m):
                basis[r] = -1 - r
                for j in range(m):
                    inverse[r, j] = 1.0 if r == j else 0.0
            return
        for j in range(2 * m):
            table[i, j], table[at, j] = table[at, j], table[i, j]
        unit = table[i, i]
        for j in range(2 * m):
            table[i, j] /= unit
        for r in range(m):
            times = table[r, i]
            if r != i and times != 0.0:
                for j in range(2 * m):
                    table[r, j] -= times * table[i, j]
    for i in range(m):
        for j in range(m):
            inverse[i, j] = table[i, m + j]


_pass, _dearest, _climb = compiled(pass_over), compiled(dearest), compiled(climb)


# ------------------------------------------------------------------------------------------------ for everybody
def dual_pass(reward: np.ndarray, cost: np.ndarray, price: np.ndarray) -> tuple[float, np.ndarray, float]:
    """sum_t max(0, max_i r_ti - price.c_ti), and what the maximisers use (d,) and earn.

    D(price) is the first plus price.B; B - used is a subgradient of D there. Arrays are float64 and contiguous, prices >= 0.

    >>> value, used, earned = dual_pass(np.array([[3.0, 1.0], [2.0, 1.0]]), np.array([[[2.0], [1.0]], [[2.0], [0.0]]]), np.array([1.0]))
    >>> value, used.tolist(), earned
    (2.0, [2.0], 4.0)
    """
    used = np.zeros(price.size + 1)
    value = float(_pass(reward, cost, price, used))
    return value, used[:-1], float(used[-1])


def barring(blocks: Any, budget: np.ndarray) -> np.ndarray:
    """(d,): for each resource a price at which no option that needs more than `BEYOND` budgets of it is worth taking; with a budget of 0 none that needs it."""
    price, beyond = np.zeros(budget.size), hopeless(budget)
    for reward, cost in blocks:
        _dearest(reward, cost, beyond, price)
    return np.minimum(price * (1.0 + 16 * EPS), 1e300)


def hopeless(budget: np.ndarray) -> np.ndarray:
    """(d,): costs above it are left out of searches. Of the whole budget such an option earns at most its reward / `BEYOND`, which the prices of `barring` pay for.

    >>> hopeless(np.array([0.0, 2.0, np.inf])).tolist()
    [0.0, 2000000000000.0, inf]
    """
    return np.where(np.isfinite(budget), np.minimum(budget, 1e290), np.inf) * BEYOND


def descend(
    evaluate: Callable[[np.ndarray], tuple[float, np.ndarray, float]],
    budget: np.ndarray,
    start: np.ndarray | None = None,
    tolerance: float = 1e-9,
    most: int = 1000,
    fixed: np.ndarray | None = None,
) -> Least:
    """The least of D over prices >= 0, to a relative gap between its bounds or until `most` passes; the bounds hold at any stop.

    Each pass is made between the prices that were best so far and those of the small program, so that the path is short
    although the program's prices jump about.

    Parameters
    ----------
    evaluate : price (d,) -> (sum_t max(0, ...), used (d,), earned), as `dual_pass`.
    budget : (d,) >= 0, infinite where there is no cap.
    start : (d,) prices to look at first, 0 if None.
    tolerance : relative gap at which to stop.
    most : passes.
    fixed : (d,), from `barring`: prices of the resources whose budget is 0, and least prices of the others.

    Returns
    -------
    Least, with bounds that are not yet allowed for rounding.
    """
    fixed = np.zeros(budget.size) if fixed is None else fixed
    free = np.flatnonzero(np.isfinite(budget) & (budget > 0.0))
    cap, d = budget[free], free.size

    def at(y: np.ndarray) -> np.ndarray:
        price = fixed.copy()
        price[free] = y * unit / cap
        return price

    unit, low = 1.0, fixed[free] * cap
    value, use, income = evaluate(at(low))
    best = value + float(low.sum())
    if value <= 0.0 or np.all(use[free] <= cap):
        return Least(fixed, best, income, np.ones(1), fixed[None], best, 1)
    unit, low = value, low / value
    centre = low
    earned, used, prices = np.zeros(64), np.zeros((64, d)), np.zeros((64, budget.size))
    basis, inverse, right, weight, price = -1 - np.arange(d + 1), np.eye(d + 1), np.ones(d + 1), np.zeros(d + 1), np.zeros(d + 1)
    y, share, passes = low, 0.0, 1
    while True:
        if passes > earned.size:
            earned, used, prices = (np.concatenate([a, np.zeros_like(a)]) for a in (earned, used, prices))
        earned[passes - 1], used[passes - 1], prices[passes - 1] = income / unit, use[free] / cap, at(y)
        cuts = earned[passes - 1] - price[:d] @ used[passes - 1] > price[d] + TINY
        lower = float(_climb(earned, used, passes, right, basis, inverse, weight, price)) * unit
        if best - lower <= tolerance * best or passes >= most or (share == 1.0 and not cuts):
            break
        share = 0.3 if cuts else min(1.0, 2.0 * share)  # what misses the program's prices is followed by a look nearer to them
        y = centre + share * (price[:d] - centre)
        if passes == 1 and start is not None:
            y, share = np.maximum(np.asarray(start, dtype=float)[free], 0.0) * cap / unit, 0.3
        y = np.maximum(y, low)
        value, use, income = evaluate(at(y))
        passes += 1
        dual = value + float(y.sum()) * unit
        if dual < best:
            best, centre = dual, y
    weights = np.zeros(passes)
    weights[basis[basis >= 0]] = weight[basis >= 0]
    return Least(at(centre), best, lower, weights, prices[:passes].copy(), unit + float(centre.sum()) * unit, passes)


def checked(reward: Any, cost: Any, budget: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """reward (T, n), cost (T, n, d), budget (d,) as contiguous float64 arrays, not copied where they are; or a line that says what is wrong."""
    b = array("budget", [budget] if np.ndim(budget) == 0 else budget, (np.size(budget),), 0.0, finite=False)
    if np.any((b > 0.0) & (b < 1e-200)):
        raise BadValue(f"budget: got {b[(b > 0.0) & (b < 1e-200)][0]:g}; allowed: 0, or at least 1e-200; count it in another unit")
    r = _contiguous("reward", reward)
    if r.ndim != 2 or r.size == 0:
        raise BadValue(f"reward: got shape {r.shape}; allowed: shape (any, any) with at least one entry")
    c = _contiguous("cost", cost)
    if c.shape == r.shape and b.size == 1:
        c = c[..., None]
    if c.shape != (*r.shape, b.size):
        raise BadValue(f"cost: got shape {c.shape}; allowed: shape {(*r.shape, b.size)}")
    for name, values, low in (("reward", r, -np.inf), ("cost", c, 0.0)):
        for start in range(0, len(values), 65536):  # so that a mask of all is never laid out
            block = values[start : start + 65536]
            if not (np.all(np.isfinite(block)) and np.all(block >= low)):
                array(name, values, tuple(values.shape), low)
    return r, c, b


def _contiguous(name: str, value: Any) -> np.ndarray:
    try:
        if np.iscomplexobj(value):
            raise TypeError
        return np.ascontiguousarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadType(f"{name}: got {type(value).__name__}; allowed: an array of numbers") from None


def rounding(horizon: int, d: int, size: float) -> float:
    """What rounding can have taken from a dual value of this size: d + 4 operations a request, sums of CHUNK and of T / CHUNK numbers."""
    return EPS * (4.0 * (d + 4.0) + 2.0 * CHUNK + horizon / 64.0) * size


def small_days() -> list[dict[str, Any]]:
    """Two small instances, as arguments of each hindsight optimum."""
    day = {
        "reward": [[3.0, 1.0], [2.0, 1.0], [0.5, 2.0]],
        "cost": [[[2.0, 0.5], [0.5, 0.25]], [[2.0, 1.0], [0.5, 0.0]], [[1.0, 1.0], [1.5, 0.5]]],
        "budget": [2.75, 1.0],
    }
    return [{"reward": [[1.0]], "cost": [[[1.0]]], "budget": [1.5]}, day]
