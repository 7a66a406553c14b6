"""`fixed_mixture` and, with 1/K each, `uniform`: independent rounds, so that pulls are multinomial."""

import numpy as np


def simulate(means, horizon, replications, rng, mixture=None):
    """Final regret (replications,): sum of pulls times gaps."""
    means = np.asarray(means, float)
    mixture = np.full(means.size, 1 / means.size) if mixture is None else mixture
    return rng.multinomial(horizon, mixture, replications) @ (means.max() - means)
