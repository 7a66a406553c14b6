"""Noisy majority dynamics: every replication in an array of its own and with its own order of updates."""

import networkx
import numpy as np


def majority_vote(graph, noise, sweeps, burn_in, replications, rng):
    """Mean opinions (replications, sweeps), from all +1."""
    weight = networkx.to_numpy_array(graph)
    n = len(weight)
    opinion = np.ones((replications, n))
    each, seen = np.arange(replications), np.empty((replications, sweeps))
    for t in range(burn_in + sweeps):
        for _ in range(n):
            node = rng.integers(n, size=replications)
            lead = np.sign((weight[node] * opinion).sum(axis=1))
            lead[lead == 0] = rng.choice([-1.0, 1.0], size=int((lead == 0).sum()))
            opinion[each, node] = np.where(rng.random(replications) < noise, -lead, lead)
        if t >= burn_in:
            seen[:, t - burn_in] = opinion.mean(axis=1)
    return seen
