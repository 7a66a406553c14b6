"""Naive doubling: beside its twin, and what it costs, exactly."""

import math

import numpy as np
from scipy.sparse import coo_matrix, eye
from scipy.sparse.linalg import spsolve

from budgetsim import engine
from budgetsim.model import Ended
from budgetsim.policies.naive_doubling import naive_doubling
from budgetsim.problems.survival_bandit import survival_bandit
from budgetsim.theory.ruin import odds, share_ruin
from tests.references import naive_doubling as twin
from tests.test_twins import LEVEL, p_values


def coins(p, budget, horizon):
    return survival_bandit([[1.0, -1.0]] * len(p), [[q, 1 - q] for q in p], budget, horizon)


def test_it_agrees_with_its_twin(seed):
    """The wrong constant opens the arms again at half as much more."""
    p, rng = (0.5, 0.6, 0.4), np.random.default_rng(seed)
    ours = engine.play_block(engine.prepare(coins(p, 6, 300), naive_doubling()), seed, 0, 6000, np.array([300])).reward[:, -1]
    theirs, wrong = (twin.simulate(p, 6, 300, 6000, rng, factor) for factor in (2.0, 1.2))
    print(f"naive_doubling: {ours.mean():.3f} +- {ours.std() / math.sqrt(6000):.3f}, twin {theirs.mean():.3f}, wrong constant {wrong.mean():.3f}")
    assert min(p_values(ours, theirs)) > LEVEL > min(p_values(ours, wrong))


def doubles(p, stock):
    """P(two coins double a stock under EXPLOIT), from the linear equations of the pair of sums."""
    at, todo, entries, right = {(0, 0): 0}, [(0, 0)], [], {}
    while todo:
        sums = todo.pop()
        arm = int(sums[1] > sums[0])
        for move, chance in ((1, p[arm]), (-1, 1 - p[arm])):
            to = (sums[0] + move, sums[1]) if arm == 0 else (sums[0], sums[1] + move)
            if sum(to) == stock:
                right[at[sums]] = chance
            elif sum(to) > -stock:
                if to not in at:
                    at[to] = len(at)
                    todo.append(to)
                entries.append((chance, at[sums], at[to]))
    chances, rows, columns = zip(*entries, strict=True)
    known = np.array([right.get(i, 0.0) for i in range(len(at))])
    return spsolve((eye(len(at)) - coo_matrix((chances, (rows, columns)), (len(at), len(at)))).tocsc(), known)[0]


def test_it_is_ruined_more_often_than_exploit(seed):
    """Section 2g, (.55, .45), B = 10: naive doubling .4273 (4,000 runs, se .0078). Exactly .42337; EXPLOIT .36665, which the runs refuse."""
    p = (0.55, 0.45)
    exact = 1.0 - math.prod(doubles(p, 10 * 2**j) for j in range(5))  # ruin from 320 on: below 1e-7
    log = engine.play_block(engine.prepare(coins(p, 10, 4000), naive_doubling()), seed, 0, 8000, np.array([4000]))
    ruin, error = float(np.mean(log.ended == Ended.RUIN)), math.sqrt(0.25 / 8000)
    shares = share_ruin(odds([[1.0, -1.0]] * 2, [[q, 1 - q] for q in p]), [5, 5])
    print(f"naive doubling: {ruin:.4f} +- {error:.4f}, exactly {exact:.6f}, printed .4273; EXPLOIT exactly {shares:.5f}")
    assert f"{exact:.5f}" == "0.42337" and f"{shares:.5f}" == "0.36665"
    assert abs(exact - 0.4273) <= 4 * 0.0078 and abs(ruin - exact) <= 4 * error < abs(ruin - shares)
