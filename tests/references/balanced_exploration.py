"""Balanced exploration in numpy: of the mixtures that may be optimal, for every arm the one that has most of it."""

import numpy as np

from .vertices import best


def simulate(mean_reward, mean_cost, budget, horizon, replications, rng, confidence=0.25):
    """Total reward (replications,): independent Bernoulli rewards and costs, over before the first cost that does not fit."""
    mean_reward, mean_cost, budget, rows = np.asarray(mean_reward), np.asarray(mean_cost), np.asarray(budget, float), np.arange(replications)
    k, d = mean_cost.shape
    level, cap = confidence * np.log(k * horizon * (d + 1)), np.tile(budget / horizon, (replications, 1))
    pulls, rewards, costs = np.zeros((replications, k)), np.zeros((replications, k)), np.zeros((replications, k, d))
    left, alive, due, x = np.tile(budget, (replications, 1)), np.ones(replications, bool), k, np.zeros((replications, k, k))
    for t in range(horizon):
        if t == due:
            m, c, n = rewards / pulls, (costs / pulls[:, :, None]).transpose(0, 2, 1), pulls[:, None, :]
            r, s = np.sqrt(level * m / pulls) + level / pulls, np.sqrt(level * c / n) + level / n
            surely = np.maximum(m - r, 0.0)
            floor = np.sum(surely * best(surely, np.minimum(c + s, 1.0), cap), axis=1)
            may = np.concatenate([np.maximum(c - s, 0.0), -np.minimum(m + r, 1.0)[:, None, :]], axis=1)
            caps = np.concatenate([cap, -floor[:, None]], axis=1)
            x = np.stack([best(np.eye(k)[b] - 1e-6 * may[:, d], may, caps) for b in range(k)], axis=1)  # of several the most rewarding
            due += max(1, int(min(0.01 * horizon, t / 20)))
        arm = np.full(replications, t)
        if t >= k:
            upto = np.cumsum(x[rows, rng.integers(k, size=replications)], axis=1)
            arm = (rng.random((replications, 1)) >= upto).sum(axis=1)
        idle = arm == k
        arm = np.minimum(arm, k - 1)
        reward = (rng.random(replications) < mean_reward[arm]) & ~idle
        cost = (rng.random((replications, d)) < mean_cost[arm]) & ~idle[:, None]
        alive &= np.all(cost <= left + 1e-12 * budget, axis=1)
        left -= cost * alive[:, None]
        pulls[rows, arm] += ~idle
        rewards[rows, arm] += reward * alive
        costs[rows, arm] += cost
    return rewards.sum(axis=1)
