"""UCB1: expected regret at most sum_k (8 log T / D_k + (1 + pi^2 / 3) D_k), for rewards in [0, 1].

**Statement.** Play each arm once, then the arm of greatest mean + sqrt(2 log t / pulls), rewards in [0, 1], D_k > 0 the gap of arm k: E regret(T) <= sum_k 8 log(T) / D_k + (1 + pi^2/3) D_k.

**Source.** [Auer2002]_, theorem 1.

**Certified.** The expected regret is computed, not sampled: all records of two Bernoulli arms are propagated (dynamic programming over pulls and wins, in floats, whose error is below 1e-9), T = 100, for the
pairs of means in {0, 0.1, ..., 1} with D >= 0.7 and three with D = 0.65 (at scale below 0.3 these three), where the bound is below the trivial D T (asserted). Decisions are those of `policies.ucb1` (compared on 200 records drawn by the seed).

**Not certified.** Other T, means or laws of reward.

**Control.** The hypothesis "rewards in [0, 1]" is dropped: rewards are 0 or 100, bound and trivial bound with the gaps of these.
"""

import math
from typing import NamedTuple

import numpy as np

from budgetsim import claims
from budgetsim.confidence import Means
from budgetsim.model import Verdict
from budgetsim.policies import ucb1

PERTURBED = {"factor": 0.25}


class Record(NamedTuple):
    pulls: int
    wins: np.ndarray


def _plays_first(t: int, a: Record, b: Record, size: float) -> np.ndarray:
    """Whether arm 1 is played after t rounds, for all wins of the two."""
    if a.pulls == 0 or b.pulls == 0:
        return np.full((a.wins.size, b.wins.size), a.pulls == 0)
    scale = math.sqrt(2.0 * math.log(max(t, 1)))
    index = [r.wins * size / r.pulls + scale * (1.0 / math.sqrt(r.pulls)) for r in (a, b)]
    return index[0][:, None] >= index[1]


def _regret(pairs: np.ndarray, horizon: int, size: float) -> np.ndarray:
    """E regret of each pair of win probabilities (n, 2), rewards being 0 or `size`."""
    p, q = pairs[:, 0, None, None], pairs[:, 1, None, None]
    chance = {0: np.ones((len(pairs), 1, 1))}  # by pulls of arm 1: (pairs, wins of arm 1, wins of arm 2)
    pulls_first = np.zeros(len(pairs))
    for t in range(horizon):
        after = {n: np.zeros((len(pairs), n + 1, t + 2 - n)) for n in range(t + 2)}
        for n, now in chance.items():
            first = _plays_first(t, Record(n, np.arange(n + 1.0)), Record(t - n, np.arange(t - n + 1.0)), size)
            one, two = now * first, now * ~first
            pulls_first += one.sum(axis=(1, 2))
            after[n + 1][:, 1:] += one * p
            after[n + 1][:, :-1] += one * (1.0 - p)
            after[n][:, :, 1:] += two * q
            after[n][:, :, :-1] += two * (1.0 - q)
        chance = {n: v for n, v in after.items() if v.any()}
    worse_first = pairs[:, 0] < pairs[:, 1]
    return size * np.abs(pairs[:, 0] - pairs[:, 1]) * np.where(worse_first, pulls_first, horizon - pulls_first)


def _rule_agrees(seed: int) -> bool:
    rng, rule = np.random.default_rng(seed), ucb1.ucb1()
    params = rule.init(type("Spec", (), {"n_actions": 2}))[1]
    for _ in range(200):
        a, b = (Record(n := int(rng.integers(1, 50)), rng.integers(0, n + 1, 1).astype(float)) for _ in range(2))
        t, pulls, wins = a.pulls + b.pulls, np.array([a.pulls, b.pulls], float), np.array([a.wins[0], b.wins[0]])
        memory = ucb1.Memory(Means(pulls, wins, wins / pulls), 1.0 / np.sqrt(pulls), np.zeros(2))
        if bool(_plays_first(t, a, b, 1.0)[0, 0]) != (ucb1.act(memory, params, (), np.zeros(0), t, 0) == 0):
            return False
    return True


def _verdict(scale: float, seed: int, size: float, factor: float) -> Verdict:
    horizon, step = 100, [i / 10 for i in range(11)] if scale >= 0.3 else []
    pairs = np.array([(a, b) for a in step for b in step if abs(a - b) > 0.65] + [(0.15, 0.8), (0.8, 0.15), (0.2, 0.85)])
    gap = size * np.abs(pairs[:, 0] - pairs[:, 1])
    bound = factor * math.log(horizon) / gap + (1.0 + math.pi**2 / 3.0) * gap
    assert np.all(bound < gap * horizon), "the trivial bound is D T"
    regret = _regret(pairs, horizon, size)
    worst = int(np.argmax(regret / bound))
    claim = f"UCB1: E regret <= {factor:g} log(T) / D + (1 + pi^2/3) D at T = {horizon}, {len(pairs)} pairs of arms, rewards 0 or {size:g}"
    detail = f"exact expectation over all records; at worst {100 * regret[worst] / bound[worst]:.1f}% of the bound, at means {size * pairs[worst, 0]:g}, {size * pairs[worst, 1]:g}"
    verdict = claims.at_most(claim, float(np.max(regret - bound)), 0.0, detail=detail)
    return verdict if _rule_agrees(seed) else verdict._replace(holds=False, margin=-math.inf, detail="policies.ucb1 decides otherwise")


def check(scale: float, seed: int, factor: float = 8.0) -> Verdict:
    return _verdict(scale, seed, 1.0, factor)


def control(scale: float, seed: int) -> Verdict:
    return _verdict(scale, seed, 100.0, 8.0)
