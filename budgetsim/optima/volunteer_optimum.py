"""The best integer allocation of notifications over contexts for homogeneous volunteers, exactly, by branch and bound."""

import heapq
import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..arguments import number, whole
from ..model import TOLERANCE, Optimum
from ..theory.volunteer_chain import Chain, binomial_law, volunteer_chain, volunteer_law, volunteer_reward, volunteer_transition

_EPS = float(np.finfo(float).eps)
_FEW = 64  #: allocations that are evaluated at once rather than split


class Allocation(NamedTuple):
    """`allocation` (K,) notifications by context; how many boxes were opened, how many allocations evaluated."""

    allocation: np.ndarray
    nodes: int
    evaluations: int


class Found(NamedTuple):
    """What a search over boxes ends with: lower <= best value <= upper."""

    allocation: np.ndarray
    lower: float
    upper: float
    nodes: int


def volunteer_optimum(
    context_probability: Any, acceptance: Any, reactivation: float, volunteers: int, budget: float, *, gap: float = 0.0, limit: int = 1_000_000
) -> Optimum:
    """The integer allocation B_k with sum_k f_k B_k <= B whose average reward is largest, for N alike volunteers and reward 1.

    Best-first branch and bound over boxes L <= B_k <= H. The reward F(B) of an allocation is that of the exact chain
    (`volunteer_chain`), and three bounds on a box are used, the cheapest first:

    - the occupancy linear program of the box. With reward 1 it is N q - q U, U being the root of
      G(U) = q (N - U), where G(U) = max sum_k f_k p_k y_k over y_k <= min(U, H_k) with sum_k f_k max(y_k, L_k) <= B is
      filled greedily by p_k; Newton's method from the left ends after a few steps and bounds from the right side all along.
    - F(H), because **F is nondecreasing in every B_k**: an active volunteer more is never worth more than 1, which is what a
      notification more turns it into (a proof is in the documentation of the system). So only maximal allocations
      are looked at, too, and boxes are narrowed to them.
    - where p_k + q <= 1, for any function h of the number of active volunteers,
      F(B) = sum_n pi_B(n) (r_B(n) + P_B h(n) - h(n)), and pi_B lies between pi_H and pi_L in stochastic order. With the bias h of
      one allocation of the box, summation by parts gives a bound that is a sum over contexts; its maximum under the budget
      is bounded by its Lagrangian. As a box shrinks the gap closes faster than its width.

    Parameters
    ----------
    context_probability : (K,) f_k, sums to 1.
    acceptance : (K,) p_k in [0, 1], chance that a notified active volunteer accepts.
    reactivation : q in [0, 1], chance that an inactive volunteer becomes active in a round.
    volunteers : N >= 1.
    budget : B >= 0, average notifications in a round.
    gap : the search may end once upper - lower <= gap, reward in a round; 0 closes it up to rounding.
    limit : boxes to open at most; a search that is cut short says so by a gap.

    Returns
    -------
    Optimum; `plan` = Allocation(allocation, nodes, evaluations), `value` its exact reward in a round. B_k is 0 where
    f_k p_k = 0, and at most N. Of equally good allocations it is one.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges.

    Examples
    --------
    >>> best = volunteer_optimum([0.5, 0.5], [0.999, 0.0], 0.2, volunteers=25, budget=5)
    >>> best.plan.allocation.tolist(), round(best.value, 4)
    ([10, 0], 3.3925)

    References
    ----------
    [Tang2025]_; the bounds are ours.
    """
    chain = volunteer_chain(context_probability, acceptance, reactivation, volunteers)
    budget, gap = number("budget", budget, 0.0), number("gap", gap, 0.0)
    limit = whole("limit", limit, 1)
    f, p, n = chain.context_probability, chain.acceptance, chain.volunteers
    useful = f * p > 0.0
    budget *= 1.0 + TOLERANCE
    cap = np.array([min(n, math.floor(budget / f_k)) if use else 0 for f_k, use in zip(f, useful, strict=True)], dtype=int)
    if chain.reactivation == 0.0 or not cap.any():
        return Optimum("volunteer_optimum", "certified", 0.0, 0.0, 0.0, Allocation(np.zeros(f.size, int), 0, 0), None, _OF)
    monotone = bool(np.all(p[useful] + chain.reactivation <= 1.0))
    binomial = np.stack([binomial_law(n, p_k) for p_k in p])
    seen: dict[tuple[int, ...], float] = {}

    def values(allocations: np.ndarray) -> np.ndarray:
        keys = [tuple(map(int, a)) for a in allocations]
        new = list(dict.fromkeys(k for k in keys if k not in seen))
        if new:
            seen.update(zip(new, volunteer_reward(chain, np.array(new)).tolist(), strict=True))
        return np.array([seen[k] for k in keys])

    def relax(low: np.ndarray, high: np.ndarray, enough: float) -> Relaxed:
        box = _narrow(f, useful, budget, cap, low, high)
        few = None if box is None else _maximal(f, useful, budget, *box)
        if box is None or (few is not None and not len(few)):
            return Relaxed(-math.inf, low, high, [])
        if few is not None:
            got = values(few)
            best = few[int(np.argmax(got))]
            return Relaxed(float(got.max()), best, best, [best])
        low, high = box
        bound, tries = volunteer_flow(f, p, chain.reactivation, n, budget, low, high), [_inside(f, p, budget, low, high)]
        if bound > enough:
            bound = min(bound, float(values(high[None])[0]))
        if bound > enough and monotone:
            closer, b = _second_order(chain, binomial, budget, low, high, tries[0])
            bound = min(bound, closer)
            tries.append(_inside(f, p, budget, low, high, b))
        return Relaxed(bound, low, high, tries)

    allowance = 8.0 * (n + 1) ** 2 * _EPS * chain.reactivation * n
    found = box_search(np.zeros(f.size, int), cap, relax, lambda b: (float(values(b[None])[0]),) * 2, f, gap + allowance, limit)
    value = found.lower
    plan = Allocation(found.allocation, found.nodes, len(seen))
    return Optimum("volunteer_optimum", "certified", value, value - allowance, max(found.upper, value) + allowance, plan, None, _OF)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"context_probability": [1.0], "acceptance": [0.5], "reactivation": 0.25, "volunteers": 1, "budget": 1.0},
        {"context_probability": [0.5, 0.5], "acceptance": [0.6, 0.3], "reactivation": 0.3, "volunteers": 5, "budget": 2.0},
    ]


