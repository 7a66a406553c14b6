"""Routing in numpy: actions of `port` (`first`: of its random queries), `batch_split`, `greedy_cost`, `greedy_quality`, `random_option` on d, g (T, M)."""

import numpy as np
from scipy import optimize


def port(d, g, budget, first, epsilon=0.025, alpha=1e-4, null=True):
    n, m = len(first), d.shape[1]
    if null:  # the dual itself: min eps B.p + sum y, y_j >= alpha d_ji - g_ji p_i
        rows = np.vstack([np.concatenate([-g[j, i] * np.eye(m)[i], -np.eye(n)[j]]) for j in range(n) for i in range(m)])
        scale = np.concatenate([1 / g.mean(axis=0), np.ones(n)])
        goal = np.concatenate([epsilon * budget, np.ones(n)])
        price = alpha * (optimize.linprog(goal * scale, rows * scale, -d[:n].ravel(), method="highs-ds").x * scale)[:m]
    else:
        def dual(p):
            return epsilon * (p @ budget) + (alpha * d[:n] - g[:n] * p).max(axis=1).sum()
        price = optimize.minimize(dual, np.full(m, 1 / m), method="L-BFGS-B", bounds=[(0, 1)] * m).x
    score = alpha * d[n:] - g[n:] * price
    return np.concatenate([first, np.where(null & (score.max(axis=1) < 0), -1, score.argmax(axis=1))])


def batch_split(d, g, budget, block):
    left, actions = np.array(budget, float), []
    for s in range(0, len(d), block):
        r, c = d[s : s + block], g[s : s + block]
        k, m = r.shape
        pay = np.vstack([np.kron(np.eye(k)[j], np.ones(m)) for j in range(k)] + [np.where(np.arange(k * m) % m == i, c.ravel(), 0) for i in range(m)])
        x = optimize.milp(-r.ravel(), integrality=np.ones(k * m), bounds=(0, 1), constraints=(pay, -np.inf, np.append(np.ones(k), left))).x.reshape(k, m).round()
        actions += [int(row.argmax()) if row.any() else -1 for row in x]
        left = np.maximum(left - (x * c).sum(axis=0), 0)
    return np.array(actions)


def greedy_cost(g, budget, counts="all"):
    left, actions = np.array(budget, float), []
    for row in g:
        actions.append(int(left.argmax()))
        left[actions[-1]] -= row[actions[-1]] if counts == "all" else row.mean()
    return np.array(actions)
