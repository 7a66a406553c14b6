"""Explore then commit in numpy: every arm `pulls` times, then the best sample mean for good, ties to the lower arm."""

import numpy as np


def simulate(means, horizon, replications, rng, pulls=None):
    """Final regret (replications,) on Bernoulli arms: sum of pulls times gaps; needs pulls * K <= horizon."""
    means = np.asarray(means, float)
    if pulls is None:
        pulls = int(np.ceil((horizon / means.size) ** (2 / 3) * np.log(horizon) ** (1 / 3)))
    sums = (rng.random((replications, pulls, means.size)) < means).sum(axis=1)
    gaps = means.max() - means
    return pulls * gaps.sum() + (horizon - pulls * means.size) * gaps[np.argmax(sums, axis=1)]
