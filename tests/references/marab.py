"""MARAB in numpy: the arm of greatest mean of its ceil(alpha n) least rewards, less c sqrt(log ceil(alpha t) / n)."""

import numpy as np


def simulate(outcomes, probabilities, horizon, replications, rng, alpha, c):
    """Sum of rewards (replications,), without a stock."""
    total = np.zeros(replications)
    for i in range(replications):
        seen = [[] for _ in outcomes]
        for t in range(horizon):
            index = [np.inf] * len(seen)
            for k, x in enumerate(seen):
                if x:
                    worst = np.sort(x)[: int(np.ceil(alpha * len(x) - 1e-12))]
                    index[k] = worst.mean() - c * np.sqrt(np.log(max(np.ceil(alpha * t - 1e-12), 1)) / len(x))
            arm = int(np.argmax(np.round(index, 9)))
            seen[arm].append(outcomes[arm][np.searchsorted(np.cumsum(probabilities[arm]), rng.random())])
        total[i] = sum(map(sum, seen))
    return total
