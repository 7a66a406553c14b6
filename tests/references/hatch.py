"""`hatch` in numpy, all replications at once, by batched linear solves; also `greedy_linucb` and `random_linucb`, who differ in whom they serve."""

import numpy as np


def users(share, centres, spread, replications, rng):
    """Classes (n,) and contexts (n, d) of length 1."""
    j = rng.choice(len(share), replications, p=share)
    x = centres[j] + spread * rng.standard_normal((replications, centres.shape[1]))
    return j, x / np.sqrt((x**2).sum(1, keepdims=True))


def program(share, value, rate, j):
    """p_j: what is left of the rate when all classes of greater value are served, earlier ones first among equals."""
    before = (value > (own := np.take_along_axis(value, j[:, None], 1))) | ((value == own) & (np.arange(len(share)) < j[:, None]))
    return np.clip((rate - before @ share) / share[j], 0, 1)


def simulate(share, centres, weights, offset, spread, budget, horizon, replications, rng, whom="program", alpha=1.0, class_alpha=1.0, ridge=1.0):
    """Total reward (replications,)."""
    (n, k, d), rows = weights.shape, np.arange(replications)
    a, b = np.tile(ridge * np.eye(d), (replications, n, k, 1, 1)), np.zeros((replications, n, k, d))
    c, e, value = np.tile(ridge * np.eye(d), (replications, n, 1, 1)), np.zeros((replications, n, d)), np.ones((replications, n))
    left, total = np.full(replications, float(budget)), np.zeros(replications)
    for t in range(horizon):
        j, x = users(share, centres, spread, replications, rng)
        p = {"program": program(share, value, left / (horizon - t), j), "all": 1.0, "coin": budget / horizon}[whom]
        serve = (rng.random(replications) < p) & (left >= 1)
        theta, width = np.linalg.solve(a[rows, j], b[rows, j][..., None])[..., 0], np.linalg.solve(a[rows, j], x[:, None, :, None])[..., 0]
        arm = (np.einsum("rkd,rd->rk", theta, x) + alpha * np.sqrt(np.einsum("rkd,rd->rk", width, x))).argmax(1)
        reward = rng.random(replications) < np.clip(offset[j, arm] + (weights[j, arm] * x).sum(1), 0, 1)
        r, i, m, z, y = rows[serve], j[serve], arm[serve], x[serve], reward[serve]
        total[r], left[r] = total[r] + y, left[r] - 1
        a[r, i, m] += z[:, :, None] * z[:, None]
        b[r, i, m] += y[:, None] * z
        c[r, i] += centres[i][:, :, None] * centres[i][:, None]
        e[r, i] += y[:, None] * centres[i]
        theta, width = (np.linalg.solve(c[r, i], v[..., None])[..., 0] for v in (e[r, i], centres[i]))
        value[r, i] = (theta * centres[i]).sum(1) + class_alpha * np.sqrt((width * centres[i]).sum(1))
    return total
