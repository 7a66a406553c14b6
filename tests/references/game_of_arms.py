"""A king with a budget of pulls and challengers that double theirs; beside it a random part of the stream, searched naively, at a cost."""

import numpy as np


def simulate(means, pulls, replications, rng, gap=0.0, fraction=1.5, margin=0.2):
    """Pseudo-regret (replications,) on Bernoulli arms; needs enough pulls for all."""
    return np.array([one(np.asarray(means, float), pulls, rng, gap, fraction, margin) for _ in range(replications)])


def one(means, pulls, rng, gap, fraction, margin):
    k = means.size
    eps, s, gaps = (k / pulls) ** (1 / 3), int(np.ceil((pulls / k) ** (2 / 3) - 1e-9)), means.max() - means
    naive = int(np.ceil((pulls / k) ** (2 / 3) * np.log(k) - 1e-9))
    king, estimate, budget, regret, left = None, 0.0, 0.0, 0.0, pulls

    def mean(arm, n):
        nonlocal regret, left
        regret, left = regret + n * gaps[arm], left - n
        return rng.binomial(n, means[arm]) / n

    for arm in range(k):
        if fraction and (arm == 0 or rng.random() < fraction / np.log(k)):
            mean(arm, naive)  # what it finds is never needed
        budget, n, lost = budget + s, s, False
        while king is not None and not lost and n <= budget:
            lost = mean(arm, n) <= estimate - margin * eps
            budget, n = budget - n, 2 * n
        if not lost:
            reign = int(np.ceil(1.2 * s))
            found = mean(arm, reign)
            estimate = found if king is None else min(max(found, estimate + gap / 2), 1.0)
            king, budget = arm, reign
    return regret + left * gaps[king]
