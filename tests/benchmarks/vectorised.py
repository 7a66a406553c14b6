"""The benchmark's rules in numpy, all replications at once, as fast as we could: only what the round changed is recomputed.

Each plays `rounds` rounds of `count` replications and returns the mean reward of a round.
"""

import numpy as np


def ucb1(p, rounds, count, rng, radius=2.0):
    rows = np.arange(count)
    pulls, total, width = (np.zeros((count, p.size)) for _ in range(3))
    mean = np.full((count, p.size), np.inf)
    earned = 0.0
    for t in range(rounds):
        arm = np.argmax(mean + np.sqrt(radius * np.log(max(t, 1))) * width, axis=1)
        earned += _record(rows, arm, rng.random(count) < p[arm], pulls, total, mean)
        width[rows, arm] = 1.0 / np.sqrt(pulls[rows, arm])
    return earned / rounds / count


def epsilon_greedy(p, rounds, count, rng, epsilon=0.1):
    rows = np.arange(count)
    pulls, total, mean = np.zeros((count, p.size)), np.zeros((count, p.size)), np.full((count, p.size), np.inf)
    earned = 0.0
    for _ in range(rounds):
        arm = np.where(rng.random(count) < epsilon, rng.integers(p.size, size=count), np.argmax(mean, axis=1))
        earned += _record(rows, arm, rng.random(count) < p[arm], pulls, total, mean)
    return earned / rounds / count


def _record(rows, arm, reward, pulls, total, mean):
    n, sums = pulls[rows, arm] + 1, total[rows, arm] + reward
    pulls[rows, arm] = n
    total[rows, arm] = sums
    mean[rows, arm] = sums / n
    return reward.sum()


def exp3(p, rounds, count, rng, horizon):
    rows = np.arange(count)
    eta, weight = np.sqrt(2 * np.log(p.size) / (p.size * horizon)), np.ones((count, p.size))
    earned = 0.0
    for _ in range(rounds):
        upto = np.cumsum(weight, axis=1)
        arm = np.minimum((rng.random((count, 1)) * upto[:, -1:] >= upto).sum(axis=1), p.size - 1)
        reward = rng.random(count) < p[arm]
        earned += reward.sum()
        weight[rows, arm] *= np.exp(-eta * (1 - reward) * upto[:, -1] / weight[rows, arm])
    return earned / rounds / count


def thompson(p, rounds, count, rng):
    rows = np.arange(count)
    won, lost = np.ones((count, p.size)), np.ones((count, p.size))
    earned = 0.0
    for _ in range(rounds):
        arm = np.argmax(rng.beta(won, lost), axis=1)
        reward = rng.random(count) < p[arm]
        earned += reward.sum()
        won[rows, arm] += reward
        lost[rows, arm] += ~reward
    return earned / rounds / count


def primal_dual(p, q, budget, horizon, rounds, count, rng, confidence=0.25):
    """Without the ledger's end: `rounds` is chosen before any budget runs out."""
    (k, d), rows, common = q.shape, np.arange(count), min(budget.min(), horizon)
    unit, pace, level = common / budget, common / horizon, confidence * np.log(k * horizon * (d + 1.0))
    growth = np.log(1 + np.sqrt(np.log(d + 1) / common))
    pulls, total, upper = np.zeros((count, k)), np.zeros((count, k)), np.full((count, k), np.inf)
    cost, lower, price, left = np.zeros((count, k, d)), np.zeros((count, k, d)), np.ones((count, d)), np.tile(budget, (count, 1))
    earned = 0.0
    for _ in range(rounds):
        arm = np.argmax(upper / (pace + np.einsum("ikd,id->ik", lower, price)), axis=1)
        reward, spent = rng.random(count) < p[arm], rng.random((count, d)) < q[arm]
        left -= spent
        earned += reward.sum()
        n = pulls[rows, arm] + 1
        pulls[rows, arm] = n
        total[rows, arm] += reward
        m = total[rows, arm] / n
        upper[rows, arm] = np.minimum(m + np.sqrt(level * m / n) + level / n, 1)
        price = np.clip(price * np.exp(growth * (lower[rows, arm] - pace)), 1e-100, 1e100)
        cost[rows, arm] += spent * unit
        c = cost[rows, arm] / n[:, None]
        lower[rows, arm] = np.maximum(c - np.sqrt(level * unit * c / n[:, None]) - level * unit / n[:, None], 0)
    return earned / rounds / count
