"""The lemma of dual mirror descent on every path, its constants, and the ratio of the stopping family."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import engine
from budgetsim.arguments import BadValue
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.problems.adversarial_allocation import adversarial_allocation
from budgetsim.problems.online_allocation import online_allocation
from budgetsim.theory.mirror_descent import (
    Constants,
    best_step,
    competitive_constants,
    descent_lemma,
    divergence,
    mixing_constants,
    periodic_constants,
    price_path,
    regret_bound,
    regret_constants,
    stopping_ratio,
    stopping_values,
)


@st.composite
def walks(draw):
    """Requests, rates, a step, first prices and a price to compare with."""
    t, n, d = draw(st.integers(1, 40)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    g = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cost = g.random((t, n, d)) * draw(st.sampled_from([0.1, 1.0, 5.0]))
    if draw(st.booleans()):  # an adversary: cheap at first, then dear
        cost *= np.linspace(0.0, 2.0, t)[:, None, None]
    eta = draw(st.sampled_from([0.003, 0.1, 1.0, 3.0]))
    return g.random((t, n)), cost, g.random(d), eta, 2.0 * g.random(d), draw(st.sampled_from([0.0, 1.0, 10.0])) * g.random(d)


@pytest.mark.parametrize("mirror", ["euclidean", "entropic"])
def test_the_lemma_holds_on_every_path(mirror):
    """Property 3 of the (f) list: every round, every price, every input; 300 examples for each mirror."""
    tightest = []

    @settings(max_examples=300, deadline=None)
    @given(walks())
    def check(drawn):
        reward, cost, rate, eta, start, mu = drawn
        path = price_path(reward, cost, rate, eta, mirror, start)
        left, right = descent_lemma(path, mu, eta, mirror)
        scale = np.maximum(np.cumsum(np.abs((path.price[:-1] - mu) * path.gradient).sum(axis=1)), right)
        assert np.all(left <= right + 1e-12 * scale)
        tightest.append(float(np.max(left / right)))

    check()
    assert max(tightest) > 0.3  # a bound that were never near would check little


def test_a_smaller_right_hand_side_fails():
    """Control: on two paths the lemma holds with equality, so any smaller constant, of drift or of distance, is refused."""
    path = price_path(np.ones((200, 1)), np.ones((200, 1, 1)), [0.5], 0.1)  # rises to the price 1 and stays around it
    left, right = descent_lemma(path, [1.0], 0.1)
    assert np.all(left <= right + 1e-12) and math.isclose(left[-1], right[-1])
    assert np.any(left > 0.99 * right) and np.any(left > right - 0.01 * divergence([1.0], [0.0]) / 0.1)
    still = price_path(np.zeros((9, 1)), np.ones((9, 1, 1)), [1.0], 1.0, start=9.0)  # mu_t = 9, 8, ..: the sum of mu_t - 0 is 45
    left, right = descent_lemma(still, [0.0], 1.0)
    assert left[-1] == 45.0 and right[-1] == 45.0


@settings(max_examples=200, deadline=None)
@given(walks(), st.sampled_from(["euclidean", "entropic"]))
def test_the_path_is_the_rule_s(drawn, mirror):
    """Wishes of the rule, paid or not, as the theory walks them."""
    reward, cost, rate, eta, start, _ = drawn
    budget = rate * len(reward)
    game = engine.prepare(online_allocation(reward, cost, budget), dual_descent(mirror, eta=eta, start=start))
    log = engine.play_block(game, 1, 0, 1, np.array([len(reward)]), trace=True)
    assert np.array_equal(log.action[0, :, 0], price_path(reward, cost, budget / len(reward), eta, mirror, start).option)


def test_the_bound_of_the_specification():
    """Section 1(g): C1 = 3.33, C2 = .5, C3 = 5.56; bounds 36.7, 108.7, 336.7, 1057."""
    constants = regret_constants(1.0, 1.0, [0.3])
    assert np.allclose(constants, [3.33, 0.5, 5.56], atol=0.005)
    assert [float(f"{regret_bound(constants, t):.4g}") for t in (100, 1000, 10_000, 100_000)] == [36.67, 108.7, 336.7, 1057]
    best = best_step(constants, 1000)
    assert all(regret_bound(constants, 1000) < regret_bound(constants, 1000, best * f) for f in (0.9, 1.1))
    assert regret_constants(1.0, 2.0, [0.5, 4.0], [0.0, 0.0]) == Constants(4.0, 16.0, 2.0)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.sampled_from(["euclidean", "entropic"]))
def test_divergence_is_convex_in_l1(seed, d, mirror):
    """V(a, b) >= sigma |a - b|_1^2 / 2 with the lemma's sigma; 0 iff a = b."""
    g = np.random.default_rng(seed)
    a, b = g.random(d) * 3.0, g.random(d) + 1e-3
    sigma = 1.0 / d if mirror == "euclidean" else 1.0 / max(a.sum(), b.sum())
    assert divergence(a, b, mirror) >= sigma * np.abs(a - b).sum() ** 2 / 2.0 * (1 - 1e-12) and divergence(b, b, mirror) == 0.0
    assert divergence([1.0], [0.0], "entropic") == math.inf


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(2, 12), st.integers(0, 40))
def test_whatever_is_spent_the_ratio_is_at_least_the_family_s(spent, factor, kept):
    """Property 4 of the (f) list in exact arithmetic: any plan, equality iff nothing is kept."""
    budget = max(sum(spent) + kept, 1)
    earned, optimum = stopping_values(spent, factor)
    assert optimum == stopping_ratio(len(spent), factor) and earned == sum(spent)
    assert earned * stopping_ratio(len(spent), factor) <= optimum * budget and (earned * optimum == optimum * budget) == (sum(spent) == budget)


