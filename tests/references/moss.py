"""`moss` in numpy, all replications at once: the arm of greatest mean + sqrt(max(log(T / (K pulls)), 0) / pulls), each arm once first."""

import numpy as np


def simulate(means, horizon, replications, rng, radius=1.0):
    """Final regret (replications,) on Bernoulli arms: sum of pulls times gaps."""
    means, rows = np.asarray(means, float), np.arange(replications)
    pulls, sums = np.zeros((replications, means.size)), np.zeros((replications, means.size))
    for t in range(horizon):
        arm = np.full(replications, t)
        if t >= means.size:
            level = np.maximum(np.log(horizon / (means.size * pulls)), 0.0)
            arm = np.argmax(sums / pulls + np.sqrt(radius * level / pulls), axis=1)
        pulls[rows, arm] += 1
        sums[rows, arm] += rng.random(replications) < means[arm]
    return pulls @ (means.max() - means)
