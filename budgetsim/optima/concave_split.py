"""The best split of a budget over groups with known learning curves: equal marginal gains per cost, or equal worst losses."""

import heapq
import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, choice, flag, number, probabilities
from ..model import TOLERANCE, Optimum

_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """`samples` (G,) in the end, `bought` (G,) of them paid for; `loss` (G,) of each group."""

    samples: np.ndarray
    bought: np.ndarray
    loss: np.ndarray


class Price(NamedTuple):
    """`price`: what one more unit of money takes off the objective, to first order; 0 where nothing does."""

    price: float


def concave_split(
    floor: Any, scale: Any, rate: Any, cost: Any, weight: Any, budget: Any, start: Any, *, aim: str = "mean", whole: bool = False, method: str = "auto"
) -> Optimum:
    """Samples n_g of each group that minimise the mean or the worst of the losses L_g(n_g) = a_g + b_g n_g^-rate_g within a budget.

    ``min F(n)`` subject to ``sum c_g (n_g - s_g) <= B``, ``n_g >= s_g``, s_g samples being there already. For the aim "mean", F = sum w_g L_g, marginal gains per cost are
    equal where anything is bought: ``n_g = max(s_g, (w_g b_g rate_g / (c_g price))^(1 / (1 + rate_g)))``, the price found by bisection. For
    "worst", F = max L_g, the groups that matter have the same loss t: ``n_g = max(s_g, (b_g / (t - a_g))^(1 / rate_g))``, t by bisection.

    Values are -F, what a run of `equitable_sampling` earns in all. `lower` is the plan's; `upper` is, for "mean", the Lagrangian at the price
    (at any price it bounds every plan) with an allowance for rounding, for "worst" a t that the budget cannot reach.

    With `whole`, samples are bought one by one: "auto" is greedy by gain per cost on a heap, which is exact where all costs are equal (and for "worst" always);
    where they are not, greedy may be beaten, and `upper` says by how much at most. "dp" is exact for the aim "mean" where costs are whole numbers.

    Parameters
    ----------
    floor, scale : (G,) >= 0, loss. rate : (G,) in (0, 10].
    cost : (G,) > 0, money a sample. weight : (G,) probabilities, > 0 where start is 0.
    budget : money, >= 0, one number or (1,).
    start : (G,) or one number >= 0, samples that are free; 0 for none, which is refused where a group without data could stay so.
    aim : "mean" or "worst". whole : samples come in whole numbers. method : "auto" or, with `whole`, "dp".

    Returns
    -------
    Optimum in units of -loss, with `plan` = Plan(samples, bought, loss), `dual` = Price(price).

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range; start 0 beside a budget, weight or scale of 0, or with `whole`; "dp" where it does not apply.

    Examples
    --------
    >>> best = concave_split([0.1, 0.1], [2.0, 4.0], [0.8, 0.7], [1.0, 1.0], [0.5, 0.5], 400, 0)
    >>> best.plan.samples.round(1).tolist(), round(-best.value, 5)
    ([139.9, 260.1], 0.15998)

    References
    ----------
    [Cai2022]_ for the problem; the forms are derived here.
    """
    a = array("floor", floor, (None,), 0.0)
    g = a.size
    b, r, c = array("scale", scale, (g,), 0.0), array("rate", rate, (g,), 1e-9, 10.0), array("cost", cost, (g,), 1e-9)
    w = probabilities("weight", weight, (g,))
    s = array("start", np.full(g, start) if np.ndim(start) == 0 else start, (g,), 0.0)
    money = number("budget", budget if np.ndim(budget) == 0 else array("budget", budget, (1,))[0], 0.0)
    worst, whole = choice("aim", aim, ("mean", "worst")) == "worst", flag("whole", whole)
    dp = choice("method", method, ("auto", "dp")) == "dp"
    if np.any((s == 0.0) & ((money == 0.0) | (w == 0.0) | (b == 0.0) | whole)):
        raise BadValue("start: got 0 for a group that might stay without data; allowed: positive numbers of samples")
    if dp and (not whole or worst or np.any(c != np.floor(c))):
        raise BadValue("method: got 'dp'; allowed: with whole=True, the aim mean and whole costs")
    curves = (a, b, r)
    if worst:
        n, upper, price = _worst(a, b, r, c, s, money)
        n = _whole_worst(curves, c, s, money) if whole else n
    else:
        n, price = _mean(b, r, c, w, s, money)
        upper = _lagrangian(curves, c, w, s, money * (1.0 + TOLERANCE), price, n)
        if whole:
            n = _table(curves, c, w, s, money) if dp else _greedy(curves, c, w, s, money)
    loss = _losses(curves, n)
    value = -(float(loss.max()) if worst else math.fsum(w * loss))
    if dp or (whole and (worst or np.all(c == c[0]))):
        upper = min(upper, value + 16 * _EPS * g * abs(value))
    words = f"minus the {'worst' if worst else 'weighted mean'} loss{', whole samples' if whole else ''}"
    return Optimum("concave_split", "certified", value, value - 16 * _EPS * g * abs(value), max(upper, value), Plan(n, n - s, loss), Price(price), words)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    groups = {"floor": [0.1, 0.2], "scale": [2.0, 4.0], "rate": [0.8, 0.7], "cost": [1.0, 2.0], "weight": [0.5, 0.5], "budget": 40.0, "start": [1.0, 2.0]}
    one = {"floor": [0.1], "scale": [2.0], "rate": [0.8], "cost": [1.0], "weight": [1.0], "budget": 10.0, "start": [1.0]}
    return [one, groups, {**groups, "aim": "worst"}, {**groups, "whole": True}]