def test_the_family_of_the_problem_is_the_theory_s():
    problem = adversarial_allocation(4, 10.0, 400)
    law, values = problem.instance.stop_probability, problem.instance.phase_reward[:-1, 0]
    assert math.isclose(float(law @ values), float(stopping_ratio(4, 10)), rel_tol=1e-12)
    assert stopping_values([25, 25, 25, 25], 10) == (Fraction(100), Fraction(37, 10))


@pytest.mark.parametrize("period", [2, 50, 400])
def test_periodic_arrivals_keep_their_bound(period):
    """fluid - mean reward within the bound for period q: two laws in turn, half a period each. Control: the bound of i.i.d. arrivals is broken at a long period."""
    horizon, rate = 4_000, 0.5
    constants = regret_constants(1.0, 1.0, [rate])
    value = 0.5 * 1.0  # half of the requests are worth 1 and are what the budget pays for
    told = periodic_constants(constants, period, value)
    worth = np.tile(np.repeat([1.0, 0.5], period // 2), horizon // period)[:, None]
    lost = value * horizon - descended(worth, rate, best_step(told, horizon))
    assert lost <= regret_bound(told, horizon)
    slow = np.repeat([1.0, 0.5], horizon // 2)[:, None]
    assert value * horizon - descended(slow, rate, best_step(constants, horizon)) > regret_bound(constants, horizon)


def descended(worth, rate, eta):
    """What dual descent earns of one resource, unit costs: wishes that fit."""
    option = price_path(worth, np.ones((*worth.shape, 1)), [rate], eta).option
    taken = np.flatnonzero(option >= 0)[: int(rate * len(worth))]
    return float(worth[taken, 0].sum())


def test_a_law_that_is_known_late_costs_a_lag(seed):
    """Sticky chains of two laws: fluid - mean reward within the mixing bound, whatever the lag it is computed with."""
    horizon, rate, stay, runs = 2_000, 0.5, 0.9, 12
    constants = regret_constants(1.0, 1.0, [rate])
    g = np.random.default_rng(seed)
    for lag in (5, 30):
        told, late = mixing_constants(constants, lag, 0.5, 1.0, 1), 0.5 * (2 * stay - 1) ** lag * horizon
        earned = []
        for _ in range(runs):
            state = (g.integers(2) + np.cumsum(g.random(horizon) > stay)) % 2
            earned.append(descended(np.where(state == 0, 1.0, 0.5)[:, None], rate, best_step(told, horizon)))
        assert 0.5 * horizon - np.mean(earned) + 4 * np.std(earned) / np.sqrt(runs) <= regret_bound(told, horizon) + late


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_every_sequence_keeps_its_share(seed):
    """ALG >= OPT / alpha* - paid - drift eta T - distance / eta on arbitrary sequences; OPT by sorting."""
    g = np.random.default_rng(seed)
    horizon, rate = int(g.integers(20, 400)), float(g.uniform(0.05, 1.0))
    alpha, constants = competitive_constants(1.0, 1.0, [rate])
    worth = np.clip(np.cumsum(g.normal(size=horizon)) * g.uniform(0, 0.3) + g.random(horizon) * g.uniform(0, 1), 0, 1)[:, None]
    for eta in (best_step(constants, horizon), 1 / np.sqrt(horizon)):
        best = np.sort(worth.ravel())[::-1][: int(rate * horizon)].sum()
        assert descended(worth, rate, eta) >= best / alpha - regret_bound(constants, horizon, eta) - 1e-9
    assert alpha == max(1.0, 1.0 / rate)


def test_bad_arguments():
    for call, named in (
        (lambda: price_path([[1.0]], [[[1.0]]], [0.5], 1.0, "entropy"), "mirror"),
        (lambda: price_path([[-1.0]], [[[1.0]]], [0.5], 1.0), "reward"),
        (lambda: regret_constants(1.0, 1.0, [0.0]), "rate"),
        (lambda: stopping_values([], 10), "spent"),
        (lambda: stopping_ratio(0, 10), "phases"),
        (lambda: periodic_constants(Constants(1.0, 1.0, 1.0), 0, 1.0), "period"),
        (lambda: mixing_constants(Constants(1.0, 1.0, 1.0), 0, 1.0, 1.0, 1), "lag"),
        (lambda: competitive_constants(1.0, -1.0, [0.5]), "largest_cost"),
    ):
        with pytest.raises(BadValue, match=rf"^{named}: got"):
            call()
