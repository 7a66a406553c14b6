"""Epsilon-greedy in numpy, all replications at once: the greatest mean, unpulled arms first, and with probability epsilon any arm."""

import numpy as np


def simulate(means, horizon, replications, rng, epsilon=0.1):
    """Final regret (replications,) on Bernoulli arms: sum of pulls times gaps."""
    means, rows = np.asarray(means, float), np.arange(replications)
    pulls, sums = np.zeros((replications, means.size)), np.zeros((replications, means.size))
    for _ in range(horizon):
        with np.errstate(invalid="ignore"):
            mean = np.where(pulls > 0, sums / pulls, np.inf)
        arm = np.where(rng.random(replications) < epsilon, rng.integers(means.size, size=replications), np.argmax(mean, axis=1))
        pulls[rows, arm] += 1
        sums[rows, arm] += rng.random(replications) < means[arm]
    return pulls @ (means.max() - means)
