"""Successive elimination in numpy: all active arms in turn; after each turn those surely worse are dropped."""

import numpy as np


def simulate(means, horizon, replications, rng, radius=2.0):
    """Final regret (replications,) on Bernoulli arms; an arm goes when mean + r < max(mean - r), r = sqrt(radius log T / n)."""
    means = np.asarray(means, float)
    k, gaps = means.size, means.max() - means
    total, regret = np.zeros((replications, k)), np.zeros(replications)
    active, played, n = np.ones((replications, k), bool), np.zeros(replications, int), 0
    while (played < horizon).any():
        n += 1
        order = np.cumsum(active, axis=1) - 1  # an arm's place in this turn
        pulled = active & (played[:, None] + order < horizon)
        total += pulled & (rng.random((replications, k)) < means)
        regret += pulled @ gaps
        played += pulled.sum(axis=1)
        r = np.sqrt(radius * np.log(horizon) / n)
        floor = np.where(active, total / n - r, -np.inf).max(axis=1)
        active &= total / n + r >= floor[:, None]
    return regret
