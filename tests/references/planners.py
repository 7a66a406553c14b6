"""Agents that know the laws of a stock that may run out, by plain recursion: `survival_plan`, `softmax_plan`, `risk_neutral`."""

import functools

import numpy as np


class Planner:
    """Arms (K, S) of whole gains; k steps left, stock b, ruin at 0."""

    def __init__(self, outcomes, probabilities, temperature=None):
        self.laws = [list(zip(map(int, x), p, strict=True)) for x, p in zip(outcomes, probabilities, strict=True)]
        self.temperature = temperature
        self.value, self.expected = functools.cache(self.value), functools.cache(self.expected)

    def value(self, k, b):
        """Greatest mean final stock."""
        return float(b) if k == 0 or b <= 0 else max(self.worth(k, b))

    def worth(self, k, b):
        """Of each arm now and the best ones afterwards."""
        return [sum(p * self.value(k - 1, max(b + x, 0)) for x, p in law) for law in self.laws]

    def choice(self, k, b):
        """Probability of each arm: the best (None), in proportion to exp(worth / temperature), or the greatest mean ("mean")."""
        if self.temperature == "mean":
            worth = np.array([sum(p * x for x, p in law) for law in self.laws])
        else:
            worth = np.array(self.worth(k, b))
        if self.temperature in (None, "mean"):
            return np.eye(len(worth))[np.argmax(np.round(worth, 9))]
        weight = np.exp((worth - worth.max()) / self.temperature)
        return weight / weight.sum()

    def expected(self, k, b):
        """Mean final stock of this agent."""
        if k == 0 or b <= 0:
            return float(max(b, 0))
        return sum(c * sum(p * self.expected(k - 1, max(b + x, 0)) for x, p in law) for c, law in zip(self.choice(k, b), self.laws, strict=True))
