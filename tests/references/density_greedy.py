"""`density_greedy` in numpy, all replications at once: greatest mean reward / (1 + mean cost . horizon / budget), ties to the lower arm."""

import numpy as np


def simulate(mean_reward, mean_cost, budget, horizon, replications, rng, explore=1):
    """Total reward (replications,): independent Bernoulli rewards and costs, over before the first cost that does not fit."""
    mean_reward, mean_cost, budget, rows = np.asarray(mean_reward), np.asarray(mean_cost), np.asarray(budget, float), np.arange(replications)
    k, d = mean_cost.shape
    pulls, rewards, spent = np.zeros((replications, k)), np.zeros((replications, k)), np.zeros((replications, k))
    left, alive = np.tile(budget, (replications, 1)), np.ones(replications, bool)
    for _ in range(horizon):
        density = np.where(pulls < explore, np.inf, rewards / np.maximum(pulls + spent, 1))
        arm = np.round(density, 12).argmax(axis=1)
        reward, cost = rng.random(replications) < mean_reward[arm], rng.random((replications, d)) < mean_cost[arm]
        alive &= np.all(cost <= left, axis=1)
        left -= cost * alive[:, None]
        pulls[rows, arm] += 1
        rewards[rows, arm] += reward * alive
        spent[rows, arm] += cost @ (horizon / budget)
    return rewards.sum(axis=1)
