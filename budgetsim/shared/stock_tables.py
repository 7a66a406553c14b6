"""Backward induction over a stock and the steps left, where every step earns something: what the best rule comes to, and what a given one does."""

import numpy as np

from ..kernels import compiled


def _worth(move, chance, earned, after, i):
    """Of a pull at a stock of i steps: what it earns, and what is left is worth."""
    total = earned
    for s in range(move.size):
        total += chance[s] * after[min(max(i + move[s], 0), after.size - 1)]
    return total


@compiled
def best_table(move, chance, earned, value, action):
    """value[k, i] = max_a earned[a, i] + E value[k-1, i + move_a] from row 0 on, and the first arm that attains it, to 1e-12.

    Column 0 is ruin and stays as it is; stocks beyond the last column count as the last. move and chance (K, S), earned (K, columns), value and action (rows, columns).

    >>> value, action = np.zeros((2, 3)), np.full((2, 3), -1, np.int16)
    >>> best_table(np.array([[0], [-2]]), np.ones((2, 1)), np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 2.0]]), value, action)
    >>> value.tolist(), action.tolist()
    ([[0.0, 0.0, 0.0], [0.0, 1.0, 2.0]], [[-1, -1, -1], [-1, 1, 1]])
    """
    worth = np.zeros(move.shape[0])
    for k in range(1, value.shape[0]):
        for i in range(1, value.shape[1]):
            best = -np.inf
            for arm in range(move.shape[0]):
                worth[arm] = _worth(move[arm], chance[arm], earned[arm, i], value[k - 1], i)
                best = max(best, worth[arm])
            for arm in range(move.shape[0] - 1, -1, -1):
                if worth[arm] >= best - 1e-12 * abs(best):
                    action[k, i] = arm
            value[k, i] = best


@compiled
def followed_table(move, chance, earned, action, value):
    """value[k, i] = earned[a, i] + E value[k-1, i + move_a], a = action[k, i]: the same for a rule that is given.

    >>> value = np.zeros((2, 3))
    >>> followed_table(np.array([[0], [-2]]), np.ones((2, 1)), np.array([[0.5, 0.5, 0.5], [0.0, 1.0, 2.0]]), np.zeros((2, 3), np.int16), value)
    >>> value.tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5]]
    """
    for k in range(1, value.shape[0]):
        for i in range(1, value.shape[1]):
            arm = action[k, i]
            value[k, i] = _worth(move[arm], chance[arm], earned[arm, i], value[k - 1], i)
