"""The fluid program of request types: above the mean of hindsight for every law of arrivals, by enumeration."""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.model import TOLERANCE
from budgetsim.optima.dual_bound import dual_bound
from budgetsim.optima.fluid_request_lp import fluid_request_lp
from tests.optima.test_hindsight_milp import enumerated


def drawn(seed):
    """(type_reward (J, n), type_cost (J, n, d), budget (d,), sequences (J^T, T), the chance of each): any joint law."""
    g = np.random.default_rng(seed)
    j, n, d, horizon = int(g.integers(1, 4)), int(g.integers(1, 3)), int(g.integers(1, 3)), int(g.integers(1, 4))
    sequences = np.array(list(itertools.product(range(j), repeat=horizon)))
    chance = g.dirichlet(np.full(len(sequences), 0.5))
    return g.random((j, n)), g.random((j, n, d)), horizon * g.random(d) * 0.6, sequences, chance


def marginals(sequences, chance, j):
    p = np.stack([np.bincount(sequences[:, t], weights=chance, minlength=j) for t in range(sequences.shape[1])])
    return p / p.sum(axis=1, keepdims=True)


def best_online(r, c, b, sequences, chance):
    """The best rule that knows the law: a tree over histories and what is left."""

    @functools.cache
    def value(history, left):
        t = len(history)
        rows = [k for k in range(len(sequences)) if tuple(sequences[k, :t]) == history]
        if t == sequences.shape[1]:
            return chance[rows].sum() * 0.0
        total = 0.0
        for j in {int(sequences[k, t]) for k in rows}:
            weight = sum(chance[k] for k in rows if sequences[k, t] == j)
            best = value((*history, j), left)
            for i in range(r.shape[1]):
                if all(c[j, i, q] <= left[q] + TOLERANCE * b[q] for q in range(b.size)):
                    best = max(best, weight * r[j, i] + value((*history, j), tuple(max(left[q] - c[j, i, q], 0.0) for q in range(b.size))))
            total += best
        return total

    return value((), tuple(b))


def greedy(r, c, b, sequences, chance):
    total = 0.0
    for sequence, p in zip(sequences, chance, strict=True):
        left = b.copy()
        for j in sequence:
            for i in np.argsort(-r[j]):
                if np.all(c[j, i] <= left):
                    left, total = left - c[j, i], total + p * r[j, i]
                    break
    return total


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_the_chain(seed):
    """fluid >= E[hindsight LP] >= E[hindsight 0-1] >= best online >= greedy, exactly, for an arbitrary joint law of arrivals."""
    r, c, b, sequences, chance = drawn(seed)
    p = marginals(sequences, chance, len(r))
    fluid = fluid_request_lp(r, c, p, b, len(p))
    days = [(r[s], c[s]) for s in sequences]
    lp = sum(q * dual_bound(*day, b).lower for q, day in zip(chance, days, strict=True))
    whole = sum(q * enumerated(*day, b) for q, day in zip(chance, days, strict=True))
    online = best_online(r, c, b, sequences, chance)
    chain = [fluid.upper, lp, whole, online, greedy(r, c, b, sequences, chance)]
    assert all(x >= y - 1e-9 for x, y in itertools.pairwise(chain)), chain


def test_every_link_can_be_strict():
    """Two rounds of worth 3, 2 or 1, budget 1, by hand: 8/3 > E max = 22/9 > 7/3 (of the second round 2 is expected) > 2."""
    r, c, b = np.array([[3.0], [2.0], [1.0]]), np.ones((3, 1, 1)), np.array([1.0])
    sequences, chance = np.array(list(itertools.product(range(3), repeat=2))), np.full(9, 1 / 9)
    hindsight = sum(q * enumerated(r[s], c[s], b) for q, s in zip(chance, sequences, strict=True))
    chain = [fluid_request_lp(r, c, np.full(3, 1 / 3), b, 2).value, hindsight, best_online(r, c, b, sequences, chance), greedy(r, c, b, sequences, chance)]
    assert chain == pytest.approx([8 / 3, 22 / 9, 7 / 3, 2.0])


def test_one_law_for_all_rounds_and_by_round(seed):
    """(J,) and its copies (T, J) give the same; scaling horizon and budget scales the value; cvxpy agrees."""
    g = np.random.default_rng(seed)
    r, c, p, b = g.random((4, 3)), g.random((4, 3, 2)), g.dirichlet(np.ones(4)), np.array([10.0, 8.0])
    value = fluid_request_lp(r, c, p, b, 50).value
    assert fluid_request_lp(r, c, np.tile(p, (50, 1)), b, 50).value == pytest.approx(value)
    assert fluid_request_lp(r, c, p, 20 * b, 1000).value == pytest.approx(20 * value)
    assert fluid_request_lp(r, c, p, b, 50, method="cvxpy").value == pytest.approx(value, rel=1e-7)


def test_values_uniform():
    """Values U[0, 1] on a grid of midpoints, unit consumption, rho = .3: (1 - .7^2) / 2 = .255 a round, as printed in (g)."""
    r = (np.arange(1000) + 0.5)[:, None] / 1000
    best = fluid_request_lp(r, np.ones((1000, 1, 1)), np.full(1000, 1e-3), [30.0], 100)
    assert best.value == pytest.approx(25.5, abs=1e-9) and best.dual[0] == pytest.approx(0.7, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([[1.0]], [[[1.0]]], [0.5], [1.0], 3), "type_probability: sums to 0.5"),
        (([[1.0]], [[[1.0]]], [[1.0], [1.0]], [1.0], 3), "type_probability: got 2 rounds"),
        (([[1.0]], [[[-1.0]]], [1.0], [1.0], 3), "type_cost: got -1"),
        (([[np.nan]], [[[1.0]]], [1.0], [1.0], 3), "type_reward: got nan"),
        (([[1.0]], [[[1.0]]], [1.0], [-1.0], 3), "budget: got -1"),
        (([[1.0]], [[[1.0]]], [1.0], [1.0], 0), "horizon: got 0"),
    ],
)
def test_bad_input(arguments, says):
    with pytest.raises(BudgetsimError, match=says):
        fluid_request_lp(*arguments)
