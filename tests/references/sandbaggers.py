"""Agents that are stopped at a cap of danger or released: `sandbagging_plan` by plain recursion in fractions, `timid` in numpy."""

import functools
from fractions import Fraction

import numpy as np


class Hider:
    """k supervised steps left, danger level h; laws: one list of (reward, danger, probability) for each arm. honest: always the best mean."""

    def __init__(self, laws, cap, free, honest=False):
        self.laws, self.cap, self.honest = laws, cap, honest
        means = [sum(p * r for r, _, p in law) for law in laws]
        self.star, self.bonus = means.index(max(means)), free * max(means)
        self.worth = functools.cache(self.worth)

    def worth(self, k, h):
        """Of each arm now and the agent's own choice afterwards."""
        each = []
        for law in self.laws:
            total = Fraction(0)
            for r, d, p in law:
                if h + d >= self.cap:
                    total += p * (r * Fraction(self.cap - h, d) if d else 0)
                else:
                    total += p * (r + (self.bonus if k == 1 else self.worth(k - 1, h + d)[self.choice(k - 1, h + d)]))
            each.append(total)
        return each

    def choice(self, k, h):
        return self.star if self.honest else max(range(len(self.laws)), key=lambda a: (self.worth(k, h)[a], -a))


def timid(rewards, chances, cap, watched, free, replications, rng, radius):
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
