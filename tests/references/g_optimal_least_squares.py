"""`g_optimal_least_squares` in numpy: the D-optimal design, which is G-optimal, by multiplicative weights; then weighted least squares."""

import numpy as np


def design(features):
    """Weights (n,): each times its variance / d, again and again; those that die out are 0."""
    n, d = features.shape
    w = np.full(n, 1 / n)
    for _ in range(5000):
        inverse = np.linalg.inv(features.T @ (features * w[:, None]))
        w *= np.einsum("nd,de,ne->n", features, inverse, features) / d
    w[w < 1e-6] = 0.0
    return w / w.sum()


def simulate(f, features, noise, replications, rng, samples=1):
    """(loss (replications,), readings of one run): normal noise of this standard deviation, the same number of readings of each action of the design."""
    f, a = np.asarray(f), np.asarray(features)
    w = design(a)
    mean = f + noise / np.sqrt(samples) * rng.standard_normal((replications, f.size))
    theta = (mean * w) @ a @ np.linalg.inv(a.T @ (a * w[:, None]))
    return f.max() - f[(theta @ a.T).argmax(axis=1)], samples * np.count_nonzero(w)