_OF = "best integer allocation of homogeneous volunteers, average reward in a round"


# ------------------------------------------------------------------------------------------------ the tree
class Relaxed(NamedTuple):
    """A bound on a box, the box (which may have become smaller), and allocations in it that are worth a look."""

    bound: float
    low: np.ndarray
    high: np.ndarray
    tries: list[np.ndarray]


def box_search(
    low: np.ndarray,
    high: np.ndarray,
    relax: Callable[[np.ndarray, np.ndarray, float], Relaxed],
    evaluate: Callable[[np.ndarray], tuple[float, float]],
    weight: np.ndarray,
    gap: float,
    limit: int,
) -> Found:
    """Best-first search over boxes of integers; `evaluate` gives an interval for the value of one allocation.

    The box with the largest bound is split at the middle of the coordinate with the largest weight x width. A box is dropped
    when its bound is at most gap above the lower end of the best interval. A single allocation whose interval is still
    too wide is evaluated again: a noisy oracle narrows it, an exact one never needs to.
    """
    best, lower, nodes = low, -math.inf, 0
    heap: list[tuple[float, int, np.ndarray, np.ndarray]] = []
    order, upper = itertools.count(), {}

    def look(b: np.ndarray) -> None:
        nonlocal best, lower
        down, upper[b.tobytes()] = evaluate(b)
        if down > lower:
            best, lower = b, down

    def push(bound: float, low: np.ndarray, high: np.ndarray) -> None:
        if np.array_equal(low, high):
            bound = min(bound, upper.get(low.tobytes(), math.inf))
        if bound > -math.inf:
            heapq.heappush(heap, (-bound, next(order), low, high))

    def add(low: np.ndarray, high: np.ndarray, parent: float) -> None:
        box = relax(low, high, lower + gap)
        for b in box.tries:
            if b.tobytes() not in upper:
                look(b)
        push(min(box.bound, parent), box.low, box.high)

    add(low, high, math.inf)
    while heap and -heap[0][0] > lower + gap and nodes < limit:
        bound, _, low, high = heapq.heappop(heap)
        nodes += 1
        if np.array_equal(low, high):
            look(low)
            push(-bound, low, high)
            continue
        k = int(np.argmax(weight * (high - low)))
        middle = (low[k] + high[k]) // 2
        for a, b in ((low[k], middle), (middle + 1, high[k])):
            one, other = low.copy(), high.copy()
            one[k], other[k] = a, b
            add(one, other, -bound)
    return Found(best, lower, max(lower, -heap[0][0] if heap else -math.inf), nodes)


