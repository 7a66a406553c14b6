"""`ranking` and `water_filling` in numpy: all replications at once."""

import numpy as np


def rank(bids, replications, rng, slope=1.0):
    """Matches of unit nodes: total reward (replications,); bids (T, n) are those of the nodes, 0 where there is no edge."""
    score = 1.0 - np.exp(slope * (rng.random((replications, bids.shape[1])) - 1.0))
    free, total, every = np.ones(score.shape, bool), np.zeros(replications), np.arange(replications)
    for bid in bids:
        worth = score * bid * free
        i = worth.argmax(axis=1)
        hit = worth[every, i] > 0
        total += bid[i] * hit
        free[every[hit], i[hit]] = False
    return total


def fill(bids, budgets, ratio=0.0):
    """Total reward of bids (T, n), in their order; who cannot pay his bid pays what he has."""
    base = (1 + ratio) ** (1 / ratio) if ratio else np.e
    left, total = np.array(budgets, float), 0.0
    for bid in bids:
        pay = np.minimum(bid, left)
        score = pay * (1 - base ** (-left / budgets))
        i = score.argmax()
        if score[i] > 0:
            left[i] -= pay[i]
            total += pay[i]
    return total
