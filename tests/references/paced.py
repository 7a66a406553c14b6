"""`paced` around the greatest mean, in numpy, all replications at once: idle, or the cheapest arm known, where spending is ahead of its line."""

import numpy as np


def simulate(mean_reward, mean_cost, budget, horizon, replications, rng, idle=True, slack=0.0):
    """Total reward (replications,): independent Bernoulli rewards and costs, over before the first cost that does not fit.

    Ahead: more than budget ((t + 1) / horizon + slack) of some resource is spent after t rounds.
    """
    mean_reward, mean_cost, budget, rows = np.asarray(mean_reward), np.asarray(mean_cost), np.asarray(budget, float), np.arange(replications)
    k, d = mean_cost.shape
    told, won, charged, paid = np.zeros((4, replications, k))
    spent, total, alive = np.zeros((replications, d)), np.zeros(replications), np.ones(replications, bool)
    for t in range(horizon):
        ahead = np.any(spent > budget * ((t + 1) / horizon + slack) + 1e-9, axis=1)
        wish = np.where(told > 0, won / np.maximum(told, 1), np.inf).argmax(axis=1)
        cheap = np.round(np.where(charged > 0, paid / np.maximum(charged, 1), np.inf), 9).argmin(axis=1)
        arm, pulls = np.where(ahead, cheap, wish), ~(ahead & idle)
        reward = pulls & (rng.random(replications) < mean_reward[arm])
        cost = pulls[:, None] & (rng.random((replications, d)) < mean_cost[arm])
        alive &= np.all(spent + cost <= budget, axis=1)
        spent, total = spent + cost * alive[:, None], total + reward * alive
        charged[rows, arm] += pulls
        paid[rows, arm] += cost @ (horizon / budget)
        told[rows, arm] += ~ahead  # the wrapped rule hears of its own choices only
        won[rows, arm] += reward * ~ahead
    return total