# ------------------------------------------------------------------------------------------------ bounds on a box
def volunteer_flow(f: np.ndarray, p: np.ndarray, q: float, n: int, budget: float, low: np.ndarray, high: np.ndarray) -> float:
    """The occupancy linear program of N alike volunteers with reward 1 and low <= B_k <= high, from above.

    H(U) = G(U) + q U - q N is concave and increasing, so Newton's steps from U = 0 stay left of its root, where q (N - U) is a bound.
    """
    rich = [int(k) for k in np.argsort(-p, kind="stable")]
    left = budget - float(f @ low)
    if left < 0.0:
        return -math.inf
    active = 0.0
    for _ in range(4 * f.size + 4):
        value, slope, purse, taking = q * (active - n), q, left, 0.0
        for k in rich:
            value += f[k] * p[k] * min(active, low[k])
            if active < low[k]:
                slope += f[k] * p[k]
        for k in rich:
            if active < low[k] or high[k] == low[k]:
                continue
            want = f[k] * (min(active, high[k]) - low[k])
            if want >= purse:  # the last one served loses what the others will take
                value += p[k] * purse
                slope -= p[k] * taking
                break
            value, purse = value + p[k] * want, purse - want
            if active < high[k]:
                slope, taking = slope + f[k] * p[k], taking + f[k]
        if value >= -8 * _EPS * q * n:
            break
        active -= value / slope
    return q * (n - active) + 8 * (f.size + 4) * _EPS * q * n


def _second_order(chain: Chain, binomial: np.ndarray, budget: float, low: np.ndarray, high: np.ndarray, centre: np.ndarray) -> tuple[float, np.ndarray]:
    """The third bound of `volunteer_optimum`, and the allocation where its Lagrangian is smallest within the budget."""
    f, p, n = chain.context_probability, chain.acceptance, chain.volunteers
    states = np.arange(n + 1)
    laws = volunteer_law(chain, np.stack([low, high, centre]))
    most, least = (np.cumsum(law[::-1])[::-1][1:, None] for law in laws[:2])  # chances of n' or more active volunteers

    def average(values: np.ndarray) -> np.ndarray:
        """The largest mean (...,) of values (N+1, ...) over all laws between the two."""
        step = np.diff(values, axis=0)
        return values[0] + np.maximum(most * step, least * step).sum(axis=0)

    law, transition = laws[2], volunteer_transition(chain, centre)
    earned = np.minimum(states[:, None], centre) @ (f * p)
    bias = np.linalg.solve(np.eye(n + 1) - transition + law, earned - law @ earned)
    bias -= bias[0]
    lag = states[:, None] - states
    after = chain.moves[0, 0] @ np.where(lag >= 0, bias[lag], 0.0)  # (n, d): mean bias when d of n active volunteers accept
    own, tables = -bias, []
    for k in range(f.size):
        notified = np.minimum(states[:, None], np.arange(high[k] + 1))
        worth = p[k] * notified + np.take_along_axis(after @ binomial[k].T, notified, axis=1)  # (n, B_k)
        own = own + f[k] * worth[:, centre[k]]
        tables.append(f[k] * average((worth - worth[:, [centre[k]]])[:, low[k] :]))
    bound, best = _lagrangian(tables, f, low, budget)
    return float(average(own[:, None])[0]) + bound, best


