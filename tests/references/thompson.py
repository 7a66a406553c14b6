"""Thompson sampling in numpy, all replications at once: one draw from each arm's Beta posterior, the greatest plays."""

import numpy as np


def simulate(means, horizon, replications, rng, a=1.0, b=1.0):
    """Final regret (replications,) on Bernoulli arms: sum of pulls times gaps."""
    means, rows = np.asarray(means, float), np.arange(replications)
    won, lost = np.zeros((replications, means.size)), np.zeros((replications, means.size))
    for _ in range(horizon):
        arm = np.argmax(rng.beta(a + won, b + lost), axis=1)
        reward = rng.random(replications) < means[arm]
        won[rows, arm] += reward
        lost[rows, arm] += ~reward
    return (won + lost) @ (means.max() - means)
