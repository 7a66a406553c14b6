"""Levels 0 .. floor(log K) - 1: the best of `cap` arms of a level, each pulled 1.2^l (T/K)^(2/3) times there, goes one level up."""

import numpy as np


def simulate(means, pulls, replications, rng, cap=6, growth=1.2):
    """Pseudo-regret (replications,) on Bernoulli arms; needs enough pulls for all."""
    return np.array([one(np.asarray(means, float), pulls, rng, cap, growth) for _ in range(replications)])


def one(means, pulls, rng, cap, growth):
    base, top = (pulls / means.size) ** (2 / 3), max(1, int(np.log(means.size)))
    waiting, regret, left = [[] for _ in range(top)], 0.0, pulls
    gaps = means.max() - means

    def mean(arm, level):
        nonlocal regret, left
        n = int(np.ceil(growth**level * base - 1e-9))
        regret, left = regret + n * gaps[arm], left - n
        return rng.binomial(n, means[arm]) / n

    for arm in range(means.size):
        level, comes = 0, arm
        while comes is not None:
            waiting[level].append((mean(comes, level), comes))
            full = level < top - 1 and len(waiting[level]) == cap
            comes = max(waiting[level], key=lambda pair: pair[0])[1] if full else None  # the first of the best
            if full:
                waiting[level] = []
                level += 1
    last = [max(level, key=lambda pair: pair[0])[1] for level in reversed(waiting) if level]
    tested = [mean(arm, 0) for arm in last]
    return regret + left * gaps[last[int(np.argmax(tested))]]
