"""Rules for coins of +-1 and a stock, in numpy, all replications at once: `exploit_shares`, `share_budget`, `exploit_ucb_double`, `alarmed`."""

import numpy as np


def ucb(s, n, t):
    """Mean reward mapped to [0, 1] plus sqrt(2 log t / pulls), untried arms first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n > 0, (s / n + 1) / 2 + np.sqrt(2 * np.log(max(t, 1)) / n), np.inf)


def choose(rule, s, n, t, left, stock, constant, exploring):
    """The arm of each replication: s sums of rewards, n pulls, t rounds over."""
    index = ucb(s, n, t)
    if rule == "exploit_shares":
        return s.argmax(1)
    if rule == "share_budget":
        return np.where(s + constant > 0, index, -np.inf).argmax(1)
    if rule == "alarmed":
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(n > 0, s / n, np.inf)
        return np.where(left <= constant, mean.argmax(1), index.argmax(1))
    phase = max(1, int(np.ceil(np.log2(t + 1) - 1e-12)))
    surplus = constant * np.log(2.0**phase) ** 2
    exploring[:] = np.where(exploring, left >= stock + surplus / 2, left >= stock + surplus)
    return np.where(exploring, index.argmax(1), s.argmax(1))


def simulate(rule, p, stock, horizon, replications, rng, constant):
    """Final stock less the initial one (replications,)."""
    p, rows = np.asarray(p, float), np.arange(replications)
    s, n, exploring = np.zeros((replications, p.size)), np.zeros((replications, p.size)), np.zeros(replications, bool)
    for t in range(horizon):
        left = stock + s.sum(1)
        arm, alive = choose(rule, s, n, t, left, stock, constant, exploring), left > 0
        s[rows, arm] += alive * np.where(rng.random(replications) < p[arm], 1.0, -1.0)
        n[rows, arm] += alive
    return s.sum(1)
