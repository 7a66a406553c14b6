"""A synthetic RouterBench: queries in clusters, eleven models, estimates from nearest neighbours, and the ways to split a budget.

RouterBench itself may not be redistributed. What is kept of it are the mean cost and the mean score of each model; clusters, spreads and the embedding
are ours, so the order of rules can be compared with the published one, their values cannot.
"""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, choice, number, whole

#: mean cost of a query in USD and mean score of RouterBench's eleven models, in the order of the published code
MEAN_COST = np.array([7.270, 23.190, 213.622, 241.048, 24.220, 328.095, 17.143, 20.190, 4.558, 13.417, 18.493]) * 1e-5
MEAN_SCORE = np.array([0.432, 0.598, 0.631, 0.636, 0.617, 0.781, 0.203, 0.328, 0.308, 0.550, 0.648])
SPLITS = ("weighted", "cost", "perf", "uniform", "random", "extreme")


class RouterBench(NamedTuple):
    """N queries, M models; named as `query_routing` takes them."""

    reward: np.ndarray  #: (N, M) true score, 0 or 1
    cost: np.ndarray  #: (N, M) true cost, USD
    estimated_reward: np.ndarray
    estimated_cost: np.ndarray


def synthetic_router_bench(queries: int = 10_000, history: int = 26_497, neighbours: int = 5, blur: float = 0.5, clusters: int = 40, dimension: int = 16, seed: int = 0,
                           searched: int | None = None) -> RouterBench:  # fmt: skip
    """Queries of `clusters` kinds; a kind has its own difficulty, its own scores and costs of each model, and a direction in the embedding.

    Model i answers a query of kind c well with probability ``p_ic = 1 / (1 + exp(-(m_i + a_c + e_ic)))``, a_c and e_ic
    standard normal, m_i such that the mean over kinds is MEAN_SCORE; the score is 0 or 1. Its cost is MEAN_COST times
    independent lognormal factors of mean 1: of the kind and the model (sigma .5), the query (.5), and the call (.3). The
    embedding of a query is its kind's random direction plus `blur` times a normal vector of expected squared length 1,
    scaled to length 1. Estimates are the means of score and cost over the k nearest history queries (cosine). Their error is
    controlled by k (the mean of k outcomes is noisy) and by blur (neighbours of another kind).

    Parameters
    ----------
    queries, history, neighbours : N, the number of history queries, and k <= history.
    blur : >= 0; with 0 all neighbours are of the query's own kind.
    clusters, dimension : numbers of kinds, and of coordinates of the embedding.
    seed : of numpy's generator.
    searched : how many of the history queries neighbours are looked for among, at least k; None: all. The queries are the same
        whatever k, blur and this are.

    Returns
    -------
    RouterBench

    Examples
    --------
    >>> bench = synthetic_router_bench(queries=2000, history=3000)
    >>> bench.reward.shape, bool(abs(bench.reward.mean(0) - MEAN_SCORE).max() < 0.1)
    ((2000, 11), True)
    """
    n, old = whole("queries", queries, 1), whole("history", history, 1)
    known = old if searched is None else whole("searched", searched, 1, old)
    k, blur = whole("neighbours", neighbours, 1, known), number("blur", blur, 0.0)
    kinds, dim = whole("clusters", clusters, 1), whole("dimension", dimension, 1)
    rng, m = np.random.default_rng(whole("seed", seed)), MEAN_SCORE.size
    chance = _calibrated(rng.normal(size=(kinds, 1)) + rng.normal(size=(kinds, m)), MEAN_SCORE)
    price = MEAN_COST * _lognormal(rng, 0.5, (kinds, m))
    centre = rng.normal(size=(kinds, dim))
    centre /= np.linalg.norm(centre, axis=1, keepdims=True)
    kind = rng.integers(kinds, size=old + n)
    score = (rng.random((old + n, m)) < chance[kind]).astype(float)
    usd = price[kind] * _lognormal(rng, 0.5, (old + n, 1)) * _lognormal(rng, 0.3, (old + n, m))
    place = centre[kind] + blur * rng.normal(size=(old + n, dim)) / np.sqrt(dim)
    found = nearest_neighbours(place[:known], place[old:], k)
    return RouterBench(score[old:], usd[old:], score[:old][found].mean(axis=1), usd[:old][found].mean(axis=1))


