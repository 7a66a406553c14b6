"""EXP3 in numpy, all replications at once: exponential weights on the sums of loss / probability."""

import numpy as np


def simulate(means, horizon, replications, rng, eta=None, mixing=0.0):
    """Final regret (replications,) on Bernoulli arms: sum of pulls times gaps."""
    means, rows = np.asarray(means, float), np.arange(replications)
    n = means.size
    eta = np.sqrt(2 * np.log(n) / (n * horizon)) if eta is None else eta
    losses, pulls = np.zeros((replications, n)), np.zeros((replications, n))
    for _ in range(horizon):
        weight = np.exp(-eta * (losses - losses.min(axis=1, keepdims=True)))
        p = (1 - mixing) * weight / weight.sum(axis=1, keepdims=True) + mixing / n
        arm = np.minimum((rng.random((replications, 1)) >= np.cumsum(p, axis=1)).sum(axis=1), n - 1)
        reward = rng.random(replications) < means[arm]
        pulls[rows, arm] += 1
        losses[rows, arm] += (1 - reward) / p[rows, arm]
    return pulls @ (means.max() - means)
