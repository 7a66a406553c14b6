"""UCB-ALP on classes in numpy, all replications at once: an index for each (class, arm), the linear program over classes."""

import numpy as np

from .hatch import program, users


def simulate(share, centres, weights, offset, spread, budget, horizon, replications, rng, radius=0.5):
    """Total reward (replications,)."""
    (n, k, _), rows = weights.shape, np.arange(replications)
    pulls, won = np.zeros((replications, n, k)), np.zeros((replications, n, k))
    left, total = np.full(replications, float(budget)), np.zeros(replications)
    for t in range(horizon):
        j, x = users(share, centres, spread, replications, rng)
        played = np.maximum(pulls, 1)
        index = np.where(pulls > 0, won / played + np.sqrt(radius * np.log(t + 1) / played), np.inf)
        p = program(share, np.minimum(index.max(2), 1.0), left / (horizon - t), j)
        arm = index[rows, j].argmax(1)
        serve = (rng.random(replications) < p) & (left >= 1)
        reward = rng.random(replications) < np.clip(offset[j, arm] + (weights[j, arm] * x).sum(1), 0, 1)
        pulls[rows, j, arm] += serve
        won[rows, j, arm] += serve & reward
        total, left = total + (serve & reward), left - serve
    return total
