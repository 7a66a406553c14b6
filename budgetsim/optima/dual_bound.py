"""What a day of requests could have earned, from prices alone: a bound that is valid whenever one stops looking for better ones."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, BadValue, array, number, whole
from ..model import TOLERANCE, Optimum
from ..shared.dual_pass import EPS, barring, checked, descend, dual_pass, rounding, small_days


class Plan(NamedTuple):
    """A mixture of greedy plans: with `weight` (k,) take what is worth most at `price` (k, d); what weights leave is idle."""

    weight: np.ndarray
    price: np.ndarray


def dual_bound(reward: Any, cost: Any, budget: Any, tolerance: float = 1e-9, *, start: Any = None, passes: int = 1000) -> Optimum:
    """The least of the dual over d prices: an upper bound on what requests could have earned, equal to `hindsight_lp` in the end.

    With rewards r_t (n,), costs c_t (n, d) and budgets B, every mu >= 0 gives

        D(mu) = mu.B + sum_t max(0, max_i r_ti - mu.c_ti)  >=  hindsight LP  >=  hindsight 0-1  >=  any rule on these requests.

    D is convex and piecewise linear; its least is the LP's value. One compiled pass over the requests gives D(mu) and what the
    greedy plan at mu earns and uses. The best mixture of the greedy plans so far that keeps the budgets is a small linear program;
    its value is `lower`, its prices and the best so far say where the next pass is made (cutting planes, in-out separation).

    Both ends are recomputed afterwards: `upper` is D at budgets larger by the ledger's tolerance plus an allowance for rounding,
    `lower` what the mixture, scaled until it keeps the budgets, earns. They hold wherever the search was stopped.

    Parameters
    ----------
    reward : (T, n), reward of each option; may be negative. float64 arrays that are contiguous are not copied.
    cost : (T, n, d) >= 0, units of each resource; (T, n) for one resource.
    budget : (d,) >= 0, units of each resource; infinite where there is no cap.
    tolerance : relative gap between the ends at which to stop.
    start : (d,) >= 0, prices to begin with, such as yesterday's; None for 0.
    passes : over the requests, at most.

    Returns
    -------
    Optimum with `plan` = Plan(weight, price), `dual` = price (d,); `value` is D(price).

    Raises
    ------
    BadType, BadValue : wrong shapes, negative costs or budgets, NaN.

    Examples
    --------
    >>> best = dual_bound([[3.0, 1.0], [2.0, 1.0]], [[2.0, 0.5], [2.0, 0.5]], budget=[1.75])
    >>> round(best.value, 9), best.dual.round(9).tolist(), best.upper - best.lower < 1e-8
    (3.0, [1.333333333], True)

    References
    ----------
    [Balseiro2023]_ for the dual; cutting planes [Kelley1960]_ with the separation of [BenAmeur2007]_.
    """
    r, c, b = checked(reward, cost, budget)
    return _bound(lambda: iter([(r, c)]), b, tolerance, start, passes)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return small_days()


def streamed_dual_bound(blocks: Any, budget: Any, tolerance: float = 1e-6, *, start: Any = None, passes: int = 200) -> Optimum:
    """`dual_bound` of requests that come in blocks, for more of them than memory holds; one reading of all blocks a pass.

    Parameters
    ----------
    blocks : blocks (reward (T_b, n), cost (T_b, n, d)): a list, or a function without arguments that returns a fresh iterator
        over the same blocks whenever it is called. An iterator, which can be read only once, is refused.
    budget : (d,) >= 0, units of each resource, for all blocks together.
    tolerance, start, passes : as for `dual_bound`. With start = None the search begins at the prices of the first block alone.

    Returns
    -------
    Optimum, as of `dual_bound`.

    Raises
    ------
    BadType, BadValue : blocks that can be read only once, no blocks, different numbers of resources, and as for `dual_bound`.

    Examples
    --------
    >>> def blocks():
    ...     for s in range(3):
    ...         rng = np.random.default_rng(s)
    ...         yield rng.random((1000, 2)), rng.random((1000, 2, 1))
    >>> best = streamed_dual_bound(blocks, [300.0])
    >>> best.upper / best.lower < 1 + 2e-6
    True
    """
    if isinstance(blocks, Iterator) or not (callable(blocks) or hasattr(blocks, "__iter__")):
        raise BadType(f"blocks: got {type(blocks).__name__}; allowed: a list of blocks, or a function that returns a fresh iterator")
    b = array("budget", [budget] if np.ndim(budget) == 0 else budget, (np.size(budget),), 0.0, finite=False)
    return _bound(_Read(blocks, b), b, tolerance, start, passes)


class _Read:
    """A fresh iterator over checked blocks at each call."""

    def __init__(self, blocks: Any, budget: np.ndarray) -> None:
        self.blocks, self.budget, self.rounds = blocks, budget, -1

    def __call__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        rounds = 0
        for reward, cost in self.blocks() if callable(self.blocks) else self.blocks:
            r, c, _ = checked(reward, cost, self.budget)
            rounds += len(r)
            yield r, c
        if rounds == 0 or self.rounds not in (-1, rounds):
            raise BadValue(f"blocks: got {rounds} requests after {max(self.rounds, 0)}; allowed: the same requests, at least one, at each reading")
        self.rounds = rounds


def _bound(read: Any, b: np.ndarray, tolerance: float, start: Any, passes: int) -> Optimum:
    number("tolerance", tolerance, 0.0, 1.0)
    whole("passes", passes, 1)
    if start is not None:
        start = array("start", start, b.shape, 0.0)
    fixed, rounds = barring(read(), b), 0

    def evaluate(price: np.ndarray) -> tuple[float, np.ndarray, float]:
        nonlocal rounds
        parts, rounds = [], 0
        for r, c in read():
            parts.append(dual_pass(r, c, price))
            rounds += len(r)
        return math.fsum(p[0] for p in parts), np.sum([p[1] for p in parts], axis=0), math.fsum(p[2] for p in parts)

    if start is None and isinstance(read, _Read):
        start = _first(read, b)
    least = descend(evaluate, b, start, tolerance, passes, fixed)
    capped = np.isfinite(b)
    over = TOLERANCE * float(least.price[capped] @ b[capped])
    upper = least.value + over + rounding(rounds, b.size, least.size + over)
    chosen = least.weight > 0.0
    weight, prices = least.weight[chosen], least.prices[chosen]
    weight /= max(1.0, float(weight.sum()) * (1.0 + 4 * EPS))
    plans = [evaluate(p) for p in prices]
    used = np.sum([w * p[1] for w, p in zip(weight, plans, strict=True)], axis=0) if plans else np.zeros(b.size)
    tight = used > b
    weight *= min(1.0, float(np.min(b[tight] / used[tight], initial=1.0))) * (1.0 - 4 * EPS)
    lower = float(sum(w * p[2] for w, p in zip(weight, plans, strict=True))) - rounding(rounds, b.size, least.size)
    of = f"hindsight: the realised requests, fractions allowed; {least.passes} passes"
    return Optimum("dual_bound", "certified", least.value, min(max(lower, 0.0), upper), upper, Plan(weight, prices), least.price, of)


def _first(read: _Read, b: np.ndarray) -> np.ndarray:
    """Prices of the first block alone, with its part of the budgets."""
    rounds = sum(len(r) for r, _ in read())
    r, c = next(iter(read()))
    part = b * (len(r) / rounds)
    return descend(lambda p: dual_pass(r, c, p), part, None, 1e-4, 200, barring([(r, c)], part)).price
