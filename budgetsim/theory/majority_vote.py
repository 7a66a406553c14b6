"""The majority-vote model: opinions on a graph follow the majority of their neighbours, and with probability q its opposite.

Simulation on any networkx graph with errors between independent packs, exact laws of tiny graphs, and two approximations of the critical noise of regular
graphs. `finite_size_scaling` makes critical points and exponents of it.
"""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, BudgetsimError, array, choice, number, whole
from ..shared.opinion_dynamics import LANES, neighbours, play_pack
from .volunteer_chain import stationary_law

PACKS = 1 << 16  #: packs of one noise have their own luck, whatever the other noises are


class Measurement(NamedTuple):
    """Averages (Q,) at Q noises and their standard errors, by the jackknife over packs; `moments` (Q, packs, 4) of |m|, m^2, m^4, m.

    m is the mean opinion. magnetisation = <|m|>; susceptibility = n (<m^2> - <|m|>^2); binder = 1 - <m^4> / (3 <m^2>^2).
    """

    noise: np.ndarray
    nodes: int
    magnetisation: np.ndarray
    magnetisation_error: np.ndarray
    susceptibility: np.ndarray
    susceptibility_error: np.ndarray
    binder: np.ndarray
    binder_error: np.ndarray
    moments: np.ndarray


# ------------------------------------------------------------------------------------------------ simulation
def majority_vote(
    graph: Any,
    noise: Any,
    sweeps: int,
    burn_in: int,
    replications: int = 256,
    seed: int = 0,
    *,
    every: int = 1,
    start: str = "ordered",
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Measurement:
    """Simulates the majority-vote model, 64 replications to a word.

    A node picked uniformly at random takes the opinion of the majority of its neighbours with probability 1 - q, the opposite with
    probability q, either with probability 1/2 in a tie. A sweep is n such updates.

    Parameters
    ----------
    graph : an undirected networkx graph of n nodes, or a list of such graphs of n nodes each: pack p then lives on graph p modulo their number,
        and the errors hold the disorder.
    noise : q, (Q,) or a number, in [0, 1/2].
    sweeps : measured ones. burn_in : before them. every : sweeps from one measurement to the next.
    replications : a multiple of 64 from 128 on; packs of 64 share the order in which nodes are picked, errors are between packs.
    start : "ordered", all say +1, or "random", fair coins.
    threads : any number gives the same bits. progress : is told replications and rounds done.

    Returns
    -------
    Measurement.

    Raises
    ------
    BadType, BadValue : a directed graph, parallel edges, loops; noise or lengths out of range.

    Examples
    --------
    >>> import networkx
    >>> seen = majority_vote(networkx.complete_graph(5), [0.1, 0.5], sweeps=200, burn_in=20, replications=256, seed=1)
    >>> exact = majority_vote_law(networkx.complete_graph(5), 0.1)
    >>> bool(abs(seen.magnetisation[0] - exact.magnetisation) < 4 * seen.magnetisation_error[0])
    True

    References
    ----------
    [Oliveira1992]_; words of replications as in multi-spin coding.
    """
    graphs = [neighbours(g) for g in graph] if isinstance(graph, (list, tuple)) else [neighbours(graph)]
    nodes = {g.start.size - 1 for g in graphs}
    if len(nodes) != 1:
        raise BadValue(f"graph: got graphs of {sorted(nodes)} nodes; allowed: one or more, of equal size")
    q = array("noise", np.atleast_1d(np.asarray(noise)), (None,), 0.0, 0.5)
    sweeps, burn_in, every = whole("sweeps", sweeps, 1), whole("burn_in", burn_in), whole("every", every, 1)
    if every > sweeps:
        raise BadValue(f"every: got {every} for {sweeps} sweeps; allowed: 1 to {sweeps}")
    replications, seed = whole("replications", replications, 2 * LANES, PACKS * LANES), whole("seed", seed)
    if replications % LANES:
        raise BadValue(f"replications: got {replications}; allowed: a multiple of {LANES}")
    ordered = int(choice("start", start, ("ordered", "random")) == "ordered")
    n, packs, taken = nodes.pop(), replications // LANES, sweeps // every * LANES
    workers = whole("threads", threads, 1) if threads is not None else os.cpu_count() or 1

    def play(job: tuple[int, int]) -> np.ndarray:
        i, p = job
        near, sums = graphs[p % len(graphs)], np.zeros(4)
        play_pack(np.zeros(n, np.uint64), near.start, near.node, round(2.0 * q[i] * 2.0**53), ordered, burn_in, sweeps, every, seed, i * PACKS + p, sums)
        if progress is not None:
            progress(LANES, LANES * (burn_in + sweeps))
        return sums / taken

    jobs = [(i, p) for i in range(q.size) for p in range(packs)]
    first = play(jobs[0])  # compiles, once
    with ThreadPoolExecutor(workers) as pool:
        moments = np.array([first, *pool.map(play, jobs[1:])]).reshape(q.size, packs, 4)
    return majority_vote_averages(q, n, moments)


def majority_vote_averages(noise: Any, nodes: int, moments: Any) -> Measurement:
    """The Measurement of moments (Q, packs, 4) at noises (Q,), of graphs of `nodes` nodes: for moments that were saved.

    >>> seen = majority_vote_averages([0.1], 4, np.array([[[0.5, 0.5, 0.5, 0.0], [0.75, 0.625, 0.53125, 0.0]]]))
    >>> seen.magnetisation.tolist(), seen.magnetisation_error.tolist()
    ([0.625], [0.125])
    """
    moments = np.asarray(moments, dtype=np.float64)
    m, chi, u = (_jackknife(statistic, moments, nodes) for statistic in (magnetisation, susceptibility, binder))
    return Measurement(np.asarray(noise, dtype=np.float64), nodes, *m, *chi, *u, moments=moments)


def magnetisation(moments: Any, nodes: int) -> np.ndarray:
    """<|m|> of moments (..., 3 or 4)."""
    return moments[..., 0]


def susceptibility(moments: Any, nodes: int) -> np.ndarray:
    """n (<m^2> - <|m|>^2) of moments (..., 3 or 4)."""
    return nodes * (moments[..., 1] - moments[..., 0] ** 2)


def binder(moments: Any, nodes: int = 1) -> np.ndarray:
    """1 - <m^4> / (3 <m^2>^2) of moments (..., 3 or 4).

    >>> float(binder(np.array([1.0, 1.0, 1.0]))), float(binder(np.array([0.8, 1.0, 3.0])))
    (0.6666666666666667, 0.0)
    """
    return 1.0 - moments[..., 2] / (3.0 * moments[..., 1] ** 2)


def _jackknife(statistic: Callable[[np.ndarray, int], np.ndarray], moments: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    packs = moments.shape[-2]
    left_out = statistic((moments.sum(axis=-2, keepdims=True) - moments) / (packs - 1), nodes)
    spread = left_out - left_out.mean(axis=-1, keepdims=True)
    return statistic(moments.mean(axis=-2), nodes), np.sqrt((packs - 1) / packs * (spread**2).sum(axis=-1))


# ------------------------------------------------------------------------------------------------ exact
class ExactLaw(NamedTuple):
    """The stationary law over the 2^n states (bit i of a state: node i says +1) and its averages."""

    law: np.ndarray
    magnetisation: float
    susceptibility: float
    binder: float


def majority_vote_chain(graph: Any, noise: float) -> np.ndarray:
    """The transition matrix (2^n, 2^n) of one update, for n <= 10.

    Parameters
    ----------
    graph : an undirected networkx graph of at most 10 nodes. noise : q in [0, 1/2].

    >>> import networkx
    >>> majority_vote_chain(networkx.complete_graph(2), 0.25).tolist()[1]
    [0.375, 0.25, 0.0, 0.375]
    """
    near, q = neighbours(graph), number("noise", noise, 0.0, 0.5)
    n = near.start.size - 1
    if n > 10:
        raise BadValue(f"graph: got {n} nodes; allowed: at most 10, the chain has 2^n states")
    state = np.arange(1 << n)
    says = state[:, None] >> np.arange(n) & 1
    matrix = np.zeros((state.size, state.size))
    for i in range(n):
        about = near.node[near.start[i] : near.start[i + 1]]
        lead = np.sign(2 * says[:, about].sum(axis=1) - about.size)
        up = 0.5 + lead * (0.5 - q)
        matrix[state, state | 1 << i] += up / n
        matrix[state, state & ~(1 << i)] += (1.0 - up) / n
    return matrix


def majority_vote_law(graph: Any, noise: float) -> ExactLaw:
    """The exact stationary law of a graph of at most 10 nodes, for q > 0.

    Parameters
    ----------
    graph : an undirected networkx graph of at most 10 nodes. noise : q in (0, 1/2].

    >>> import networkx
    >>> round(majority_vote_law(networkx.cycle_graph(4), 0.5).susceptibility, 12)  # independent coins: 4 (1/4 - (3/8)^2)
    0.4375
    """
    if number("noise", noise, 0.0, 0.5) == 0.0:
        raise BadValue("noise: got 0; allowed: (0, 0.5], without noise consensus is absorbing and no law is unique")
    matrix = majority_vote_chain(graph, noise)
    law, n = stationary_law(matrix), int(matrix.shape[0]).bit_length() - 1
    m = np.array([2 * s.bit_count() - n for s in range(1 << n)]) / n
    moments = np.array([law @ np.abs(m), law @ m**2, law @ m**4])
    return ExactLaw(law, float(moments[0]), float(susceptibility(moments, n)), float(binder(moments)))


# ------------------------------------------------------------------------------------------------ approximations
def _flips(degree: int, q: float) -> np.ndarray:
    """The chance that an updated node changes its opinion, for 0..k neighbours against it."""
    against = np.arange(degree + 1)
    return 0.5 + np.sign(2 * against - degree) * (0.5 - q)


def mean_field_noise(degree: int) -> float:
    """q_c of a k-regular graph whose neighbours were independent: (1 - 2 q) E|S_k| = 1, S_k the symmetric walk; 0 for k <= 2.

    >>> mean_field_noise(3), round(mean_field_noise(4), 12)
    (0.16666666666666669, 0.166666666667)
    """
    k = whole("degree", degree, 1)
    slope = sum(math.comb(k, j) * abs(k - 2 * j) for j in range(k + 1)) / 2.0**k
    return max(0.0, 0.5 - 0.5 / slope)


def pair_noise(degree: int) -> float:
    """q_c of a k-regular graph in the homogeneous pair approximation.

    With r the chance that a link joins opposite opinions, B_r the binomial law of the opposite ones among k and f_j the chance of a flip,
    links stay as they are when sum_j B_r(j) f_j (k - 2 j) = 0, and the symmetric state loses its stability when F(r) = sum_j B_r(j) f_j has
    r F'(r) = F(r). Both are solved by bisection. A reconstruction: the standard
    approximation, derived here; k = 3 and 4 give 1/10 and 5/37.

    Parameters
    ----------
    degree : k >= 3.

    >>> round(pair_noise(3), 6), round(pair_noise(4), 6)
    (0.1, 0.135135)
    """
    k = whole("degree", degree, 3)
    j = np.arange(k + 1)
    ways = np.array([math.comb(k, i) for i in j], dtype=float)

    def law(r: float) -> np.ndarray:
        return ways * r**j * (1.0 - r) ** (k - j)

    def active(q: float) -> float:
        f = _flips(k, q)
        return _root(lambda r: float((law(r) * f * (k - 2 * j)).sum()), 1e-12, 0.5)

    def stable(q: float) -> float:  # F - r F', by k B_r'(j) = j/r - (k - j)/(1 - r)
        f, r = _flips(k, q), active(q)
        return float((law(r) * f * (1.0 - j + r * (k - j) / (1.0 - r))).sum())

    return _root(stable, 1e-9, 0.5 - 1e-9)


def _root(f: Callable[[float], float], low: float, high: float) -> float:
    """Where f changes its sign, by bisection."""
    sign = f(low) > 0.0
    if (f(high) > 0.0) == sign:
        raise BudgetsimError(f"no change of sign between {low:g} and {high:g}")
    for _ in range(80):
        middle = 0.5 * (low + high)
        if (f(middle) > 0.0) == sign:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
