"""`secretary_rule` and `prophet_threshold` in numpy: all replications at once."""

import numpy as np


def secretary(candidates, replications, rng, rejected):
    """1 where the best of all is hired (replications,)."""
    quality = rng.permuted(np.tile(np.arange(candidates), (replications, 1)), axis=1)
    best = np.maximum.accumulate(quality, axis=1)
    record = (quality == best) & (np.arange(candidates) >= rejected)
    first = record.argmax(axis=1)
    return (record.any(axis=1) & (quality[np.arange(replications), first] == candidates - 1)).astype(float)


def threshold(value, probability, replications, rng, price, tie=1.0):
    """What is taken (replications,): the first offer above the price, or equal to it and a coin of chance `tie`."""
    offers = np.stack([rng.choice(v, size=replications, p=p) for v, p in zip(value, probability)], axis=1)
    takes = (offers > price) | ((offers == price) & (rng.random(offers.shape) < tie))
    return np.where(takes.any(axis=1), offers[np.arange(replications), takes.argmax(axis=1)], 0.0)
