"""Which edges of a communication graph to keep: the risk of averaging after r rounds, and rules that choose edges.

Agent j holds a signal of precision tau_j about one number. In each of r rounds agents pass on what they hold along the kept edges; a message keeps the share
gamma of a signal's precision (its samples are thinned, the same ones on every way). With d(j, i) the length of the shortest way from j to i, agent i ends with

    P_i = sum over j with d(j, i) <= r of tau_j gamma^d(j, i),

its precision-weighted average has mean squared error 1 / P_i, and the risk of a graph is the mean of these over agents. More edges never hurt.
A graph is a list of words: bit j of word i says that i hears j.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, flag, number, whole
from ..draws import ROUND, exp, exponential, log, nature_key, normal
from ..kernels import compiled

AGENTS = 12  #: a table has 2^n numbers


class Team(NamedTuple):
    """precision (n,); `total` (2^n,) of the sets of agents; keep (r + 1,), gamma^h."""

    precision: np.ndarray
    total: np.ndarray
    keep: np.ndarray


def team(precision: Any, rounds: int, fidelity: float) -> Team:
    """Checks a team and tabulates what its sets of agents know.

    >>> team([1.0, 2.0], 2, 0.5).total.tolist(), team([1.0, 2.0], 2, 0.5).keep.tolist()
    ([0.0, 1.0, 2.0, 3.0], [1.0, 0.5, 0.25])
    """
    tau = array("precision", precision, (None,), 1e-12, 1e12)
    if tau.size > AGENTS:
        raise BadValue(f"precision: got {tau.size} agents; allowed: at most {AGENTS}")
    rounds, gamma = whole("rounds", rounds, 1, 64), number("fidelity", fidelity, 0.0, 1.0)
    total = np.zeros(1 << tau.size)
    for j in range(tau.size):
        total[1 << j : 2 << j] = total[: 1 << j] + tau[j]
    return Team(tau, total, np.cumprod(np.append(1.0, np.full(rounds, gamma))))


def reached(total: Any, keep: Any, heard: Any, i: Any) -> Any:
    """P_i, in graph `heard` (n,)."""
    knows, precision = 1 << i, total[1 << i]
    for h in range(1, keep.size):
        more = knows
        for k in range(heard.size):
            if (knows >> k) & 1:
                more |= heard[k]
        if more == knows:
            break
        precision += keep[h] * total[more & ~knows]
        knows = more
    return precision


def risk_of(total: Any, keep: Any, heard: Any) -> Any:
    """The mean of 1 / P_i."""
    risk = 0.0
    for i in range(heard.size):
        risk += 1.0 / reached(total, keep, heard, i)
    return risk / heard.size


def add_greedily(total: Any, keep: Any, budget: Any, heard: Any) -> Any:
    """Adds, one by one, the edge after which the risk is least, ties to the first (by receiver, then sender); returns how many."""
    n = heard.size
    now = risk_of(total, keep, heard)
    for taken in range(budget):
        best, receiver, sender = now, -1, -1
        for i in range(n):
            for j in range(n):
                if i != j and not (heard[i] >> j) & 1:
                    heard[i] |= 1 << j
                    risk = risk_of(total, keep, heard)
                    if risk < best * (1.0 - 1e-14):
                        best, receiver, sender = risk, i, j
                    heard[i] ^= 1 << j
        if receiver < 0:
            return taken
        heard[receiver] |= 1 << sender
        now = best
    return budget


def exchange(total: Any, keep: Any, heard: Any) -> Any:
    """Replaces one edge by another as long as that lowers the risk, the best replacement first; returns how often."""
    n, moves = heard.size, 0
    now = risk_of(total, keep, heard)
    while True:
        best, out, into = now * (1.0 - 1e-12), -1, -1
        for a in range(n * n):
            if (heard[a // n] >> (a % n)) & 1:
                heard[a // n] ^= 1 << (a % n)
                for b in range(n * n):
                    if b // n != b % n and b != a and not (heard[b // n] >> (b % n)) & 1:
                        heard[b // n] |= 1 << (b % n)
                        risk = risk_of(total, keep, heard)
                        if risk < best:
                            best, out, into = risk, a, b
                        heard[b // n] ^= 1 << (b % n)
                heard[a // n] |= 1 << (a % n)
        if out < 0:
            return moves
        heard[out // n] ^= 1 << (out % n)
        heard[into // n] |= 1 << (into % n)
        now, moves = best, moves + 1


def learn(total: Any, keep: Any, budget: Any, episodes: Any, step: Any, seed: Any, logit: Any, heard: Any, path: Any) -> None:
    """Fills `logit` (n, n), the last graph `heard` and `path` (episodes,), the exact risk of each graph that was tried; see `learned_edges`."""
    n = heard.size
    edges = n * n
    score, odds, taken, order = np.zeros(edges), np.zeros(edges), np.zeros(edges), np.zeros(budget, np.int64)
    baseline, spread = 0.0, 0.0
    for t in range(episodes + 1):
        key = nature_key(seed, 0, t, ROUND)
        highest = -1e300
        for e in range(edges):
            taken[e] = 1.0 if e // n == e % n else 0.0
            score[e] = logit[e // n, e % n]
            if taken[e] == 0.0:
                highest = max(highest, score[e])
                if t < episodes:
                    score[e] -= log(exponential(key, e))  # Gumbel
        for i in range(n):
            heard[i] = 0
        for k in range(budget):  # the largest scores: Plackett and Luce's law of ordered choices
            best = -1
            for e in range(edges):
                if taken[e] == 0.0 and (best < 0 or score[e] > score[best]):
                    best = e
            taken[best], order[k] = 1.0, best
            heard[best // n] |= 1 << (best % n)
        if t == episodes:
            break
        path[t] = risk_of(total, keep, heard)
        seen = 0.0
        for i in range(n):
            z = normal(key, i)
            seen += z * z / reached(total, keep, heard, i) / n
        rate = max(0.02, 1.0 / (1.0 + t))
        gain = baseline - seen if t > 0 else 0.0
        baseline += rate * (seen - baseline)
        spread += rate * (gain * gain - spread)
        gain *= step / math.sqrt(spread + 1e-300) if t > 20 else 0.0
        left = 0.0
        for e in range(edges):
            taken[e] = 0.0
            odds[e] = 0.0 if e // n == e % n else exp(logit[e // n, e % n] - highest)
            left += odds[e]
        share = 0.0  # of the sum over choices of 1 / (odds left at that choice)
        for k in range(budget):
            share += 1.0 / max(left, 1e-300)
            e = order[k]
            logit[e // n, e % n] += gain * (1.0 - odds[e] * share)
            left -= odds[e]
            taken[e] = 1.0
        for e in range(edges):
            if taken[e] == 0.0:
                logit[e // n, e % n] -= gain * odds[e] * share


_greedy, _exchange, _learn, _risk = compiled(add_greedily), compiled(exchange), compiled(learn), compiled(risk_of)


# ------------------------------------------------------------------------------------------------ plain Python
class Kept(NamedTuple):
    """A graph: edges (sender, receiver) in order, its risk, and `heard` (n,), bit j of word i: i hears j."""

    edges: list[tuple[int, int]]
    risk: float
    heard: np.ndarray


def kept(team: Team, heard: np.ndarray) -> Kept:
    """The graph with its risk."""
    n = heard.size
    edges = [(j, i) for i in range(n) for j in range(n) if int(heard[i]) >> j & 1]
    return Kept(edges, float(_risk(team.total, team.keep, heard)), heard)


def edge_risk(precision: Any, edges: Any, *, rounds: int = 2, fidelity: float = 1.0) -> float:
    """The exact risk of a graph, the mean over agents of the squared error of its average after r rounds.

    Parameters
    ----------
    precision : tau (n,), n <= 12. edges : pairs (sender, receiver). rounds : r >= 1. fidelity : gamma in [0, 1].

    >>> edge_risk([1.0, 1.0, 2.0], [(2, 0), (0, 1)], rounds=2, fidelity=0.5)  # P = 2, 1 + 1/2 + 1/2, 2
    0.5
    """
    told = team(precision, rounds, fidelity)
    heard = np.zeros(told.precision.size, np.int64)
    for j, i in edges:
        i, j = whole("edges: receiver", i, 0, heard.size - 1), whole("edges: sender", j, 0, heard.size - 1)
        if i == j:
            raise BadValue(f"edges: got ({j}, {i}); allowed: two different agents")
        heard[i] |= 1 << j
    return float(_risk(told.total, told.keep, heard))


def _budget(told: Team, budget: Any) -> int:
    n = told.precision.size
    return whole("budget", budget, 0, n * (n - 1))


def greedy_edges(precision: Any, budget: int, *, rounds: int = 2, fidelity: float = 1.0, exchanges: bool = False) -> Kept:
    """One edge by one, each that after which the risk is least; with `exchanges`, then one edge for another as long as that helps.

    Exact for r = 1, where agents do not depend on each other and each further sender helps less. For r >= 2 not: the way to a hub pays only when the hub is there.

    Parameters
    ----------
    precision : tau (n,), n <= 12. budget : edges at most. rounds : r >= 1. fidelity : gamma in [0, 1]. exchanges : True or False.

    >>> greedy_edges([1.0, 1.0, 2.0], 2, rounds=1).edges
    [(2, 0), (2, 1)]
    """
    told = team(precision, rounds, fidelity)
    heard = np.zeros(told.precision.size, np.int64)
    _greedy(told.total, told.keep, _budget(told, budget), heard)
    if flag("exchanges", exchanges):
        _exchange(told.total, told.keep, heard)
    return kept(told, heard)


def learned_edges(
    precision: Any, budget: int, *, rounds: int = 2, fidelity: float = 1.0, episodes: int = 100_000, step: float = 0.01, seed: int = 0
) -> tuple[Kept, np.ndarray]:
    """Learns which edges to keep from the squared errors of episodes alone, and knows neither precisions nor fidelity nor rounds.

    Each edge has a logit. An episode adds Gumbel noise, keeps the `budget` largest, and sees the mean over agents of (error)^2, each error drawn from its
    exact law, independently over agents. The logits climb the gradient of the log chance of the ordered choice (Plackett and Luce), times how much better than
    a running mean the episode was, in units of a running deviation, times `step`. In the end the largest logits are kept.

    Parameters
    ----------
    precision, rounds, fidelity : of the team that is played. budget : edges kept. episodes, step : of the ascent. seed : of its draws.

    Returns
    -------
    Kept, and the exact risk of the graph of every episode (episodes,).

    Departures from the paper: CommFormer takes a straight-through gradient through the agents' networks, which are trained with the graph, and gates what is
    received; here the agents' average is given, so the graph is all that is learned, and the gradient is the score function's.

    >>> learned_edges([1.0, 1.0, 9.0], 2, rounds=1, episodes=4000, seed=1)[0].edges
    [(2, 0), (2, 1)]

    References
    ----------
    [Hu2024]_; [Kool2019]_ for Gumbel top-k; the rule is a reconstruction in the paper's spirit.
    """
    told = team(precision, rounds, fidelity)
    n, budget = told.precision.size, _budget(told, budget)
    episodes, step, seed = whole("episodes", episodes, 1), number("step", step, 0.0, 10.0), whole("seed", seed)
    logit, heard, path = np.zeros((n, n)), np.zeros(n, np.int64), np.zeros(episodes)
    _learn(told.total, told.keep, budget, episodes, step, seed, logit, heard, path)
    return kept(told, heard), path
