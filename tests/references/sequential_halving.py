"""Sequential halving in numpy, all replications at once: ceil(log2 K) rounds of T/ceil(log2 K) pulls, means of each round alone."""

import numpy as np


def simulate(mean, replications, rng, pulls, sigma=1.0, rounds=None):
    """(loss, pulls) (replications,) of normal arms; the loss is 1 where the last arm is not the best."""
    mean = np.asarray(mean, float)
    rounds = int(np.ceil(np.log2(mean.size))) if rounds is None else rounds
    arms, spent = np.tile(np.arange(mean.size), (replications, 1)), 0
    while arms.shape[1] > 1:
        each = pulls // (arms.shape[1] * rounds)
        means = mean[arms] + sigma / np.sqrt(each) * rng.standard_normal(arms.shape)
        spent += each * arms.shape[1]
        keep = np.argsort(-means, axis=1)[:, : -(-arms.shape[1] // 2)]
        arms = np.take_along_axis(arms, keep, axis=1)
    return (mean[arms[:, 0]] < mean.max()).astype(float), np.full(replications, float(spent))
