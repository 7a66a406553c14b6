"""Every arm of a stream pulled log(K) (T/K)^(2/3) times, then the best sample mean for good, ties to the earlier arm."""

import numpy as np


def simulate(means, pulls, replications, rng, factor=1.0):
    """Pseudo-regret (replications,) on Bernoulli arms; needs enough pulls for all."""
    means = np.asarray(means, float)
    each = int(np.ceil(factor * (pulls / means.size) ** (2 / 3) * np.log(means.size) - 1e-9))
    best = np.argmax(rng.binomial(each, means, (replications, means.size)), axis=1)
    gaps = means.max() - means
    return each * gaps.sum() + (pulls - each * means.size) * gaps[best]
