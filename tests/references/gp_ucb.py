"""`gp_ucb`, `mini_gp_ucb` and `mini_gp_ei` in numpy: the posterior by solving with every single reading, nothing incremental."""

import numpy as np
from scipy import special


def simulate(f, covariance, noise, horizon, rng, factor=1.0, beta=2.0, improve=False):
    """(regret, number of batches, unique points) of one run; `noise` is the standard deviation of a reading.

    `improve`: expected improvement of N(mean, (beta sd)^2) over the greatest mean at a point read, or at the first one, instead of mean + beta sd.
    """
    f, variance = np.asarray(f, float), noise**2
    points, readings, batches, regret = [], [], 0, 0.0
    while len(points) < horizon:
        mean, var = np.zeros(f.size), np.diag(covariance).copy()
        if points:
            across = covariance[:, points]
            gram = across[points] + variance * np.eye(len(points))
            solved = np.linalg.solve(gram, np.column_stack([readings, across.T]))
            mean, var = across @ solved[:, 0], var - np.einsum("ij,ji->i", across, solved[:, 1:])
        sd, best = beta * np.sqrt(np.maximum(var, 1e-300)), mean[points or [0]].max()
        z = (mean - best) / np.maximum(sd, 1e-150)
        x = int(np.argmax(sd * (z * special.ndtr(z) + np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)) if improve else mean + sd))
        for _ in range(min(max(1, int((factor**2 - 1) * variance / var[x])), horizon - len(points))):
            points.append(x)
            readings.append(f[x] + noise * rng.normal())
            regret += f.max() - f[x]
        batches += 1
    return regret, batches, len(set(points))
