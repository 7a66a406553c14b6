"""Pivotal sampling, and the exact law of which nodes are free under any rule for online Bayesian matching that looks at no more than that."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..arguments import array, number, whole
from ..shared.matching import by_weight, feasible, market, proposals

#: what a rule does with an arrival: (chance, node matched or -1, the free set afterwards) for each thing that can happen
Outcomes = list[tuple[float, int, int]]


def pivotal_law(mass: Any) -> dict[int, float]:
    """Ordered pivotal sampling of masses (n,) in [0, 1]: the law of the set taken, sets as bits.

    One item carries a mass m; it meets the next, of mass x. Where m + x <= 1 they merge, the carrier staying with probability m / (m + x);
    else one is taken, the carrier with probability (1 - x) / (2 - m - x), and the other carries m + x - 1. The last carrier is taken with
    probability its mass. Item i is taken with probability mass_i, and one of the first k with probability min(1, mass_1 + ... + mass_k).

    >>> law = pivotal_law([0.5, 0.5, 0.5])
    >>> {bin(s): round(q, 4) for s, q in sorted(law.items())}
    {'0b1': 0.25, '0b10': 0.25, '0b101': 0.25, '0b110': 0.25}
    """
    law = {(-1, 0): 1.0}  # (carrier, taken)
    m = 0.0
    for i, x in enumerate(array("mass", mass, (None,), 0.0, 1.0).tolist()):
        if x == 0.0:
            continue
        new: dict[tuple[int, int], float] = {}
        for (carrier, taken), q in law.items():
            if m + x <= 1.0:
                stays = m / (m + x)
                moves = [(carrier, taken, stays), (i, taken, 1.0 - stays)]
            else:
                gone = (1.0 - x) / (2.0 - m - x) if m + x < 2.0 else 1.0
                moves = [(i, taken | 1 << carrier, gone), (carrier, taken | 1 << i, 1.0 - gone)]
            for c, s, chance in moves:
                if chance > 0.0:
                    new[c, s] = new.get((c, s), 0.0) + q * chance
        law, m = new, m + x if m + x <= 1.0 else m + x - 1.0
    out: dict[int, float] = {}
    for (carrier, taken), q in law.items():
        for s, chance in ((taken | 1 << carrier, m), (taken, 1.0 - m)) if carrier >= 0 else ((taken, 1.0),):
            if chance > 0.0:
                out[s] = out.get(s, 0.0) + q * chance
    return out


# ------------------------------------------------------------------------------------------------ exact propagation
class Course(NamedTuple):
    """`law` (T+1, 2^I): of the free set, bit i standing for node i, before each round and in the end. `matched` (I, T, J): chance of each match."""

    value: float
    law: np.ndarray
    matched: np.ndarray


def propagate(weight: Any, probability: Any, step: Callable[[int, int, int], Outcomes]) -> Course:
    """The law of the free set under a rule, round by round, and its expected reward: exact, no luck in it.

    Parameters
    ----------
    weight, probability : (I, T, J), (T, J), as for `bayesian_matching`; I at most 12.
    step : (t, j, free) -> Outcomes, what the rule does when an arrival of type j (-1: nobody) meets a free set, as bits.

    Returns
    -------
    Course.

    Examples
    --------
    >>> weight, probability = [[[1.0], [100.0]]], [[1.0], [0.01]]
    >>> propagate(weight, probability, greedy_step(weight, probability)).value
    1.0
    """
    told = market(weight, probability)
    n, horizon, types = told.weight.shape
    whole("nodes", n, 1, 12)
    law = np.zeros((horizon + 1, 2**n))
    law[0, -1] = 1.0
    matched = np.zeros(told.weight.shape)
    for t in range(horizon):
        nobody = 1.0 - told.probability[t].sum()
        for free in np.flatnonzero(law[t]):
            for j in range(-1, types):
                p = nobody if j < 0 else told.probability[t, j]
                if p > 0.0:
                    for chance, i, after in step(t, j, int(free)):
                        law[t + 1, after] += law[t, free] * p * chance
                        if i >= 0:
                            matched[i, t, j] += law[t, free] * p * chance
    return Course(float(np.sum(matched * told.weight)), law, matched)


def greedy_step(weight: Any, probability: Any, price: Any = 0.0) -> Callable[[int, int, int], Outcomes]:
    """Greedy; with prices (I,), the free node of greatest w - price >= 0."""
    w, price = market(weight, probability).weight, np.broadcast_to(price, len(np.asarray(weight)))

    def step(t: int, j: int, free: int) -> Outcomes:
        if j < 0:
            return [(1.0, -1, free)]
        gain = [w[i, t, j] - price[i] if free >> i & 1 and w[i, t, j] > 0.0 else -1.0 for i in range(len(w))]
        i = int(np.argmax(gain))
        return [(1.0, i, free & ~(1 << i))] if gain[i] >= 0.0 else [(1.0, -1, free)]

    return step


def proposal_step(weight: Any, probability: Any, plan: Any, c: float, law: str = "coupled") -> Callable[[int, int, int], Outcomes]:
    """Proposals that follow a plan x (I, T, J): "coupled" and "arrivals" as in `pivotal_matching`, "independent" as in `independent_proposals`.

    Given an arrival, what is matched and what is free afterwards are given as if they were independent: no rule that looks at free sets alone can tell.
    """
    told = market(weight, probability)
    r, order = proposals(feasible(np.asarray(plan, float), told.weight, told.probability), told.probability, number("c", c, 0.0, 1.0)), by_weight(told.weight)
    total = told.probability.sum(axis=1)

    def sets(t: int, j: int, free: int, scale: float) -> tuple[list[int], np.ndarray, dict[int, float]]:
        near = [int(i) for i in order[t, j] if free >> i & 1]
        mass = r[t, j, near]
        if law == "independent":
            taken = {0: 1.0}
            for k, x in enumerate(mass):
                taken = {s | b: taken.get(s, 0.0) * q for s in taken for b, q in ((0, 1.0 - x), (1 << k, x))}
            return near, mass, taken
        return near, mass, pivotal_law(scale * mass) if near else {0: 1.0}

    def after(free: int, near: list[int], taken: int) -> int:
        return free & ~sum(1 << i for k, i in enumerate(near) if taken >> k & 1)

    def step(t: int, j: int, free: int) -> Outcomes:
        if j < 0 and law != "coupled":
            return [(1.0, -1, free)]
        out: Outcomes = []
        for label, share in [(j, 1.0)] if j >= 0 else [(k, q / total[t]) for k, q in enumerate(told.probability[t]) if total[t] > 0.0] or [(-1, 1.0)]:
            if label < 0:
                return [(1.0, -1, free)]
            near, mass, taken = sets(t, label, free, total[t] if law == "coupled" else 1.0)
            heads: Any
            if j < 0:
                heads = [(-1, 1.0)]
            elif law == "independent":
                heads = list(zip([*near, -1], np.append(mass, 1.0) * np.cumprod(np.append(1.0, 1.0 - mass)), strict=True))
            else:
                upto = np.minimum(np.cumsum(mass), 1.0)
                heads = list(zip([*near, -1], np.append(np.diff(upto, prepend=0.0), 1.0 - (upto[-1] if near else 0.0)), strict=True))
            out += [(share * h * q, i, after(free, near, s)) for i, h in heads for s, q in taken.items() if h * q > 0.0]
        return out

    return step


def free_chance(law: Any) -> np.ndarray:
    """(..., I): the chance that each node is free, from laws (..., 2^I).

    >>> free_chance([0.25, 0.25, 0.0, 0.5]).tolist()
    [0.75, 0.5]
    """
    q = np.asarray(law, float)
    sets = np.arange(q.shape[-1])
    return np.stack([q[..., sets >> i & 1 == 1].sum(axis=-1) for i in range(int(math.log2(q.shape[-1])))], axis=-1)


def dependence(law: Any) -> float:
    """The most by which P(all of S free), or P(none of S free), exceeds the product over S, over all S and laws (..., 2^I).

    At most 0 where negative cylinder dependence holds.

    >>> dependence([0.5, 0.0, 0.0, 0.5]), dependence([0.0, 0.5, 0.5, 0.0])
    (0.25, 0.0)
    """
    q = np.asarray(law, float)
    single = free_chance(q)
    sets = np.arange(q.shape[-1])
    worst = 0.0
    for s in range(1, q.shape[-1]):
        inside = [i for i in range(single.shape[-1]) if s >> i & 1]
        worst = max(worst, float(np.max(q[..., sets & s == s].sum(axis=-1) - single[..., inside].prod(axis=-1))))
        worst = max(worst, float(np.max(q[..., sets & s == 0].sum(axis=-1) - (1.0 - single[..., inside]).prod(axis=-1))))
    return worst


def prefix_ratio(course: Course, weight: Any, plan: Any) -> float:
    """The least ratio of the chance that t, of type j, is matched to one of its k heaviest nodes, to what the plan has there; over t, j, k."""
    weight, plan = np.asarray(weight, float), np.asarray(plan, float)
    order = np.argsort(-weight, axis=0, kind="stable")
    got, told = (np.cumsum(np.take_along_axis(x, order, axis=0), axis=0) for x in (course.matched, plan))
    return float(np.min(got[told > 1e-9] / told[told > 1e-9]))


# ------------------------------------------------------------------------------------------------ the constant
def equal_nodes(c: float, nodes: int) -> float:
    """E[min(1, sum r_i F_i)] for k independent nodes with y = 1 - 1/k and x/p = 1/k each: 1 - c + .75 c^2 at k = 2 and c >= 2/3.

    >>> round(equal_nodes(0.7931, 2), 6), round(equal_nodes(1.0, 3), 6)
    (0.678656, 0.703704)
    """
    c, k = number("c", c, 0.0, 1.0), whole("nodes", nodes, 1, 1000)
    free = 1.0 - c * (1.0 - 1.0 / k)
    r = min(c / (k * free), 1.0)
    m = np.arange(k + 1)
    chance = np.array([math.comb(k, int(i)) * free**i * (1.0 - free) ** (k - i) for i in m])
    return float(chance @ np.minimum(1.0, r * m))


def alpha(c: float, most: int = 40) -> tuple[float, int]:
    """The least of `equal_nodes` over 1 to `most` nodes, and where: what scaled pivotal sampling keeps of the linear program.

    That these are the worst cases was found numerically, not proved.

    >>> value, nodes = alpha(0.7931)
    >>> round(value, 5), nodes
    (0.67866, 2)
    """
    values = [equal_nodes(c, k) for k in range(1, whole("most", most, 1) + 1)]
    return min(values), int(np.argmin(values)) + 1


def hard_family(nodes: int, tiny: float = 1e-9) -> tuple[np.ndarray, np.ndarray]:
    """(weight, probability): each of n nodes has an arrival of its own with p = 1 - 1/n and weight `tiny`, then a sure one is worth 1 with all.

    >>> weight, probability = hard_family(2)
    >>> weight[:, -1, 0].tolist(), probability[:, 0].tolist()
    ([1.0, 1.0], [0.5, 0.5, 1.0])
    """
    n = whole("nodes", nodes, 1)
    return np.concatenate([tiny * np.eye(n), np.ones((n, 1))], axis=1)[:, :, None], np.append(np.full(n, 1.0 - 1.0 / n), 1.0)[:, None]
