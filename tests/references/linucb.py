"""`linucb` in numpy, all replications at once: greatest <theta, a> + alpha sqrt(a' A^-1 a), A inverted anew in every round."""

import numpy as np


def simulate(f, features, noise, horizon, replications, rng, alpha=1.0, penalty=1.0):
    """Regret (replications,) with normal noise of this standard deviation."""
    f, a = np.asarray(f), np.asarray(features)
    matrix, b = np.tile(penalty * np.eye(a.shape[1]), (replications, 1, 1)), np.zeros((replications, a.shape[1]))
    regret = np.zeros(replications)
    for _ in range(horizon):
        inverse = np.linalg.inv(matrix)
        mean = np.einsum("nd,rde,re->rn", a, inverse, b)
        arm = np.argmax(mean + alpha * np.sqrt(np.einsum("nd,rde,ne->rn", a, inverse, a)), axis=1)
        regret += f.max() - f[arm]
        matrix += a[arm][:, :, None] * a[arm][:, None, :]
        b += (f[arm] + noise * rng.standard_normal(replications))[:, None] * a[arm]
    return regret
