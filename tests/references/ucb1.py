"""UCB1 in numpy, all replications at once: the arm of greatest mean + sqrt(radius log t / pulls), t rounds being over."""

import numpy as np


def simulate(means, horizon, replications, rng, radius=2.0):
    """Final regret (replications,) on Bernoulli arms: sum of pulls times gaps."""
    means, rows = np.asarray(means, float), np.arange(replications)
    pulls, sums = np.zeros((replications, means.size)), np.zeros((replications, means.size))
    for t in range(horizon):
        if t < means.size:
            arm = np.full(replications, t)
        else:
            arm = np.argmax(sums / pulls + np.sqrt(radius * np.log(t) / pulls), axis=1)
        pulls[rows, arm] += 1
        sums[rows, arm] += rng.random(replications) < means[arm]
    return pulls @ (means.max() - means)
