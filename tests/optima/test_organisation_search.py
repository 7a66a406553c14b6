"""The best complete tree for a budget: brute force from binomial sums, the printed budgets, the bound that needs no search, bad input."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError
from budgetsim.optima.organisation_search import exponential_fidelity, organisation_search, rule_regrets, simple_rules
from budgetsim.shared.organisations import chain, organisation_enumeration

PRINTED = {(3, 0.0, 1.0, 0.2, 50): [495.918, 1787.8, 5663.3, 17289.8], (5, 0.0, 0.95, 0.2, 50): [693.322], (5, 0.2, 0.9, 0.15, 100): [1415.544]}


def vote(mu, b):
    """E sign(Z_1 + .. + Z_b), a sum over all counts."""
    p = (1 + mu) / 2
    return math.fsum((1 if 2 * k > b else -1) * math.comb(b, k) * p**k * (1 - p) ** (b - k) for k in range(b + 1))


def brute(budget, window, kappa, beta, messages, gammas, rho):
    """Every (m, b, L), leaves counted one level at a time."""
    best = (min(1.0, kappa * budget**beta), 0, 0, 0)
    for m, g in zip(messages, gammas, strict=True):
        for b in itertools.count(3, 2):
            if b * m > window:
                break
            for depth in itertools.count(1):
                edges = sum(b**k for k in range(1, depth + 1))
                x = (budget - 2 * m * edges) / b**depth
                if x <= 0:
                    break
                mu = min(1.0, kappa * x**beta)
                for _ in range(depth):
                    mu = rho * g * mu + (1 - rho) * vote(g * mu, b)
                best = max(best, (mu, -depth, b, m))
    return best[0]


settings_of = {
    "budget": st.floats(1.0, 2e5), "window": st.floats(60.0, 300.0), "leaf_scale": st.floats(1e-3, 0.5), "beta": st.floats(0.02, 0.6),
    "message_lengths": st.lists(st.floats(4.0, 80.0), min_size=1, max_size=3), "m0": st.floats(1.0, 60.0), "correlation": st.sampled_from([0.0, 0.1, 0.5, 0.9]),
}  # fmt: skip


@settings(max_examples=200)
@given(**settings_of)
def test_it_is_the_brute_force_and_its_gap_is_zero(budget, window, leaf_scale, beta, message_lengths, m0, correlation):
    """Issue 6: the search is the exhaustive one, lower = value = upper; no simple rule and no bound lies on the wrong side of it."""
    if window < 3 * min(message_lengths):
        message_lengths = [window / 3.5]
    known = window, leaf_scale, beta, message_lengths, exponential_fidelity(m0), correlation
    found = organisation_search(budget, *known)
    gammas = [1 - math.exp(-m / m0) for m in message_lengths]
    assert found.value == pytest.approx(brute(budget, window, leaf_scale, beta, message_lengths, gammas, correlation), rel=1e-9)
    assert found.lower == found.value == found.upper <= found.plan.relaxed
    for rule in simple_rules(budget, *known).values():
        assert rule.bias <= found.value * (1 + 1e-12)
        assert budget == pytest.approx(_cost(rule.leaf_compute, rule.fan_in, rule.depth, rule.message_length), rel=1e-9)


def _cost(x, b, depth, m):
    return b**depth * x + 2 * m * sum(b**k for k in range(1, depth + 1))


@pytest.mark.parametrize(("case", "steps"), PRINTED.items(), ids=str)
def test_the_best_depth_steps_at_the_printed_budgets(case, steps):
    """(g): B_1, and the budgets at which the best depth steps from L to L + 1, to the printed digits, for a weak signal."""
    b, rho, gamma, beta, m = case

    def depth(budget):
        return organisation_search(budget, b * m, 1e-6, beta, m, gamma, rho, fan_in=b).plan.depth

    for i, printed in enumerate(steps):
        low, high = printed * 0.9, printed * 1.1
        assert (depth(low), depth(high)) == (i, i + 1)
        while high - low > 1e-7 * printed:
            low, high = ((low + high) / 2, high) if depth((low + high) / 2) == i else (low, (low + high) / 2)
        digits = len(str(printed).split(".")[1])
        assert round(low, digits) == printed


def test_strong_baselines_gain_little():
    """(g): b = 5, rho = .1, gamma = .9, m = 50, beta = .1, B = 2e5, as printed: (single, best tree); ours takes the better of the two and the best depth."""
    for single, printed in [(0.02, 0.0669), (0.1, 0.3235), (0.3, 0.7666), (0.5, 0.9261), (0.9, 0.9795), (0.95, 0.9808)]:
        found = organisation_search(2e5, 250, single / 2e5**0.1, 0.1, 50, 0.9, 0.1, fan_in=5)
        assert found.plan.depth == 4 and found.value == pytest.approx(printed, abs=5e-5)


def test_the_four_regimes_and_the_one_between():
    def at(budget, **changed):
        return organisation_search(**{"budget": budget, "window": 250, "leaf_scale": 0.01, "beta": 0.2, "message_lengths": 50, "fidelity": 0.95} | changed).plan

    assert at(1e5, fidelity=0.5).regime == "collapse" and at(1e5, beta=0.4).regime == "no synergy" and at(300).regime == "below the threshold"
    assert at(1e5).regime == "growth" and at(1e9).regime == "saturation" and at(1e5, leaf_scale=10.0).regime == "below the threshold"
    assert at(5.0).regime == "below the threshold" and at(5.0).tried == 1
    for budget in (300, 1e5, 1e9):
        assert (at(budget).regime in ("growth", "saturation")) == (at(budget).depth > 0)


def test_a_longer_message_is_worth_its_price_sometimes():
    """A table (M,) and a function say the same; the message chosen is neither always the shortest nor always the longest."""
    lengths = [10, 30, 90]
    gamma = exponential_fidelity(20.0)
    chosen = set()
    for budget in np.geomspace(1e2, 1e7, 12):
        one = organisation_search(budget, 700, 0.01, 0.15, lengths, gamma)
        assert one == organisation_search(budget, 700, 0.01, 0.15, lengths, [gamma(m) for m in lengths])
        chosen.add(one.plan.message_length)
    assert len(chosen & set(lengths)) >= 2


def test_a_wide_window_prefers_the_star():
    """1b-5: a tree exists because of the window: at weak signal and without one, the best organisation has one level."""
    assert organisation_search(1e5, 1e5, 1e-6, 0.2, 50, 1.0).plan.depth == 1
    assert organisation_search(1e5, 150, 1e-6, 0.2, 50, 1.0).plan.depth > 1


def test_the_table_of_simple_rules():
    """Budgets 1e2 to 1e7, as in docs/systems/organisation_optima.md: regret >= 0, ratio in (0, 1], one from the other, and each rule's numbers to the digit."""
    found = rule_regrets(np.geomspace(1e2, 1e7, 6), 450, 0.01, 0.2, 50, 0.9)
    assert found.rule == ("single", "star", "equal split", "tree at x*", "tree near x*")
    assert np.all(found.regret >= -1e-15) and np.all((found.ratio > 0) & (found.ratio <= 1 + 1e-15))
    assert np.allclose(found.optimum - found.regret, found.bias) and np.allclose(found.ratio * found.optimum, found.bias)
    assert found.optimum.round(4).tolist() == [0.0251, 0.0424, 0.0951, 0.2117, 0.4701, 0.8575]
    assert found.ratio.round(3).tolist() == [
        [1.0, 0.940, 0.664, 0.472, 0.337, 0.293], [1.0, 0.846, 0.928, 0.670, 0.476, 0.406], [1.0, 0.846, 0.928, 0.934, 0.912, 0.927],
        [1.0, 0.940, 0.928, 0.934, 0.912, 0.927], [1.0, 0.846, 0.852, 0.964, 1.0, 1.0],
    ]  # fmt: skip
    assert len(str(found).splitlines()) == 7


