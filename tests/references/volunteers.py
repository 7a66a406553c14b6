"""Food rescue in numpy, all replications at once: contexts, notified volunteers, those who accept are away; Whittle's order or a random one."""

import numpy as np


def index(f, p, q, discount):
    """W_ik = p_ik / (1 + discount S_ik), S_ik = sum_j f_j [p_ij - p_ik]_+ / (1 - discount + discount q_i)."""
    out = np.zeros_like(p)
    for i in range(p.shape[0]):
        for k in range(p.shape[1]):
            s = sum(f[j] * max(p[i, j] - p[i, k], 0.0) for j in range(p.shape[1])) / (1 - discount + discount * q[i])
            out[i, k] = p[i, k] / (1 + discount * s)
    return out


def simulate(f, p, q, allocation, horizon, replications, rng, value=None, among="active"):
    """Total reward (replications,); notified are the active of greatest value (N, K), or with None a random set of those `among` whom it draws."""
    f, p, q, allocation = (np.asarray(x, float) for x in (f, p, q, allocation))
    active, total = np.ones((replications, len(p)), bool), np.zeros(replications)
    for _ in range(horizon):
        k = rng.choice(f.size, size=replications, p=f)
        score = rng.random(active.shape) if value is None else value[:, k].T.copy()
        if among == "active":
            score[~active] = -1.0
        place = np.argsort(np.argsort(-score, axis=1, kind="stable"), axis=1)
        yes = active & (place < allocation[k][:, None]) & (rng.random(active.shape) < p[:, k].T)
        total += yes.sum(axis=1)
        active = (active & ~yes) | (~active & (rng.random(active.shape) < q))
    return total
