"""KL-UCB in numpy, all replications at once: the arm of greatest q with pulls * kl(mean, q) <= log t + c log log t."""

import numpy as np


def kl(p, q):
    """Bernoulli divergence in nats; p may be 0 or 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * np.log(p / q), 0.0) + np.where(p < 1, (1 - p) * np.log((1 - p) / (1 - q)), 0.0)


def index(mean, level):
    """By bisection on [mean, 1]."""
    low, high = mean.copy(), np.ones_like(mean)
    for _ in range(32):
        middle = (low + high) / 2
        inside = kl(mean, middle) <= level
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return low


def simulate(means, horizon, replications, rng, c=0.0):
    """Final regret (replications,) on Bernoulli arms: sum of pulls times gaps."""
    means, rows = np.asarray(means, float), np.arange(replications)
    pulls, sums = np.zeros((replications, means.size)), np.zeros((replications, means.size))
    for t in range(horizon):
        if t < means.size:
            arm = np.full(replications, t)
        else:
            level = np.log(t) + c * np.log(max(np.log(t), 1.0))
            arm = np.argmax(index(sums / pulls, level / pulls), axis=1)
        pulls[rows, arm] += 1
        sums[rows, arm] += rng.random(replications) < means[arm]
    return pulls @ (means.max() - means)
