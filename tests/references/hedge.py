"""Hedge in numpy: exponentials of the rewards' sums. On a given sequence its probabilities are the same in every replication."""

import numpy as np


def probabilities(reward, eta=None):
    """(T, K), each row before its round."""
    horizon, k = reward.shape
    eta = np.sqrt(8 * np.log(k) / horizon) if eta is None else eta
    score = eta * np.vstack([np.zeros(k), np.cumsum(reward, axis=0)[:-1]])
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def simulate(reward, replications, rng, eta=None):
    """Total reward (replications,) of arms drawn independently in every round."""
    upto, rows = np.cumsum(probabilities(reward, eta), axis=1), np.arange(len(reward))
    arms = [np.minimum((rng.random((len(reward), 1)) >= upto).sum(axis=1), reward.shape[1] - 1) for _ in range(replications)]
    return np.array([reward[rows, a].sum() for a in arms])
