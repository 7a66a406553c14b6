"""`polar` and `polar_plus` in numpy, all replications at once: ridge regressions solved anew, the cache by plain greedy on F itself."""

import numpy as np


def greedy(u, c, slots):
    """u (R, T, N): each adapter in turn is the one after which F is greatest."""
    cache, rows = np.zeros(u[:, 0].shape, bool), np.arange(len(u))
    for _ in range(slots):
        gains = np.full(cache.shape, -np.inf)
        for n in range(cache.shape[1]):
            more = cache.copy()
            more[:, n] = True
            gains[:, n] = np.where(cache[:, n], -np.inf, np.round((u - c * ~more[:, None, :]).max(axis=2).sum(axis=1), 9))
        cache[rows, gains.argmax(axis=1)] = True
    return cache


def simulate(theta, centres, spread, slots, horizon, replications, rng, looks, kappa=0.0, alpha=0.5, c=0.15, s=1.0, noise=0.1):
    """Utility less misses and loads (replications,); `looks`: rounds, from 0 on, before which the cache is chosen again."""
    (n, d), rows = theta.shape, np.arange(replications)
    a, b, seen = np.tile(np.eye(d), (replications, n, 1, 1)), np.zeros((replications, n, d)), []
    cache = np.tile(np.arange(n) < slots, (replications, 1))
    score = np.full(replications, -s * slots)
    for t in range(horizon):
        inverse = np.linalg.inv(a)
        guess = (inverse @ b[..., None])[..., 0]
        if t in looks:
            new = greedy(np.einsum("trd,rnd->rtn", np.array(seen), guess), c, slots)
            score, cache = score - s * (new & ~cache).sum(axis=1), new
        x = centres[rng.integers(len(centres), size=replications)] + spread * rng.normal(size=(replications, d))
        width = np.sqrt(np.einsum("rd,rnde,re->rn", x, inverse, x))
        arm = (np.einsum("rd,rnd->rn", x, guess) + alpha * width - c * ~cache).argmax(axis=1)
        arm = np.where(rng.random(replications) < min(1.0, kappa * (t + 1) ** (-1 / 3)), rng.integers(n, size=replications), arm)
        y = (x * theta[arm]).sum(axis=1) + noise * rng.normal(size=replications)
        score += y - c * ~cache[rows, arm]
        a[rows, arm] += x[:, :, None] * x[:, None, :]
        b[rows, arm] += y[:, None] * x
        seen.append(x)
    return score
