"""DBCARE in numpy, all replications at once: turns over the live arms, 1/(k e c) pulls of each at most, widths kappa sigma sqrt(L/n)."""

import numpy as np


def budget(k, sigma, c, regret):
    return 1.5 / np.e * sigma ** (2 / 3) * ((k - 1) * c) ** (-2 / 3) if regret else 1 / (k * np.e * c)


def simulate(mean, replications, rng, sigma=1.0, c=1e-4, regret=False, kappa=2.0):
    """(loss, pulls) (replications,) of normal arms."""
    mean = np.asarray(mean, float)
    pick, pulls = rng.integers(mean.size, size=replications), np.zeros(replications)
    at = np.arange(replications)  # runs that go on
    live, total, n = np.ones((replications, mean.size), bool), np.zeros((replications, mean.size)), 0
    while at.size:
        k = live.sum(axis=1)
        on = (k > 1) & (n + 1 <= budget(np.maximum(k, 2), sigma, c, regret))
        at, live, total, k = at[on], live[on], total[on], k[on]
        n += 1
        total += mean + sigma * rng.standard_normal(total.shape)
        pulls[at] += k
        means = np.where(live, total / n, -np.inf)
        worth = sigma / ((k - 1) * c * n**1.5) if regret else 1 / (k * c * n)
        width = kappa * sigma * np.sqrt(np.maximum(np.log(worth), 1.0) / n)
        live &= means.max(axis=1, keepdims=True) - means <= width[:, None]
        pick[at] = means.argmax(axis=1)
    short = mean.max() - mean[pick]
    return (short if regret else (short > 0).astype(float)), pulls
