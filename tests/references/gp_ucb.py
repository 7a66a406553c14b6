"""GP-UCB with batches in numpy: the posterior by solving with every single reading, nothing incremental."""

import numpy as np


def simulate(f, covariance, noise, horizon, rng, factor=1.0, beta=2.0):
    """(regret, number of batches, unique points) of one run; `noise` is the standard deviation of a reading."""
    f, variance = np.asarray(f, float), noise**2
    points, readings, batches, regret = [], [], 0, 0.0
    while len(points) < horizon:
        mean, var = np.zeros(f.size), np.diag(covariance).copy()
        if points:
            across = covariance[:, points]
            gram = across[points] + variance * np.eye(len(points))
            mean = across @ np.linalg.solve(gram, readings)
            var = var - np.einsum("ij,ji->i", across, np.linalg.solve(gram, across.T))
        x = int(np.argmax(mean + beta * np.sqrt(np.maximum(var, 0.0))))
        for _ in range(min(max(1, int((factor**2 - 1) * variance / var[x])), horizon - len(points))):
            points.append(x)
            readings.append(f[x] + noise * rng.normal())
            regret += f.max() - f[x]
        batches += 1
    return regret, batches, len(set(points))