def _losses(curves: Any, n: Any) -> Any:
    a, b, r = curves
    return a + b * np.power(n, -r)


def _within(n: np.ndarray, c: np.ndarray, s: np.ndarray, money: float) -> np.ndarray:
    """The plan shrunk until the budget holds, as far as floats can tell."""
    spent = math.fsum(c * (n - s))
    return s + (n - s) * min(1.0, money / spent) if spent > 0.0 else n


# ------------------------------------------------------------------------------------------------ the mean
def _demand(b: np.ndarray, r: np.ndarray, c: np.ndarray, w: np.ndarray, s: np.ndarray, log_price: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.maximum(s, np.exp((np.log(w * b * r / c) - log_price) / (1.0 + r)))


def _mean(b: np.ndarray, r: np.ndarray, c: np.ndarray, w: np.ndarray, s: np.ndarray, money: float) -> tuple[np.ndarray, float]:
    if money == 0.0 or not np.any(w * b > 0.0):
        return s.copy(), 0.0
    low, high = -700.0, 700.0
    while high - low > 4 * _EPS * max(abs(low), abs(high)):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        low, high = (middle, high) if math.fsum(c * (_demand(b, r, c, w, s, middle) - s)) > money else (low, middle)
    return _within(_demand(b, r, c, w, s, low), c, s, money), math.exp(high)


def _lagrangian(curves: Any, c: np.ndarray, w: np.ndarray, s: np.ndarray, money: float, price: float, n: np.ndarray) -> float:
    """-min over n >= s of F(n) + price (c (n - s) - B): above -F of every plan.

    Each term is convex: at any n it is at most |slope| x width above its least on [s, s + B / c], where every plan lies.
    """
    a, b, r = curves
    width = money / c
    at = np.clip(n, s, s + width)
    slope = price * c - w * b * r * np.power(np.maximum(at, 1e-300), -r - 1.0)
    below = np.where(slope > 0.0, slope * (at - s), -slope * (s + width - at))
    total = math.fsum(w * (a + b * np.power(at, -r)) + price * c * (at - s) - below) - price * money
    size = math.fsum(w * (a + b * np.power(at, -r)) + price * c * at) + price * money
    return -total + 16 * _EPS * (n.size + 4) * size


def _greedy(curves: Any, c: np.ndarray, w: np.ndarray, s: np.ndarray, money: float) -> np.ndarray:
    n, left = s.copy(), money

    def gain(k: int) -> float:
        _, b, r = (v[k] for v in curves)
        return float(w[k] * b * (n[k] ** -r - (n[k] + 1.0) ** -r) / c[k])

    heap = [(-gain(k), k) for k in range(n.size)]
    heapq.heapify(heap)
    while heap:
        k = heapq.heappop(heap)[1]
        if c[k] <= left + TOLERANCE * money:
            n[k] += 1.0
            left -= c[k]
            heapq.heappush(heap, (-gain(k), k))
    return n


def _table(curves: Any, c: np.ndarray, w: np.ndarray, s: np.ndarray, money: float) -> np.ndarray:
    """Dynamic programming over whole money."""
    size = math.floor(money * (1.0 + TOLERANCE))
    least, taken = np.zeros(size + 1), []
    for k in range(s.size):
        price = int(c[k])
        loss = w[k] * (curves[0][k] + curves[1][k] * np.power(s[k] + np.arange(size // price + 1), -curves[2][k]))
        best, most = np.full(size + 1, math.inf), np.zeros(size + 1, int)
        for m, value in enumerate(loss):
            now = least[: size + 1 - m * price] + value
            better = now < best[m * price :]
            best[m * price :][better] = now[better]
            most[m * price :][better] = m
        least = best
        taken.append(most)
    n, left = s.copy(), size
    for k in range(s.size - 1, -1, -1):
        n[k] += taken[k][left]
        left -= int(c[k]) * int(taken[k][left])
    return n


# ------------------------------------------------------------------------------------------------ the worst
def _needed(curves: Any, s: np.ndarray, t: float) -> np.ndarray:
    """Samples that bring every loss to t; infinite where its floor forbids it."""
    a, b, r = curves
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        n = np.where(t > a, np.power(b / np.maximum(t - a, 0.0), 1.0 / r), np.inf)
    return np.where(b == 0.0, np.where(a <= t, s, np.inf), np.maximum(n, s))


def _worst(a: np.ndarray, b: np.ndarray, r: np.ndarray, c: np.ndarray, s: np.ndarray, money: float) -> tuple[np.ndarray, float, float]:
    """(plan, -t of a t that cannot be reached, what money is worth)."""
    curves = (a, b, r)
    with np.errstate(divide="ignore"):
        now = float(np.max(np.where(b == 0.0, a, a + b * np.power(s, -r))))
    high = now if math.isfinite(now) else float(np.max(a + b * np.power(money / (c.sum() * 2.0), -r)))
    low = float(a.max()) * (1.0 - 4 * _EPS)
    while True:
        middle = 0.5 * (low + high)
        if not low < middle < high or high - low <= 4 * _EPS * high:
            break
        low, high = (low, middle) if float(c @ (_needed(curves, s, middle) - s)) <= money else (middle, high)
    n = _needed(curves, s, high)
    n = _within(np.where(np.isfinite(n), n, s), c, s, money)
    active = (n > s) & (b > 0.0)
    slope = float(np.sum(c[active] * n[active] / (r[active] * (high - a[active])))) if active.any() else math.inf
    return n, -low * (1.0 - 64 * _EPS * (1.0 + float(np.max(1.0 / r)))), 1.0 / slope


def _whole_worst(curves: Any, c: np.ndarray, s: np.ndarray, money: float) -> np.ndarray:
    """One sample at a time for the group of greatest loss, until its next one cannot be paid."""
    n, left = s.copy(), money
    while True:
        k = int(np.argmax(_losses(curves, n)))
        if curves[1][k] == 0.0 or c[k] > left + TOLERANCE * money:
            return n
        n[k] += 1.0
        left -= c[k]
