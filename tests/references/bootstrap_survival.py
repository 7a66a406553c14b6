"""Bootstrap in numpy: the arm whose futures, drawn from its rewards, have the greatest mean end less a penalty on ruin."""

import numpy as np


def value(rewards, stock, luck, penalty):
    """Mean over paths: the stock at the end, or minus the penalty where it ran out on the way."""
    paths = stock + np.cumsum(np.asarray(rewards)[(luck * len(rewards)).astype(int)], axis=1)
    return np.where((paths > 0).all(axis=1), paths[:, -1], -penalty).mean()


def simulate(outcomes, probabilities, stock, horizon, replications, rng, penalty, paths, ahead):
    """Final stock, at least 0, less the initial one (replications,)."""
    total = np.zeros(replications)
    for i in range(replications):
        seen, left = [[] for _ in outcomes], stock
        for t in range(horizon):
            untried = [k for k, x in enumerate(seen) if not x]
            luck = rng.random((paths, min(ahead, horizon - t)))
            arm = untried[0] if untried else int(np.argmax([round(value(x, left, luck, penalty), 9) for x in seen]))
            seen[arm].append(outcomes[arm][np.searchsorted(np.cumsum(probabilities[arm]), rng.random())])
            left = max(left + seen[arm][-1], 0)
            if left == 0:
                break
        total[i] = left - stock
    return total
