"""The best static cache: every method agrees, every bound is a bound, and the properties of F that all of it rests on."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from budgetsim import BudgetsimError, folders
from budgetsim.optima.static_cache_optimum import price_bound, static_cache_optimum
from budgetsim.problems.adapter_cache import adapter_cache
from budgetsim.shared.adapter_rules import cache_value, greedy_cache, savings

sixteenths = st.integers(-16, 16).map(lambda i: i / 16)  # exact in binary: sums of them carry no rounding


@st.composite
def instances(draw, most=8):
    """Utilities (T, N), a miss cost, K, two nested caches and an adapter outside the larger."""
    t, n = draw(st.integers(1, 12)), draw(st.integers(2, most))
    u = draw(arrays(float, (t, n), elements=sixteenths))
    order, b = draw(st.permutations(range(n))), draw(st.integers(0, n - 1))
    return u, draw(st.integers(0, 16)) / 16, draw(st.integers(1, n)), order[: draw(st.integers(0, b))], order[:b], order[b]


def by_hand(u, c, k):
    return max(cache_value(u, c, s) for s in itertools.combinations(range(u.shape[1]), k))


@settings(max_examples=300)
@given(instances())
def test_monotone_and_submodular(case):
    """Property 1 of the (f) list: A in B gives F(A) <= F(B), and an adapter adds to B at most what it adds to A."""
    u, c, _, a, b, e = case
    f = lambda cache: cache_value(u, c, cache)  # noqa: E731
    assert f(a) <= f(b) <= f([*b, e])
    assert f([*a, e]) - f(a) >= f([*b, e]) - f(b)


@settings(max_examples=300)
@given(instances())
def test_no_cache_is_worth_more_than_all_misses(case):
    """Property 2 of the (f) list: F(all) - F(C) <= c T."""
    u, c, _, a, _, _ = case
    full = cache_value(u, c, range(u.shape[1]))
    assert 0.0 <= full - cache_value(u, c, a) <= c * len(u)
    assert full - cache_value(u, c, ()) == c * len(u), "with nothing resident it is an equality, as in (g): 3211 - 2611 = .15 * 4000"


def test_a_supermodular_function_would_be_told_apart():
    """Control: were a request served only with two adapters resident together, the second would add more than the first."""
    f = lambda cache: float(len(cache) >= 2)  # noqa: E731
    assert not f([1]) - f([]) >= f([0, 1]) - f([0])


@settings(max_examples=200)
@given(instances())
def test_greedy_keeps_its_certificate(case):
    """Property 7 of the (f) list: F(greedy) - F({}) >= (1 - 1/e) (F(best) - F({})); lazily the same cache as plainly."""
    u, c, k, *_ = case
    v, base = savings(u, c), cache_value(u, c, ())
    lazy, plain = greedy_cache(v, k), []
    while len(plain) < k:
        plain.append(max((n for n in range(u.shape[1]) if n not in plain), key=lambda n: (cache_value(u, c, [*plain, n]), -n)))
    assert lazy == plain
    assert cache_value(u, c, lazy) - base >= (1 - math.exp(-1)) * (by_hand(u, c, k) - base) - 1e-12


@settings(max_examples=200)
@given(instances(), st.integers(0, 2**32 - 1))
def test_any_prices_bound_every_cache(case, seed):
    u, c, k, *_ = case
    price = np.random.default_rng(seed).normal(size=len(u)) * max(c, 0.1)
    assert cache_value(u, c, ()) + price_bound(savings(u, c), k, price) >= by_hand(u, c, k)


@settings(max_examples=200, deadline=None)
@given(instances(6))
def test_every_method_agrees(case):
    """Property 8 of the (f) list: the exact methods are equal, the other two enclose them."""
    u, c, k, *_ = case
    exact = by_hand(u, c, k)
    for method in ("auto", "enumeration", "milp", "lp", "greedy"):
        found = static_cache_optimum(u, c, k, method=method)
        assert found.lower <= exact <= found.upper and found.kind == "certified"
        assert len(set(found.plan.cache)) == k and found.lower <= cache_value(u, c, found.plan.cache)
        if method in ("enumeration", "milp"):
            assert found.upper - found.lower <= 1e-9 and found.value == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("method", ["enumeration", "milp"])
def test_exact_methods_agree_where_the_relaxation_does_not(method, seed):
    g = np.random.default_rng(seed)
    u = g.random((120, 12))
    found, relaxed = static_cache_optimum(u, 0.3, 4, method=method), static_cache_optimum(u, 0.3, 4, method="lp")
    assert found.value == pytest.approx(by_hand(u, 0.3, 4), abs=1e-9) and found.upper - found.lower < 1e-9
    assert relaxed.value > found.upper + 1e-3, "a gap that only branching closes"


def test_an_open_proof_says_so(monkeypatch, seed):
    """With no node to spend the bound is weaker, still a bound, and apart from `lower`."""
    from budgetsim.optima import static_cache_optimum as module

    u = np.random.default_rng(seed).random((60, 12))
    monkeypatch.setattr(module, "NODES", 1)
    found = static_cache_optimum(u, 0.3, 4, method="milp")
    assert found.lower <= by_hand(u, 0.3, 4) < found.upper - 1e-3


def test_by_hand():
    u = [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0], [0.75, 0.75, 0.0]]
    assert static_cache_optimum(u, 0.25, 1).plan.cache == (0,) and static_cache_optimum(u, 0.25, 1).value == 2.5
    assert static_cache_optimum(u, 0.25, 3).value == 2.75 and static_cache_optimum(u, 0.0, 1).value == 2.75


def test_it_is_bound_to_a_problem_with_given_contexts():
    problem = adapter_cache(np.eye(3), 2, 4, contexts=[[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert folders.bind(static_cache_optimum, problem).plan.cache == (0, 1)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"utility": np.zeros((0, 3))}, "utility"),
        ({"utility": [[1.0, math.nan]]}, "utility"),
        ({"utility": [1.0, 2.0]}, "utility"),
        ({"miss_cost": -0.1}, "miss_cost"),
        ({"slots": 0}, "slots"),
        ({"slots": 3}, "slots"),
        ({"method": "milps"}, "milp"),
    ],
)
def test_wrong_arguments(wrong, named):
    with pytest.raises(BudgetsimError, match=named):
        static_cache_optimum(**{"utility": [[1.0, 0.5]], "miss_cost": 0.1, "slots": 1, **wrong})
