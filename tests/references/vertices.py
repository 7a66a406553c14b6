"""All vertices of {x >= 0, sum x <= 1, more rows} by solving every square system, for many programs at once."""

import itertools

import numpy as np


def best(objective, rows, caps):
    """x (replications, K) of greatest objective.x over the vertices with rows.x <= caps; ties go to the first arms."""
    n, m, k = rows.shape
    rows = np.concatenate([rows, np.ones((n, 1, k)), np.tile(-np.eye(k), (n, 1, 1))], axis=1)
    caps = np.concatenate([caps, np.ones((n, 1)), np.zeros((n, k))], axis=1)
    found, most = np.zeros((n, k)), np.full(n, -np.inf)
    for tight in itertools.combinations(range(m + 1 + k), k):
        a, b = rows[:, tight], caps[:, tight]
        good = np.abs(np.linalg.det(a)) > 1e-12
        x = np.linalg.solve(np.where(good[:, None, None], a, np.eye(k)), b[:, :, None])[:, :, 0]
        good &= np.all(np.einsum("nmk,nk->nm", rows, x) <= caps + 1e-9, axis=1)
        value = np.where(good, np.sum((objective - 1e-9 * np.arange(k)) * x, axis=1), -np.inf)
        found[value > most] = x[value > most]
        most = np.maximum(most, value)
    return np.maximum(found, 0.0)