def test_the_optimum_by_hand():
    """B = 1e5, by the brute force of this file, is what the table says."""
    assert brute(1e5, 450, 0.01, 0.2, [50], [0.9], 0.0) == pytest.approx(0.2117, abs=5e-5)


def test_agents_in_a_row_never_beat_the_first():
    """Each hears the one before and sees for himself: by log-odds he follows whoever is better, by a fair coin on ties he only loses. So the map's chain is another one."""
    for gamma in (1.0, 0.9, 0.5):
        assert organisation_enumeration(chain(6), 0.4, gamma, vote="weighted").max() <= 0.4 + 1e-12
        assert np.all(np.diff(organisation_enumeration(chain(6), 0.4, gamma, ties="coin")) <= 1e-12)


BAD = [
    ({"budget": 0.5}, "budget: got 0.5, below one leaf"), ({"budget": 30, "least_compute": 40}, "at least 40 tokens"), ({"budget": math.nan}, "budget"),
    ({"window": 149}, "at least 3 messages"), ({"window": 200, "fan_in": 5}, "at least 5 messages"), ({"fan_in": 4}, "may tie"), ({"fan_in": 1}, "fan_in"),
    ({"leaf_scale": 0}, "leaf_scale"), ({"beta": -1}, "beta"), ({"message_lengths": []}, "message_lengths"), ({"message_lengths": [50, -1]}, "message_lengths"),
    ({"fidelity": 1.1}, "fidelity"), ({"fidelity": 0.0}, "fidelity"), ({"fidelity": [0.9, 0.9]}, "fidelity: got shape"), ({"fidelity": lambda m: [1, 2]}, "fidelity"),
    ({"fidelity": "good"}, "fidelity"), ({"correlation": 1.0}, "correlation"), ({"correlation": -0.1}, "correlation"), ({"least_compute": -1}, "least_compute"),
    ({"budget": 1e12, "window": 1e10, "message_lengths": 1.0}, "organisations to try"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "said"), BAD)
def test_bad_input_gets_one_line(changed, said):
    good = {"budget": 1e4, "window": 250, "leaf_scale": 0.01, "beta": 0.2, "message_lengths": 50, "fidelity": 0.9}
    with pytest.raises(BudgetsimError, match=said) as caught:
        organisation_search(**good | changed)
    assert "\n" not in str(caught.value)
