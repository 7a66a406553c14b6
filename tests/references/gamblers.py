"""The gamblers in numpy, by quadrature over the posterior: `bandit_gambler` and `positive_gambler`, on coins of +-1."""

import functools

import numpy as np
from scipy.integrate import quad
from scipy.stats import beta


def lasting(wins, losses, b):
    """Posterior probability never to lose b more than is won: E[1 - ((1-p)/p)^b] over p > 1/2."""
    law = beta(wins + 1, losses + 1)
    return quad(lambda p: (1 - ((1 - p) / p) ** b) * law.pdf(p), 0.5, 1.0, epsabs=1e-12, limit=200)[0]


@functools.cache
def bandit_gambler(wins, losses, stock):
    """Its index."""
    return lasting(wins, losses, max(stock, 1))


@functools.cache
def positive_gambler(wins, losses, stock):
    """Its index."""
    if wins + losses == 0:
        return np.inf
    return beta.sf(0.5, wins + 1, losses + 1) + np.sqrt(2 * np.log(max(stock, 1)) / (wins + losses))


def simulate(index, p, stock, horizon, replications, rng):
    """Final stock less the initial one (replications,)."""
    total = np.zeros(replications)
    for i in range(replications):
        wins, losses = [0] * len(p), [0] * len(p)
        for _ in range(horizon):
            left = stock + sum(wins) - sum(losses)
            if left > 0:
                arm = int(np.argmax([round(index(w, n, left), 9) for w, n in zip(wins, losses, strict=True)]))
                (wins if rng.random() < p[arm] else losses)[arm] += 1
        total[i] = sum(wins) - sum(losses)
    return total
