"""UcbBwK in numpy, all replications at once: draws from the optimistic program, whose vertices are all looked at."""

import numpy as np

from .vertices import best


def bound(total, pulls, level, hoeffding, sign):
    mean = total / pulls
    return np.clip(mean + sign * (np.sqrt(level / pulls) if hoeffding else np.sqrt(level * mean / pulls) + level / pulls), 0.0, 1.0)


def simulate(mean_reward, mean_cost, budget, horizon, replications, rng, confidence=0.25, hoeffding=False, epsilon=None):
    """Total reward (replications,): independent Bernoulli rewards and costs, over before the first cost that does not fit."""
    mean_reward, mean_cost, budget, rows = np.asarray(mean_reward), np.asarray(mean_cost), np.asarray(budget, float), np.arange(replications)
    k, d = mean_cost.shape
    level = confidence * np.log(k * horizon * (d + 1))
    part = k * level / min(budget.min(), horizon)
    kept = min(0.5, np.sqrt(part) + part) if epsilon is None else epsilon
    cap = np.tile(budget / horizon * (1 - kept), (replications, 1))
    pulls, rewards, costs = np.zeros((replications, k)), np.zeros((replications, k)), np.zeros((replications, k, d))
    left, alive, due, x = np.tile(budget, (replications, 1)), np.ones(replications, bool), k, np.zeros((replications, k))
    for t in range(horizon):
        if t == due:
            upper = bound(rewards, pulls, level, hoeffding, 1)
            lower = bound(costs, pulls[:, :, None], level, hoeffding, -1)
            x = best(upper, lower.transpose(0, 2, 1), cap)
            due += max(1, int(min(0.01 * horizon, t / 20)))
        arm = np.full(replications, t) if t < k else (rng.random((replications, 1)) >= np.cumsum(x, axis=1)).sum(axis=1)
        idle = arm == k  # what is missing to 1
        arm = np.minimum(arm, k - 1)
        reward = (rng.random(replications) < mean_reward[arm]) & ~idle
        cost = (rng.random((replications, d)) < mean_cost[arm]) & ~idle[:, None]
        alive &= np.all(cost <= left + 1e-12 * budget, axis=1)
        left -= cost * alive[:, None]
        pulls[rows, arm] += ~idle
        rewards[rows, arm] += reward * alive
        costs[rows, arm] += cost
    return rewards.sum(axis=1)
