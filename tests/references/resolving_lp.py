"""`resolving_lp` with scipy's linear programs in place of the dual: the same prices by another road."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, kron, vstack


def sample_price(reward, cost, budget):
    """Prices (d,) of max sum r x, sum c x <= budget, sum_i x_si <= 1."""
    many, n, d = cost.shape
    rows = vstack([csr_array(cost.reshape(many * n, d).T), kron(csr_array(np.eye(many)), np.ones((1, n)))])
    solved = linprog(-reward.ravel(), A_ub=rows, b_ub=np.concatenate([budget, np.ones(many)]), method="highs")
    return np.maximum(-solved.ineqlin.marginals[:d], 0.0)


def play(reward, cost, budget, rounds, window, pace=1.0):
    """Total reward; prices anew before each of `rounds`, from the last `window` requests and what is left a round, times `pace`."""
    horizon, _, d = cost.shape
    budget = np.asarray(budget, float)
    left, mu, total = budget.copy(), np.zeros(d), 0.0
    for t in range(horizon):
        if t in rounds:
            first = max(0, t - window)
            mu = sample_price(reward[first:t], cost[first:t], pace * left * (t - first) / (horizon - t))
        gain = np.where(np.all(cost[t] <= left + 1e-12 * budget, axis=1), reward[t] - cost[t] @ mu, -1.0)
        k = int(np.argmax(gain))
        if gain[k] > 0:
            total, left = total + reward[t, k], left - cost[t, k]
    return total
