"""PrimalDualBwK in numpy, all replications at once: optimistic reward per priced cost, prices times (1 + epsilon)^L."""

import numpy as np


def radius(mean, pulls, level):
    return np.sqrt(level * mean / pulls) + level / pulls


def simulate(mean_reward, mean_cost, budget, horizon, replications, rng, confidence=0.25):
    """Total reward (replications,): independent Bernoulli rewards and costs, over before the first cost that does not fit."""
    mean_reward, mean_cost, budget, rows = np.asarray(mean_reward), np.asarray(mean_cost), np.asarray(budget, float), np.arange(replications)
    k, d = mean_cost.shape
    common = min(budget.min(), horizon)
    level, epsilon = confidence * np.log(k * horizon * (d + 1)), np.sqrt(np.log(d + 1) / common)
    pulls, rewards, costs = np.zeros((replications, k)), np.zeros((replications, k)), np.zeros((replications, k, d))
    prices, left, alive = np.ones((replications, d + 1)), np.tile(budget, (replications, 1)), np.ones(replications, bool)
    lower = np.zeros((replications, k, d + 1))  # of each arm's costs, rescaled to the common budget; time comes last
    lower[:, :, d] = common / horizon
    for t in range(horizon):
        arm = np.full(replications, t)
        if t >= k:
            m, c = rewards / pulls, costs / pulls[:, :, None]
            upper = np.minimum(m + radius(m, pulls, level), 1.0)
            lower[:, :, :d] = np.maximum(c - radius(c, pulls[:, :, None], level), 0.0) * common / budget
            arm = np.argmax(upper / (lower * prices[:, None, :]).sum(axis=2), axis=1)
        prices *= (1 + epsilon) ** lower[rows, arm]
        prices /= prices.sum(axis=1, keepdims=True)
        reward, cost = rng.random(replications) < mean_reward[arm], rng.random((replications, d)) < mean_cost[arm]
        alive &= np.all(cost <= left + 1e-12 * budget, axis=1)
        left -= cost * alive[:, None]
        pulls[rows, arm] += 1
        rewards[rows, arm] += reward * alive
        costs[rows, arm] += cost
    return rewards.sum(axis=1)
