"""LagrangeBwK for semi-bandits in numpy, all replications at once: the m best optimistic gains, prices by Hedge over resources and time."""

import numpy as np


def radius(mean, pulls, level):
    return np.sqrt(level * mean / pulls) + level / pulls


def simulate(arm_reward, arm_cost, most, budget, horizon, replications, rng, confidence=0.25, rate=1.0, scale=None):
    """Total reward (replications,): independent Bernoulli rewards and costs of every arm chosen, over before the first cost that does not fit."""
    arm_reward, arm_cost, budget = np.asarray(arm_reward), np.asarray(arm_cost), np.asarray(budget, float)
    k, d = arm_cost.shape
    level, pressure, shape = confidence * np.log(k * horizon * (d + 1)), horizon / budget, (replications, k)
    eta = rate * np.sqrt(8 * np.log(d + 1) / horizon) / max(1.0, most * pressure.max())
    scale = most if scale is None else scale
    pulls, rewards, costs, total = np.zeros(shape), np.zeros(shape), np.zeros((*shape, d)), np.zeros(replications)
    earned, left, alive = np.zeros((replications, d + 1)), np.tile(budget, (replications, 1)), np.ones(replications, bool)
    for _ in range(horizon):
        w = np.exp(eta * (earned - earned.max(axis=1, keepdims=True)))
        price = scale * pressure * (w / w.sum(axis=1, keepdims=True))[:, :d]
        with np.errstate(invalid="ignore", divide="ignore"):
            m, c = rewards / pulls, costs / pulls[:, :, None]
            upper = np.where(pulls > 0, np.minimum(m + radius(m, pulls, level), 1.0), 1.0)
            lower = np.where(pulls[:, :, None] > 0, np.maximum(c - radius(c, pulls[:, :, None], level), 0.0), 0.0)
        gain = upper - np.einsum("nkd,nd->nk", lower, price)
        chosen = np.zeros(shape, bool)
        np.put_along_axis(chosen, np.argsort(-gain, axis=1, kind="stable")[:, :most], True, axis=1)
        chosen &= gain > 0
        reward, cost = chosen & (rng.random(shape) < arm_reward), chosen[:, :, None] & (rng.random((*shape, d)) < arm_cost)
        paid = cost.sum(axis=1)
        alive &= np.all(paid <= left + 1e-12 * budget, axis=1)
        left -= paid * alive[:, None]
        total += reward.sum(axis=1) * alive
        earned[:, :d] += paid * pressure - 1.0
        pulls, rewards, costs = pulls + chosen, rewards + reward, costs + cost
    return total
