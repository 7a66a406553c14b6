"""All 2^N states of unlike volunteers, from the model's definition: what a priority rule and what the best rule earn on average."""

import itertools

import numpy as np


def moves(active, notified, k, p, q):
    """Chance of every next state (a tuple of 0 and 1)."""
    up = [(1 - p[i, k] if i in notified else 1.0) if x else q[i] for i, x in enumerate(active)]
    return {s: np.prod([u if y else 1 - u for u, y in zip(up, s, strict=True)]) for s in itertools.product((0, 1), repeat=len(active))}


def priority_reward(f, p, q, w, allocation, priority):
    """Average reward when, in context k, the first allocation[k] active volunteers of priority[k] are notified; from everybody active."""
    states = list(itertools.product((0, 1), repeat=len(q)))
    matrix, earned = np.zeros((len(states),) * 2), np.zeros(len(states))
    for i, s in enumerate(states):
        for k, f_k in enumerate(f):
            notified = [j for j in priority[k] if s[j]][: int(allocation[k])]
            earned[i] += f_k * w[k] * sum(p[j, k] for j in notified)
            matrix[i] += f_k * np.array([moves(s, notified, k, p, q)[t] for t in states])
    matrix = (matrix + np.eye(len(states))) / 2
    for _ in range(60):  # 2^60 half-lazy steps, far beyond any mixing time here
        matrix = (square := matrix @ matrix) / square.sum(axis=1, keepdims=True)
    return float(matrix[-1] @ earned)


def best_reward(f, p, q, w, allocation):
    """An upper bound on the average reward of every rule that notifies at most allocation[k]: relative value iteration, largest increment."""
    states, options = list(itertools.product((0, 1), repeat=len(q))), []  # by state and context: (reward, law of the next state)
    for s in states:
        for k in range(len(f)):
            sets = [c for m in range(min(int(allocation[k]), sum(s)) + 1) for c in itertools.combinations([j for j in range(len(q)) if s[j]], m)]
            options.append([(w[k] * sum(p[j, k] for j in c), np.array([moves(s, c, k, p, q)[t] for t in states])) for c in sets])
    value, step = np.zeros(len(states)), np.arange(2.0)
    while np.ptp(step) > 1e-10:
        best = np.array([max(r + law @ value for r, law in o) for o in options]).reshape(len(states), len(f)) @ f
        step, value = best - value, 0.5 * (best + value)
    return float(step.max())
