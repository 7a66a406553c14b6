"""EXPLOIT on coins of +-1, opened anew whenever the stock has doubled, all replications at once."""

import numpy as np


def simulate(p, stock, horizon, replications, rng, factor=2.0):
    """Final stock less the initial one (replications,)."""
    p, rows = np.asarray(p, float), np.arange(replications)
    sums, left, opened = np.zeros((replications, p.size)), np.full(replications, float(stock)), np.full(replications, float(stock))
    for _ in range(horizon):
        again = left >= factor * opened
        sums[again], opened[again] = 0.0, left[again]
        arm, alive = sums.argmax(1), left > 0
        gain = alive * np.where(rng.random(replications) < p[arm], 1.0, -1.0)
        sums[rows, arm] += gain
        left += gain
    return left - stock
