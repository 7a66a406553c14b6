"""The chain of bounds: every member where it exists, what is missing and why, and that a wrong order is refused."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import budgetsim as bs
from budgetsim import arrivals
from budgetsim.optima.request_dp import request_dp
from budgetsim.policies.greedy_allocation import greedy_allocation
from budgetsim.policies.pivotal_matching import pivotal_matching
from budgetsim.problems.bayesian_matching import bayesian_matching
from budgetsim.problems.online_allocation import online_allocation
from budgetsim.problems.typed_allocation import typed_allocation
from budgetsim.theory.pivotal import hard_family
from tests.optima.test_fluid_request_lp import best_online


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_the_best_online_rule_is_that_of_enumeration(seed):
    """Backward induction over what is left = backward induction over all histories, for laws that differ by round; infinite and ample budgets too."""
    g = np.random.default_rng(seed)
    horizon, types, n, d = int(g.integers(1, 5)), int(g.integers(1, 4)), int(g.integers(1, 3)), int(g.integers(1, 3))
    r, c = np.round(g.normal(0.5, 0.5, (types, n)), 2), g.integers(0, 3, (types, n, d)).astype(float)
    b = np.where(g.random(d) < 0.2, np.inf, g.uniform(0, 2 * horizon, d))
    p = g.dirichlet(np.ones(types), horizon)
    sequences = np.array(list(itertools.product(range(types), repeat=horizon)))
    chance = np.prod(p[np.arange(horizon), sequences], axis=1)
    best = request_dp(r, c, p, b, horizon)
    assert best.value == pytest.approx(best_online(r, c, b, sequences, chance), abs=1e-9)
    assert best.lower <= best.value <= best.upper


def laws():
    """One problem with whole costs for each arrival model whose rounds are independent."""
    reward, cost = [[1.0, 0.3], [0.5, 0.4]], [[[1.0, 2.0], [0.0, 1.0]], [[2.0, 0.0], [1.0, 0.0]]]
    return [
        typed_allocation(reward, cost, [0.4, 0.6], [4.0, 5.5], 12),
        typed_allocation(reward, cost, [[0.9, 0.1], [0.2, 0.8]], [4.0, 5.5], 12, "phases"),
        typed_allocation(reward, cost, [[0.9, 0.1], [0.2, 0.8]], [4.0, 5.5], 12, "periodic"),
    ]


def test_every_member_in_order():
    found = bs.chain(laws()[0], [greedy_allocation()], replications=150)
    assert [link.name for link in found.links] == ["fluid", "E[hindsight LP]", "E[hindsight 0-1]", "best online", "greedy_allocation"] and not found.missing
    assert all(link.low <= link.value <= link.high for link in found.links)
    assert all(a.value >= b.low for a, b in itertools.pairwise(found.links))
    assert "fluid >= E[hindsight] >= best online >= rule" in str(found) and f"{found.links[3].value:.6g}" in str(found)


def test_the_law_of_each_round():
    """What the best rule is told of phases and periods is the law of each round, written out."""
    for problem, rounds in zip(laws()[1:], ([0] * 6 + [1] * 6, [0, 1] * 6), strict=True):
        facts, missing = problem.instance, []
        best = request_dp(facts.type_reward, facts.type_cost, facts.law_probability[rounds], problem.spec.budget, 12)
        assert arrivals._best(problem, missing).value == best.value <= arrivals._fluid(problem, missing).high and not missing


def test_matching_has_a_philosopher_and_a_prophet():
    market = hard_family(3, tiny=0.2)
    found = bs.chain(bayesian_matching(*market), [pivotal_matching], replications=150)
    names = [link.name for link in found.links]
    assert names[:4] == ["fluid", "E[hindsight LP]", "E[hindsight 0-1]", "best online"] and names[4].startswith("pivotal_matching")
    assert found.links[1].value == pytest.approx(found.links[2].value, rel=1e-6)  # matchings are integral


def test_a_wrong_order_is_refused(monkeypatch):
    """Controls: a fluid program told too few of the good type; a hindsight bound that is too low; a best rule that is too good."""
    right = laws()[0]
    assert bs.chain(right, replications=60).links
    wrong = right._replace(instance=right.instance._replace(type_probability=np.array([0.02, 0.98])))
    with pytest.raises(bs.BudgetsimError, match=r"chain: .* is at least .*, above fluid, which is at most"):
        bs.chain(wrong, replications=60)
    real = arrivals.dual_bound
    with monkeypatch.context() as patched:
        patched.setattr(arrivals, "request_dp", lambda *a: request_dp(*a)._replace(value=6.0, lower=6.0, upper=6.0))
        with pytest.raises(bs.BudgetsimError, match=r"chain: best online is at least 6, above (fluid|E\[hindsight)"):
            bs.chain(right, replications=60)
    monkeypatch.setattr(arrivals, "dual_bound", lambda *a: (lambda best: best._replace(lower=best.lower / 2, upper=best.upper / 2))(real(*a)))
    monkeypatch.setattr(arrivals, "_WHOLE", 0)
    with pytest.raises(bs.BudgetsimError, match=r"chain: greedy_allocation earned .* in replication \d+, whose hindsight bound is"):
        bs.chain(right._replace(instance=right.instance), greedy_allocation, replications=60)


def test_what_is_missing_says_why():
    g = np.random.default_rng(1)
    shuffled = online_allocation(g.random((60, 2)), g.random((60, 2, 1)), 9.0, "random_order")
    found = bs.chain(shuffled, replications=3)
    assert [link.how for link in found.links] == ["the same in 3 replications"]
    assert [m.split(":")[0] for m in found.missing] == ["fluid", "best online", "E[hindsight 0-1]"]
    broken = typed_allocation([[1.0]], [[0.3]], None, 4.0, 20)
    assert "best online: type_cost: got 0.3" in str(bs.chain(broken, replications=3))
    for foreign in (bs.knapsack_bandit([0.5], [[0.1]], [1.0], 10), shuffled._replace(spec=shuffled.spec._replace(law=bs.STOP))):
        with pytest.raises(bs.BudgetsimError, match="problem: got"):
            bs.chain(foreign)
    with pytest.raises(bs.BudgetsimError, match="replications"):
        bs.chain(shuffled, replications=1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([[1.0]], [[0.5]], [1.0], 3.0, 3), "type_cost: got .*0.5"),
        (([[1.0]], [[1.0]], [0.9], 3.0, 3), "type_probability"),
        (([[1.0]], [[1.0]], [1.0], -1.0, 3), "budget: got -1"),
        (([[np.nan]], [[1.0]], [1.0], 1.0, 3), "type_reward: got nan"),
        ((np.array([[1j]]), [[1.0]], [1.0], 1.0, 3), "type_reward: got .*allowed: an array of numbers"),
        (([[1.0]], [[1.0]], [1.0], 1e9, 10**10), "budget, horizon: got"),
    ],
)
def test_bad_input(arguments, says):
    with pytest.raises(bs.BudgetsimError, match=says):
        request_dp(*arguments)


def test_no_resource_at_all():
    assert request_dp([[1.0, 2.0], [-1.0, 0.5]], np.zeros((2, 2, 0)), [0.5, 0.5], [], 4).value == pytest.approx(5.0)
