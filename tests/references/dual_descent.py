"""`dual_descent`, `greedy_allocation`, `fixed_price` and `static_pacing` in numpy, as the formulas read: requests reward (T, n), cost (T, n, d)."""

import numpy as np


def play(reward, cost, budget, rule, eta=0.0, price=0.0, rng=None, mean=None, slack=1e-12):
    """Options taken (T,), -1 for none or a wish that does not fit, and the total reward.

    rule: "euclidean" | "entropic": prices move by eta; "fixed": they do not, and only what fits is looked at;
    "paced": as fixed, with probability min(1, rate / mean), the mean cost of the dearest option seen so far where None is told.
    """
    horizon, _, d = cost.shape
    budget = np.asarray(budget, float)
    left, rate, mu = budget.copy(), budget / horizon, np.full(d, price, float)
    taken, total, seen = np.full(horizon, -1), 0.0, np.zeros(d)
    for t in range(horizon):
        fits = np.all(cost[t] <= left + slack * budget, axis=1)
        gain = reward[t] - cost[t] @ mu
        if rule in ("fixed", "paced"):
            gain = np.where(fits, gain, -1.0)
        k = int(np.argmax(gain))
        wish = k if gain[k] > 0 else -1
        if rule == "paced":
            top = int(np.argmax(reward[t]))
            seen += cost[t, top] * (reward[t, top] > 0)
            c = seen / (t + 1) if mean is None else np.asarray(mean, float)
            if rng.random() >= min(1.0, np.min(np.divide(rate, c, out=np.ones(d), where=c > 0))):
                wish = -1
        use = cost[t, wish] if wish >= 0 else np.zeros(d)
        if wish >= 0 and fits[wish]:
            taken[t], total, left = wish, total + reward[t, wish], left - use
        if rule == "euclidean":
            mu = np.maximum(mu - eta * (rate - use), 0.0)
        elif rule == "entropic":
            mu = mu * np.exp(-eta * (rate - use))
    return taken, total
