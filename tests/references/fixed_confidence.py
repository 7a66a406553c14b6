"""Elimination at confidence delta in numpy, all replications at once: widths 2 sigma sqrt(ln(4 K n^2 / delta) / n), until one arm is left."""

import numpy as np


def simulate(mean, replications, rng, sigma=1.0, delta=0.1):
    """(loss, pulls) (replications,) of normal arms; the loss is 1 where the pick is not the best."""
    mean = np.asarray(mean, float)
    pick, pulls, at, n = np.zeros(replications, int), np.zeros(replications), np.arange(replications), 0
    live, total = np.ones((replications, mean.size), bool), np.zeros((replications, mean.size))
    while at.size:
        n += 1
        total += mean + sigma * rng.standard_normal(total.shape)
        pulls[at] += live.sum(axis=1)
        means = np.where(live, total / n, -np.inf)
        live &= means.max(axis=1, keepdims=True) - means <= 2 * sigma * np.sqrt(np.log(4 * mean.size * n * n / delta) / n)
        pick[at] = means.argmax(axis=1)
        on = live.sum(axis=1) > 1
        at, live, total = at[on], live[on], total[on]
    return (mean[pick] < mean.max()).astype(float), pulls
