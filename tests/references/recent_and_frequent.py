"""`lru`, `lfu` and `static_cache` in numpy: caches by recency, frequency or a draw, under a LinUCB router that minds the cache; all replications at once."""

import numpy as np


def simulate(theta, centres, spread, slots, horizon, replications, rng, keep="last", epoch=50, alpha=0.5, c=0.15, s=1.0, noise=0.1):
    """Utility less misses and loads (replications,). keep: "last" (LRU) | "often" (LFU) | "drawn" (one random cache for good)."""
    (n, d), rows = theta.shape, np.arange(replications)
    a, b = np.tile(np.eye(d), (replications, n, 1, 1)), np.zeros((replications, n, d))
    often, last = np.zeros((replications, n)), np.zeros((replications, n))
    cache = np.tile(np.arange(n) < slots, (replications, 1))
    if keep == "drawn":
        cache = np.argsort(np.argsort(rng.random((replications, n)), axis=1), axis=1) < slots
    score = np.full(replications, -s * slots)
    for t in range(1, horizon + 1):
        x = centres[rng.integers(len(centres), size=replications)] + spread * rng.normal(size=(replications, d))
        inverse = np.linalg.inv(a)
        guess = (inverse @ b[..., None])[..., 0]
        width = np.sqrt(np.einsum("rd,rnde,re->rn", x, inverse, x))
        arm = (np.einsum("rd,rnd->rn", x, guess) + alpha * width - c * ~cache).argmax(axis=1)
        y = (x * theta[arm]).sum(axis=1) + noise * rng.normal(size=replications)
        score += y - c * ~cache[rows, arm]
        a[rows, arm] += x[:, :, None] * x[:, None, :]
        b[rows, arm] += y[:, None] * x
        often[rows, arm] += 1
        last[rows, arm] = t
        if t % epoch == 0 and t < horizon and keep != "drawn":
            rank = (last if keep == "last" else often) + 0.5 * cache - 1e-3 * np.arange(n)  # ties: resident, then the first
            new = np.argsort(np.argsort(-rank, axis=1, kind="stable"), axis=1) < slots
            score, cache = score - s * (new & ~cache).sum(axis=1), new
    return score
