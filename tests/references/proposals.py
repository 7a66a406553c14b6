"""`pivotal_matching` and `independent_proposals` by their definition, one replication at a time: first who is discarded, then whether he was matched."""

import numpy as np


def pivotal(mass, rng):
    """Ordered pivotal sampling: two items meet, at least one of them is decided."""
    left, taken = [], []
    for i, x in enumerate(mass):
        left.append((i, x))
        if len(left) == 2:
            (a, m), (b, x) = left
            if m + x <= 1.0:
                left = [(a if rng.random() * (m + x) < m else b, m + x)]
            else:
                first = rng.random() * (2.0 - m - x) < 1.0 - x
                taken.append(a if first else b)
                left = [(b if first else a, m + x - 1.0)]
    return sorted(taken + [i for i, m in left if rng.random() < m])


def simulate(weight, probability, plan, replications, rng, c=0.7931, law="coupled"):
    """Total reward (replications,) with one type a round: weight, plan (I, T), probability (T,)."""
    n = len(weight)
    used = np.concatenate([np.zeros((n, 1)), np.cumsum(plan, axis=1)[:, :-1]], axis=1)
    total = np.zeros(replications)
    for k in range(replications):
        free = np.ones(n, bool)
        for t, p in enumerate(probability):
            near = np.array([i for i in np.argsort(-weight[:, t], kind="stable") if free[i]], int)
            r = c * plan[near, t] / (p * (1 - c * used[near, t]))
            upto = np.minimum(np.cumsum(np.append(0.0, r)), 1.0), np.minimum(np.cumsum(np.append(0.0, p * r)), 1.0)
            came = law == "coupled" or rng.random() < p
            chosen = [] if not came else pivotal(p * r, rng) if law == "coupled" else pivotal(r, rng) if law == "arrivals" else np.flatnonzero(rng.random(r.size) < r)
            if len(chosen):
                top = chosen[0]
                if law != "coupled" or rng.random() < p * np.diff(upto[0])[top] / np.diff(upto[1])[top]:
                    total[k] += weight[near[top], t]
                free[near[chosen]] = False
    return total
