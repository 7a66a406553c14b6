"""The gamblers in numpy, by quadrature over the posterior, all replications at once: `bandit_gambler`, `positive_gambler`, on coins of +-1."""

import numpy as np
from scipy.special import betaln

X, W = np.polynomial.legendre.leggauss(120)
GOOD = 0.75 + 0.25 * X  # nodes on [1/2, 1]


def over_good(function, wins, losses):
    """E[function(p) 1{p > 1/2}], p being Beta(wins + 1, losses + 1); function on the nodes."""
    w, n = wins[..., None], losses[..., None]
    return (0.25 * W * function * np.exp(w * np.log(GOOD) + n * np.log(1 - GOOD) - betaln(w + 1, n + 1))).sum(-1)


def bandit_gambler(wins, losses, stock):
    """Posterior probability never to lose max(1, stock) more than is won."""
    return over_good(1 - ((1 - GOOD) / GOOD) ** np.maximum(stock, 1.0)[..., None], wins, losses)


def positive_gambler(wins, losses, stock, scale=2.0):
    """P(p > 1/2) and an optimism."""
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.sqrt(scale * np.log(np.maximum(stock, 1)) / (wins + losses))
    return np.where(wins + losses > 0, over_good(1.0, wins, losses) + np.where(wins + losses > 0, width, 0), np.inf)


def simulate(index, p, stock, horizon, replications, rng, **constants):
    """Final stock less the initial one (replications,)."""
    p, rows = np.asarray(p, float), np.arange(replications)
    wins, losses = np.zeros((replications, p.size)), np.zeros((replications, p.size))
    for _ in range(horizon):
        left = stock + (wins - losses).sum(1)
        arm = np.round(index(wins, losses, left[:, None], **constants), 9).argmax(1)
        won = rng.random(replications) < p[arm]
        wins[rows, arm] += (left > 0) & won
        losses[rows, arm] += (left > 0) & ~won
    return (wins - losses).sum(1)