def _lagrangian(tables: list[np.ndarray], f: np.ndarray, low: np.ndarray, budget: float) -> tuple[float, np.ndarray]:
    """min over prices >= 0 of price x budget + sum_k max_b (table_k[b] - price f_k b): lines that touch it close in on its minimum."""

    def at(price: float) -> tuple[float, float, np.ndarray]:
        b = low + np.array([int(np.argmax(t - price * f_k * np.arange(t.size))) for t, f_k in zip(tables, f, strict=True)])
        slope = budget - float(f @ b)
        return sum(float(t[i]) for t, i in zip(tables, b - low, strict=True)) + price * slope, slope, b

    dear = (float(np.max((t[1:] - t[0]) / (f_k * np.arange(1, t.size)), initial=0.0)) for t, f_k in zip(tables, f, strict=True) if f_k > 0.0)
    bound, _, _, (_, best) = lowest_price(at, 1.0 + max(dear))
    return bound, best


def lowest_price(at: Callable[[float], tuple[float, float, Any]], most: float) -> tuple[float, float, tuple[float, Any], tuple[float, Any]]:
    """Minimises a convex piecewise linear function over prices in [0, most]; at(price) -> (value, slope, plan).

    The two lines that touch it nearest meet below its minimum; where they meet is asked next, until they meet on it.
    Returns value, price, and the (slope, plan) of the nearest lines, the first falling (or the same as the second), the second not.
    """
    left, right = 0.0, most
    low_value, down, first = at(left)
    if down >= 0.0:
        return low_value, left, (down, first), (down, first)
    high_value, up, second = at(right)
    best = min((low_value, left), (high_value, right))
    for _ in range(100):
        if up <= 0.0:  # most was too little: only its rounding can be
            break
        price = (high_value - low_value + down * left - up * right) / (down - up)
        if not left < price < right:
            break
        line = low_value + down * (price - left)
        value, slope, plan = at(price)
        best = min(best, (value, price))
        if slope < 0.0:
            left, low_value, down, first = price, value, slope, plan
        else:
            right, high_value, up, second = price, value, slope, plan
        if value <= line + 8 * _EPS * abs(value):
            break
    return *best, (down, first), (up, second)


# ------------------------------------------------------------------------------------------------ boxes and the budget
def _narrow(f: np.ndarray, useful: np.ndarray, budget: float, cap: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The smallest box around the maximal allocations of this one; None where there are none."""
    low, high = low.copy(), high.copy()
    for _ in range(2):
        left = budget - float(f @ low)
        if left < 0.0:
            return None
        high[useful] = np.minimum(high[useful], low[useful] + np.floor(left / f[useful] * (1.0 + 4 * _EPS)).astype(int))
        room = useful & (high < cap)
        if room.any():  # any allocation of this box can take one more there, so it must leave less than that
            slack = float(f @ high) - budget + float(f[room].min())
            if slack < -1e-9 * budget:
                return None
            fall = np.floor(np.maximum(slack, 0.0) / f[useful] * (1.0 + 4 * _EPS) + 1e-9).astype(int)
            low[useful] = np.maximum(low[useful], high[useful] - fall)
    return low, high


def _maximal(f: np.ndarray, useful: np.ndarray, budget: float, low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
    """The maximal allocations of a box (., K), or None where they are more than a few."""
    last = int(np.argmax(np.where(useful, high - low, -1)))
    sizes = np.delete(high - low, last) + 1
    if np.prod(sizes.astype(float)) > _FEW:
        return None
    others = np.array(list(itertools.product(*(range(a, b + 1) for j, (a, b) in enumerate(zip(low, high, strict=True)) if j != last))), dtype=int)
    out = np.insert(others, last, 0, axis=1)
    out[:, last] = np.minimum(high[last], np.floor((budget - out @ f) / f[last]))
    return out[out[:, last] >= low[last]]


def _inside(f: np.ndarray, p: np.ndarray, budget: float, low: np.ndarray, high: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """A maximal allocation near the middle of a box, or above `start`: what is left goes to the contexts that accept most."""
    if start is None:
        width = f @ (high - low)
        share = min(1.0, (budget - f @ low) / width) if width > 0.0 else 0.0
        start = low + np.floor(share * (high - low)).astype(int)
    out = start.copy()
    for k in np.argsort(-p, kind="stable"):
        if high[k] > out[k]:
            out[k] += min(high[k] - out[k], max(0, math.floor((budget - f @ out) / f[k])))
    return out
