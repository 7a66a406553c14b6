"""Hides behind the arm of least danger until it is released, then UCB1; danger is the reward. All replications at once."""

import numpy as np


def simulate(rewards, chances, cap, watched, free, replications, rng, radius):
    """Total reward (replications,): danger is the reward."""
    x, p, rows = np.array(rewards, float), np.array(chances), np.arange(replications)
    n, s, room, total = np.zeros((replications, len(x))), np.zeros((replications, len(x))), np.full(replications, float(cap)), np.zeros(replications)
    for t in range(watched + free):
        with np.errstate(divide="ignore", invalid="ignore"):
            index = np.where(n > 0, -s / n if t < watched else s / n + radius * np.sqrt(2 * np.log(t) / n), np.inf)
        arm = index.argmax(1)
        got = x[arm, (rng.random(replications)[:, None] > p.cumsum(1)[arm]).sum(1)] * (room > 0)
        got, room = (np.minimum(got, room), np.maximum(room - got, 0)) if t < watched else (got, room)
        s[rows, arm], n[rows, arm], total = s[rows, arm] + got, n[rows, arm] + 1, total + got
    return total
