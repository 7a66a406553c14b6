"""Hypothesis elimination in numpy, dense: every hypothesis a row of a (m, d) matrix, noiseless readings."""

import itertools

import numpy as np


def net(d, s, step):
    """All grid points with at most s non-zero entries and norm at most 1 + step sqrt(s) / 2, by brute force over the cube."""
    side = np.arange(-int(1 / step + s), int(1 / step + s) + 1)
    points = np.array(list(itertools.product(side, repeat=d)))
    keep = ((points != 0).sum(1) <= s) & ((points**2).sum(1) <= (1 / step + np.sqrt(s) / 2) ** 2 * (1 + 1e-12))
    return points[keep] * step


def search(f, features, hypotheses, tolerance):
    """(action, readings)."""
    readings, alive = 0, hypotheses
    while True:
        said = alive @ features.T
        action = int(said[np.argmax(said.max(1))].argmax())
        readings += 1
        if abs(f[action] - said.max()) <= tolerance:
            return action, readings
        alive = alive[np.abs(f[action] - said[:, action]) <= tolerance]
