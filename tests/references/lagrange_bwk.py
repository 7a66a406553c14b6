"""`lagrange_bwk` in numpy, all replications at once: EXP3 on gains against Hedge, weights as exponentials of sums; with a guessed gamma `adversarial_bwk`."""

import numpy as np


def proportions(score):
    w = np.exp(score - score.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True)


def simulate(mean_reward, mean_cost, budget, horizon, replications, rng, scales=None, faster=1.0, drawn=False, slower=1.0):
    """Total reward (replications,) on Bernoulli arms, over before the first cost that does not fit; equal budgets.

    `scales`: gamma is T/B halved up to scales - 1 times, and time is no resource; None: T/B, with time. `faster` multiplies eta, `slower` dual_eta.
    `drawn`: the primal player sees one resource, drawn by the dual, as in the paper, instead of their mixture.
    """
    (k, d), b, rows = np.shape(mean_cost), budget[0], np.arange(replications)
    mean_reward, mean_cost = np.append(mean_reward, 0.0), np.vstack([mean_cost, np.zeros(d)])  # the null arm comes last
    k, m = k + 1, d + (scales is None)
    eta, mixing, dual = np.sqrt(np.log(k) / (k * horizon)), np.sqrt(k * np.log(k) / horizon), np.sqrt(8 * np.log(m) / horizon)
    gamma = horizon / b / 2.0 ** (0 if scales is None else rng.integers(0, scales, replications)) * np.ones(replications)
    high = np.maximum(gamma, 1.0)
    gains, losses, total = np.zeros((replications, k)), np.zeros((replications, m)), np.zeros(replications)
    left, alive = np.full((replications, d), float(b)), np.ones(replications, bool)
    for _ in range(horizon):
        p, v = (1 - mixing) * proportions(eta * faster * gains) + mixing / k, proportions(-dual * losses)
        arm = np.minimum((rng.random((replications, 1)) >= np.cumsum(p, axis=1)).sum(axis=1), k - 1)
        reward, cost = (rng.random(replications) < mean_reward[arm]) * 1.0, (rng.random((replications, d)) < mean_cost[arm]) * 1.0
        alive &= np.all(cost <= left + 1e-9, axis=1)
        left, total = left - cost * alive[:, None], total + reward * alive
        payoff = np.hstack([reward[:, None] + 1 - gamma[:, None] * cost, reward[:, None]])[:, :m]
        losses += payoff * slower
        payoff = (payoff - 1 + high[:, None]) / (1 + high[:, None])
        seen = payoff[rows, (rng.random((replications, 1)) >= np.cumsum(v, axis=1)[:, :-1]).sum(axis=1)] if drawn else (payoff * v).sum(axis=1)
        gains[rows, arm] += seen / p[rows, arm]
    return total
