"""`adaptive_sampling`, `fixed_split` and `worst_group` in numpy: curves refitted by numpy's own least squares on all that was seen."""

import numpy as np

RATES = np.arange(1, 31) / 20


def fit(n, y):
    """(a, b, rate) >= 0 of least relative squares over the grid of rates."""
    best = (np.inf, 0, 0, 1)
    for r in RATES:
        x = np.stack([np.ones(len(n)), n**-r], axis=1) / y[:, None]
        (a, b), _, rank, _ = np.linalg.lstsq(x, np.ones(len(n)), rcond=3e-5)
        if rank < 2 or a < 0:
            a, b = 0.0, x[:, 1].sum() / (x[:, 1] ** 2).sum()
        elif b < 0:
            a, b = x[:, 0].sum() / (x[:, 0] ** 2).sum(), 0.0
        best = min(best, (((x @ [a, b] - 1) ** 2).sum(), a, b, r))
    return best[1:]


def simulate(a, b, r, c, w, budget, horizon, runs, rng, rule, noise=0.05, explore=3, portions=50, worst=False, split=None):
    """The objective in the end (runs,), everybody starting with one sample."""
    out = []
    for _ in range(runs):
        n, seen, money = np.ones(len(a)), [], budget / horizon
        for t in range(horizon):
            buy = money * (np.ones(len(c)) if split is None else split) / (c @ (np.ones(len(c)) if split is None else split))
            if rule == "adaptive" and t >= explore:
                q, buy = np.array([fit(np.array([s[0][g] for s in seen]), np.array([s[1][g] for s in seen])) for g in range(len(a))]).T, 0 * n
                for _ in range(portions):
                    now, then = (q[0] + q[1] * (n + buy + d) ** -q[2] for d in (0, money / portions / c))
                    k = np.argmax(now if worst else w * (now - then))
                    buy[k] += money / portions / c[k]
            elif rule == "worst" and t > 0:
                buy = np.eye(len(a))[np.argmax(seen[-1][1])] * money / c
            n = n + buy
            seen.append((n.copy(), (a + b * n**-r) * np.exp(noise * rng.normal(size=len(a)) - noise**2 / 2)))
        out.append(max(a + b * n**-r) if worst else w @ (a + b * n**-r))
    return np.array(out)
