"""`log_memory`, `loglog_memory`, `logstar_memory`: of caps[l] arms of level l, each pulled factors[l] (T/K)^(2/3) times there, the best goes up."""

import numpy as np


def simulate(means, pulls, replications, rng, factors, caps):
    """Pseudo-regret (replications,) on Bernoulli arms; needs enough pulls for all. There is no cap at the last level."""
    return np.array([one(np.asarray(means, float), pulls, rng, factors, caps) for _ in range(replications)])


def one(means, pulls, rng, factors, caps):
    base, top = (pulls / means.size) ** (2 / 3), len(factors)
    waiting, regret, left = [[] for _ in range(top)], 0.0, pulls
    gaps = means.max() - means

    def mean(arm, level):
        nonlocal regret, left
        n = int(np.ceil(factors[level] * base - 1e-9))
        regret, left = regret + n * gaps[arm], left - n
        return rng.binomial(n, means[arm]) / n

    for arm in range(means.size):
        level, comes = 0, arm
        while comes is not None:
            waiting[level].append((mean(comes, level), comes))
            full = level < top - 1 and len(waiting[level]) == caps[level]
            comes = max(waiting[level], key=lambda pair: pair[0])[1] if full else None  # the first of the best
            if full:
                waiting[level] = []
                level += 1
    last = [max(level, key=lambda pair: pair[0])[1] for level in reversed(waiting) if level]
    tested = [mean(arm, 0) for arm in last]
    return regret + left * gaps[last[int(np.argmax(tested))]]
