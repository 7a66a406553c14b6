"""Days of requests that the tests of hindsight share."""

from pathlib import Path

import numpy as np

ORLIB = Path(__file__).resolve().parent.parent.parent / "scenarios" / "data" / "orlib_mknap" / "mknap.npz"


def drawn(seed, rounds=25):
    """reward (T, n), cost (T, n, d), budget (d,): dollars and units, options that are missing, caps of 0 and infinity, ties."""
    g = np.random.default_rng(seed)
    horizon, n, d = int(g.integers(1, rounds + 1)), int(g.integers(1, 5)), int(g.integers(0, 4))
    r = g.random((horizon, n)) if g.random() < 0.5 else g.integers(-1, 5, (horizon, n)).astype(float)
    c = g.random((horizon, n, d)) if g.random() < 0.5 else g.integers(0, 4, (horizon, n, d)).astype(float)
    c *= g.random((horizon, n, d)) < 0.85
    b = horizon * g.random(d) * 0.6
    b[g.random(d) < 0.1], b[g.random(d) < 0.08] = np.inf, 0.0
    scale = 10.0 ** g.integers(-6, 7, d)
    return r * 10.0 ** g.integers(-4, 5), c * scale, b * scale


def d1(horizon, seed):
    """Instance D1: reward (T, 5) = clip(theta.c + noise common to all, 0, 10), cost (T, 5, 5) in {0, 1}, budget (5,), theta (5,)."""
    g = np.random.default_rng(11)
    theta = np.abs(g.normal(size=5))
    theta /= np.linalg.norm(theta)
    p = (1 + g.beta(1, 3, 5)) / 2
    q = np.random.default_rng(seed)
    c = (q.random((horizon, 5, 5)) < p).astype(float)
    return np.clip(c @ theta + q.normal(size=(horizon, 1)), 0.0, 10.0), c, 0.3 * p * horizon, theta


def knapsacks(name):
    """Every problem of one file of OR-Library as a day of requests with one option: (reward (T, 1), cost (T, 1, m), budget (m,), best, LP)."""
    with np.load(ORLIB) as data:
        if name == "mknap1":
            rows = [[data[f"mknap1_{k}_{x}"] for x in "prb"] + [data[f"mknap1_{k}_opt"], np.nan] for k in range(7)]
        else:
            rows = list(zip(*(data[f"{name}_{x}"] for x in ("p", "r", "b", "best", "lp")), strict=True))
        return [(p.astype(float)[:, None], r.T.astype(float)[:, None, :], b.astype(float), float(best), float(lp)) for p, r, b, best, lp in rows]
