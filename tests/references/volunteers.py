"""Food rescue in numpy, all replications at once: the orders of `whittle`, `vanilla_whittle` and `occupancy_index`, or a `random` one."""

import numpy as np
from scipy import linalg, optimize


def index(f, p, q, discount):
    """W_ik = p_ik / (1 + discount S_ik), S_ik = sum_j f_j [p_ij - p_ik]_+ / (1 - discount + discount q_i)."""
    out = np.zeros_like(p)
    for i in range(p.shape[0]):
        for k in range(p.shape[1]):
            s = sum(f[j] * max(p[i, j] - p[i, k], 0.0) for j in range(p.shape[1])) / (1 - discount + discount * q[i])
            out[i, k] = p[i, k] / (1 + discount * s)
    return out


def occupancy_value(f, p, q, w, allocation):
    """p w a / (f u), u_i = 1 - sum_k p_ik a_ik / q_i being put into the program, which is then one in a alone."""
    away = linalg.block_diag(*(np.eye(f.size) + np.outer(f, x / y) for x, y in zip(p, q, strict=True)))  # a_ik <= f_k u_i
    rows, caps = np.vstack([away, np.tile(np.eye(f.size), len(p))]), np.append(np.tile(f, len(p)), f * allocation)
    a = optimize.linprog(-(p * w).ravel(), rows, caps).x.reshape(p.shape)
    return np.round(p * w * a / (f * (1 - (p * a).sum(axis=1) / q)[:, None]), 9)


def simulate(f, p, q, allocation, horizon, replications, rng, value=None, among="active", w=None):
    """Total reward (replications,); notified are the active of greatest value (N, K), or with None a random set of those `among` whom it draws."""
    f, p, q, allocation = (np.asarray(x, float) for x in (f, p, q, allocation))
    w = np.ones(f.size) if w is None else np.asarray(w)
    active, total = np.ones((replications, len(p)), bool), np.zeros(replications)
    for _ in range(horizon):
        k = rng.choice(f.size, size=replications, p=f)
        score = rng.random(active.shape) if value is None else value[:, k].T.copy()
        if among == "active":
            score[~active] = -1.0
        place = np.argsort(np.argsort(-score, axis=1, kind="stable"), axis=1)
        yes = active & (place < allocation[k][:, None]) & (rng.random(active.shape) < p[:, k].T)
        total += w[k] * yes.sum(axis=1)
        active = (active & ~yes) | (~active & (rng.random(active.shape) < q))
    return total