def nearest_neighbours(history: Any, queries: Any, neighbours: int) -> np.ndarray:
    """(N, k) indices of the k rows of the history (H, dim) of greatest cosine with each query (N, dim), exact.

    >>> nearest_neighbours([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [[2.0, 0.1]], 2).tolist()
    [[0, 2]]
    """
    old, new = array("history", history, (None, None)), array("queries", queries, (None, np.shape(history)[1]))
    k = whole("neighbours", neighbours, 1, len(old))
    old, new = ((x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-300)).astype(np.float32) for x in (old, new))
    out = np.empty((len(new), k), np.int64)
    for i in range(0, len(new), 512):
        near = new[i : i + 512] @ old.T
        top = np.argpartition(-near, k - 1, axis=1)[:, :k]
        out[i : i + 512] = np.take_along_axis(top, np.argsort(-np.take_along_axis(near, top, 1), axis=1, kind="stable"), 1)
    return out


def split_budget(reward: Any, cost: Any, factor: float = 1.0, split: str = "weighted", h: int = 1, seed: int = 0) -> np.ndarray:
    """Budgets (M,) that sum to factor times what the cheapest single model would cost on all queries.

    In proportion to sqrt(score / cost) ("weighted"), sqrt(1 / cost) ("cost"), score ("perf"), 1 ("uniform"), uniform numbers
    between 5 and 30 ("random"), or 50 for the h models of least score / cost and 12.5 h / (M - h) for the others ("extreme"),
    score and cost being means over the queries (N, M).

    >>> split_budget([[1.0, 0.5]], [[4.0, 1.0]], factor=2.0, split="perf").round(9).tolist()
    [1.333333333, 0.666666667]
    """
    r = array("reward", reward, (None, None), 0.0)
    c = array("cost", cost, r.shape, 0.0).mean(axis=0)
    r, m, factor = r.mean(axis=0), len(c), number("factor", factor, 0.0)
    split = choice("split", split, SPLITS)
    if not np.all(c > 0.0):
        raise BadValue(f"cost: got a mean of {c.min()} for model {int(c.argmin())}; allowed: models that cost something")
    if split == "extreme":
        h = whole("h", h, 1, m - 1)
        worst = np.argsort(r / c, kind="stable")[:h]
        weight = np.where(np.isin(np.arange(m), worst), 50.0, 12.5 * h / (m - h))
    elif split == "random":
        weight = np.random.default_rng(whole("seed", seed)).uniform(5.0, 30.0, m)
    else:
        weight = {"weighted": np.sqrt(r / c), "cost": np.sqrt(1.0 / c), "perf": r, "uniform": np.ones(m)}[split]
    if weight.sum() <= 0.0:
        raise BadValue(f"reward: got only scores of 0; allowed: with split={split!r} a score above 0")
    return factor * c.min() * np.shape(cost)[0] * weight / weight.sum()


def _lognormal(rng: Any, sigma: float, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(np.exp(sigma * rng.normal(size=shape) - sigma * sigma / 2.0))


def _calibrated(effect: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-(m + effect))) with m such that the means over rows are `mean`: by bisection."""
    low, high = np.full(mean.size, -50.0), np.full(mean.size, 50.0)
    for _ in range(80):
        middle = (low + high) / 2.0
        below = (1.0 / (1.0 + np.exp(-(middle + effect)))).mean(axis=0) < mean
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(1.0 / (1.0 + np.exp(-(low + effect))))
