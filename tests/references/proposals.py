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
    used, total = np.cumsum(plan, axis=1) - plan, np.zeros(replications)
    for k in range(replications):
        free = np.ones(len(weight), bool)
        for t, p in enumerate(probability):
            if law != "coupled" and rng.random() >= p:
                continue
            near = np.array([i for i in np.argsort(-weight[:, t], kind="stable") if free[i]], int)
            r = c * plan[near, t] / (p * (1 - c * used[near, t]))
            chosen = np.flatnonzero(rng.random(r.size) < r) if law == "independent" else pivotal(p * r if law == "coupled" else r, rng)
            if len(chosen):
                top, upto = chosen[0], np.append(0.0, np.cumsum(r))
                chance = p * np.diff(np.minimum(upto, 1.0))[top] / np.diff(np.minimum(p * upto, 1.0))[top]
                if law != "coupled" or rng.random() < chance:
                    total[k] += weight[near[top], t]
                free[near[chosen]] = False
    return total
