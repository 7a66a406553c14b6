"""Agents that are stopped at a cap of danger or released, by plain recursion in fractions."""

import functools
from fractions import Fraction


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
