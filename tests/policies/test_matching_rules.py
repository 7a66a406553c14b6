"""Rules of online matching: simulation equals exact propagation and independent twins; guarantees on every input; what they decline."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import linprog

from budgetsim import BudgetsimError, engine
from budgetsim.draws import ROUND, nature_key
from budgetsim.exercises import exercises
from budgetsim.model import REQUEST
from budgetsim.optima.matching_lp import matching_lp
from budgetsim.policies.independent_proposals import independent_proposals
from budgetsim.policies.pivotal_matching import pivotal_matching
from budgetsim.policies.prophet_threshold import prophet_threshold
from budgetsim.policies.ranking import ranking
from budgetsim.policies.secretary_rule import secretary_rule
from budgetsim.policies.water_filling import water_filling
from budgetsim.problems.adwords import adwords, triangle
from budgetsim.problems.bayesian_matching import bayesian_matching
from budgetsim.problems.secretary import secretary
from budgetsim.problems.single_item_prophet import single_item_prophet
from budgetsim.shared.matching import Arrival
from budgetsim.theory.online_matching import adwords_guarantee, fractional_balance, ranking_matches, triangular
from budgetsim.theory.pivotal import greedy_step, hard_family, pivotal_law, propagate, proposal_step
from budgetsim.theory.stopping import expected_maximum, median_of_maximum, secretary_chance
from tests.references import filling as filling_twin
from tests.references import proposals as proposals_twin
from tests.references import stopping_rules as stopping_twin
from tests.test_twins import p_values
from tests.theory.test_pivotal import random_instance, typed

LEVEL = 1e-4
LAWS = ("coupled", "arrivals", "independent")


def rewards(problem, rule, seed, replications):
    return engine.play_block(engine.prepare(problem, rule), seed, 0, replications, np.array([problem.spec.horizon])).reward[:, -1]


def rule_of(law, case, c):
    return independent_proposals(*case, c) if law == "independent" else pivotal_matching(*case, c, law)


def z(sample, mean):
    return abs(sample.mean() - mean) / (sample.std() / math.sqrt(sample.size) + 1e-300)


CROWDED = np.tile(np.array([3.0, 2.0, 1.5, 1.0])[:, None, None], (1, 9, 1)), np.full((9, 1), 0.8)


GAPS = (
    CROWDED[0].repeat(2, axis=2) * [1.0, 2.0],
    np.array([[0.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.0, 0.0], [1.0, 0.0], [0.3, 0.0], [0.0, 0.9], [0.2, 0.8], [1.0, 0.0]]),
)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("case", [random_instance(0), CROWDED, GAPS, typed(9), hard_family(3, 0.2)], ids=["random", "crowded", "gaps", "types", "hard"])
def test_simulation_is_exact_propagation(law, case, seed):
    """Statistical, 40,000 runs of each scale; control: the value at another scale is refused."""
    plan, problem = matching_lp(*case).plan.matched, bayesian_matching(*case)
    for c, other in ((1.0, 0.9), (0.7931, 0.7)):
        exact, wrong = (propagate(*case, proposal_step(*case, plan, x, law)).value for x in (c, other))
        got = rewards(problem, rule_of(law, case, c), seed, 40_000)
        print(f"{law}, c = {c}: {got.mean():.4f}, exact {exact:.4f}")
        assert z(got, exact) < 4.5 and z(got, wrong) > 4.5


def test_priced_rules_are_propagated_exactly(seed):
    case = typed(7)
    off = matching_lp(*case, "offline").plan.matched
    price = 0.5 * np.sum(off * case[0], axis=(1, 2))
    exact, wrong = (propagate(*case, greedy_step(*case, x)).value for x in (price, 0.0))
    got = rewards(bayesian_matching(*case), prophet_threshold(*case), seed, 40_000)
    assert z(got, exact) < 4.5 and z(got, wrong) > 4.5


def joint(free, order, r, p):
    """{(came, matched, free after): chance} of one round by the definition of the coupling: Q first, then what became of it."""
    near = [i for i in order if free >> i & 1]
    upto = np.minimum(np.cumsum([0.0] + [r[i] for i in near]), 1.0), np.minimum(np.cumsum([0.0] + [p * r[i] for i in near]), 1.0)
    rest = (p - p * upto[0][-1]) / (1 - p * upto[0][-1])  # somebody came, though nobody was matched
    out = {}
    for s, q in pivotal_law([p * r[i] for i in near]).items():
        after = free & ~sum(1 << i for k, i in enumerate(near) if s >> k & 1)
        k = (s & -s).bit_length() - 1
        a = p * (upto[0][k + 1] - upto[0][k]) / (upto[1][k + 1] - upto[1][k]) if s else 0.0
        for came, i, chance in ((1, near[k] if s else -1, a), (1, -1, (1 - a) * rest), (0, -1, (1 - a) * (1 - rest))):
            out[came, i, after] = out.get((came, i, after), 0.0) + q * chance
    return out


@pytest.mark.parametrize("r", [(0.3, 0.2, 0.4), (0.9, 0.8, 0.7, 0.9), (1.0, 1.0, 0.5, 0.25, 0.9)])
@pytest.mark.parametrize("p", [0.4, 0.95])
def test_the_coupling_has_its_joint_law(r, p, seed):
    """Statistical, chi-square on who comes, who is matched and who is free afterwards; control: the law at p less a tenth is refused."""
    n, runs = len(r), 20_000
    order = np.arange(n)[::-1].copy()
    rule = pivotal_matching(np.ones((n, 1, 1)), [[p]])
    memory, params = rule.init(bayesian_matching(np.ones((n, 1, 1)), [[p]]).spec)
    params = params._replace(proposal=np.array(r).reshape(1, 1, n), order=order.reshape(1, 1, n))
    view, seen = Arrival(np.ones(n), np.eye(n), np.zeros(1)), {}
    came = np.random.default_rng(seed).random(runs) < p
    for k in range(runs):
        memory.free[:] = 1.0
        view.type[0] = 0.0 if came[k] else -1.0
        i = rule.act(memory, params, view, np.ones(n), 0, nature_key(seed, k, 0, ROUND))
        assert i < 0 or memory.free[i] == 0.0
        what = int(came[k]), int(i), int(sum(1 << j for j in range(n) if memory.free[j]))
        seen[what] = seen.get(what, 0) + 1

    def p_value(law):
        if not set(seen) <= {w for w, q in law.items() if q > 0.0}:
            return 0.0
        want = {w: runs * q for w, q in law.items() if q > 1e-15}
        large = [w for w, x in want.items() if x >= 8]
        small = [sum(v for w, v in d.items() if w not in large) for d in (seen, want)]
        got, told = [seen.get(w, 0) for w in large] + [small[0]], [want[w] for w in large] + [small[1]]
        return stats.chi2.sf(sum((a - b) ** 2 / max(b, 1.0) for a, b in zip(got, told)), len(large) - (small[1] < 1e-9))

    law = joint(2**n - 1, order, r, p)
    assert sum(law.values()) == pytest.approx(1.0, abs=1e-12) and sum(q for w, q in law.items() if w[0]) == pytest.approx(p, abs=1e-12)
    assert p_value(law) > LEVEL > p_value(joint(2**n - 1, order, r, p - 0.1))


# ------------------------------------------------------------------------------------------------ twins
@pytest.mark.parametrize("law", LAWS)
def test_proposals_agree_with_their_twin(law, seed):
    case = CROWDED
    plan = matching_lp(*case).plan.matched[:, :, 0]
    ours = rewards(bayesian_matching(*case), rule_of(law, case, 0.7931), seed, 4000)
    twin, wrong = (proposals_twin.simulate(case[0][:, :, 0], case[1][:, 0], plan, 4000, np.random.default_rng(seed), c, law) for c in (0.7931, 0.6))
    print(f"{law}: ours {ours.mean():.3f} +- {ours.std() / 63:.3f}, twin {twin.mean():.3f}, with c = .6 {wrong.mean():.3f}")
    assert min(p_values(ours, twin)) > LEVEL > p_values(ours, wrong)[0]


def test_ranking_agrees_with_its_twin(seed):
    worth = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 5.0])
    bids = (np.random.default_rng(4).random((6, 6)) < 0.5) * worth
    problem = adwords(bids, worth)
    ours = rewards(problem, ranking(), seed, 20_000)
    twin, wrong = (filling_twin.rank(bids, 20_000, np.random.default_rng(seed), slope) for slope in (1.0, 12.0))
    print(f"ranking: ours {ours.mean():.3f} +- {ours.std() / 141:.3f}, twin {twin.mean():.3f}, slope 12 {wrong.mean():.3f}")
    assert min(p_values(ours, twin)) > LEVEL > p_values(ours, wrong)[0]


@pytest.mark.parametrize("nodes", [2, 3, 4])
def test_m2_by_simulation(nodes, seed):
    """Statistical; control: half a match less is refused."""
    got, exact = rewards(triangle(nodes), ranking(), seed, 20_000), float(ranking_matches(triangular(nodes)))
    assert z(got, exact) < 4.5 < z(got, exact - 0.05)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_water_filling_is_its_twin(data):
    """Exact, to rounding: what each query pays decides the next."""
    n, horizon, ratio = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 12)), data.draw(st.sampled_from([0.0, 0.1, 1.0]))
    bids = np.array(data.draw(st.lists(st.floats(0.0, 1.0), min_size=n * horizon, max_size=n * horizon))).reshape(horizon, n)
    budgets = np.array(data.draw(st.lists(st.floats(0.5, 3.0), min_size=n, max_size=n)))
    bids += 1e-3 * np.sqrt(np.arange(1.0, bids.size + 1)).reshape(bids.shape) * (bids > 0)  # no ties
    got = rewards(adwords(bids, budgets), water_filling(ratio), 0, 1)[0]
    assert got == pytest.approx(filling_twin.fill(bids, budgets, ratio), rel=1e-9)


def test_secretary_rule_agrees_with_its_twin_and_the_formula(seed):
    for n, r in ((10, 3), (20, 7)):
        ours = rewards(secretary(n), secretary_rule(), seed, 40_000)
        twin, wrong = (stopping_twin.secretary(n, 40_000, np.random.default_rng(seed), x) for x in (r, r // 2 - 1))
        print(f"secretary, n = {n}: ours {ours.mean():.4f}, twin {twin.mean():.4f}, formula {secretary_chance(n, r):.4f}, wrong r {wrong.mean():.4f}")
        assert p_values(ours, twin)[0] > LEVEL > p_values(ours, wrong)[0]
        assert z(ours, secretary_chance(n, r)) < 4.5 < z(ours, secretary_chance(n, r // 2 - 1))
    with_r = rewards(secretary(20), secretary_rule(12), seed, 40_000)
    assert z(with_r, secretary_chance(20, 12)) < 4.5


@pytest.mark.parametrize("rule", ["half_mean", "median", "prices"])
def test_prophet_threshold_agrees_with_its_twin(rule, seed):
    v, p = np.tile([1.0, 2.0, 4.0, 8.0, 16.0], (12, 1)), np.tile([0.6, 0.2, 0.1, 0.06, 0.04], (12, 1))
    prophet = expected_maximum(v, p)
    price, tie = median_of_maximum(v, p) if rule == "median" else (0.5 * (prophet if rule == "half_mean" else matching_lp(v[None], p, "offline").value), 1.0)
    ours = rewards(single_item_prophet(v, p), prophet_threshold(v[None], p, rule), seed, 10_000)
    twin, wrong = (stopping_twin.threshold(v, p, 10_000, np.random.default_rng(seed), x, tie) for x in (price, 1.0))
    print(
        f"{rule}: price {price:.3f}, ours {ours.mean():.3f} +- {ours.std() / 100:.3f}, twin {twin.mean():.3f}, price 1 {wrong.mean():.3f}, prophet {prophet:.3f}"
    )
    assert min(p_values(ours, twin)) > LEVEL > p_values(ours, wrong)[0] and ours.mean() > 0.5 * prophet


# ------------------------------------------------------------------------------------------------ guarantees
def hindsight(bids, budgets):
    horizon, n = bids.shape
    rows = np.vstack([np.kron(np.eye(horizon), np.ones(n)), *[(bids * (np.arange(n) == i)).ravel() for i in range(n)]])
    return -linprog(-bids.ravel(), rows, np.concatenate([np.ones(horizon), budgets]), method="highs").fun


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_m3_on_every_input(data):
    """M3: `water_filling(R)` earns at least (1 - 1/c)(1 - R) of the optimum, bids at most R of a budget."""
    n, horizon = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 14))
    ratio = data.draw(st.sampled_from([0.05, 0.2, 0.5, 1.0]))
    budgets = np.array(data.draw(st.lists(st.sampled_from([1.0, 2.0, 5.0]), min_size=n, max_size=n)))
    share = np.array(data.draw(st.lists(st.sampled_from([0.0, 0.3, 0.9, 1.0]), min_size=n * horizon, max_size=n * horizon))).reshape(horizon, n)
    bids = np.repeat(ratio * share * budgets, max(1, round(0.3 / ratio)), axis=0)
    earned = rewards(adwords(bids, budgets), water_filling(ratio), 0, 1)[0]
    assert earned >= adwords_guarantee(ratio) * hindsight(bids, budgets) - 1e-9


def greedy(bids, budgets):
    """The first of the highest bids that somebody can pay."""
    left, total = np.array(budgets), 0.0
    for bid in bids:
        pay = np.minimum(bid, left)
        left[pay.argmax()] -= pay.max()
        total += pay.max()
    return total


def test_m1_by_water_filling():
    """With budgets of 100 units water filling is fractional Balance to 1%; control: greedy, which takes the first of the highest bids, gets half, below the guarantee."""
    for nodes in (2, 5, 10):
        share = rewards(triangle(nodes, 100), water_filling(), 0, 1)[0] / (100 * nodes)
        print(f"triangle({nodes}): {share:.4f}, fractional {fractional_balance(triangular(nodes)).mean():.4f}, guarantee {adwords_guarantee(0.01):.4f}")
        assert share == pytest.approx(fractional_balance(triangular(nodes)).mean(), abs=0.01) and share >= adwords_guarantee(0.01)
    bids, full = np.repeat([[1.0, 1.0], [1.0, 0.0]], 50, axis=0), [50.0, 50.0]
    assert rewards(adwords(bids, full), water_filling(), 0, 1)[0] >= 75 and greedy(bids, full) == 50 < 100 * adwords_guarantee(0.02)


# ------------------------------------------------------------------------------------------------ refusals
CASE = random_instance(0)
SPEC = bayesian_matching(*CASE).spec


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: pivotal_matching(*CASE, c=1.5), "c: got 1.5"),
        (lambda: pivotal_matching(*CASE, discard="never"), "discard: got 'never'"),
        (lambda: pivotal_matching(*CASE).init(exercises(REQUEST)[0].spec), "pivotal_matching: got another problem"),
        (lambda: pivotal_matching(*CASE).init(adwords([[1.0]], [1.0]).spec), "pivotal_matching: got another problem"),
        (lambda: pivotal_matching(CASE[0][:3], CASE[1]).init(SPEC), "got 3 nodes and 8 rounds"),
        (lambda: independent_proposals(CASE[0], CASE[1][:5]).init(SPEC), "weight: got shape"),
        (lambda: independent_proposals(*CASE, c=-1.0), "c: got -1.0"),
        (lambda: prophet_threshold(*CASE, rule="mean"), "rule: got 'mean'"),
        (lambda: prophet_threshold(*CASE, rule="median").init(SPEC), "rule: got 'median' with 4 nodes"),
        (lambda: water_filling(2.0), "ratio: got 2.0"),
        (lambda: water_filling().init(secretary(3).spec), "water_filling: got requests without"),
        (lambda: ranking().init(secretary(3).spec), "ranking: got requests without"),
        (lambda: secretary_rule(-1), "rejected: got -1"),
        (lambda: secretary_rule().init(SPEC), "secretary_rule: got another problem"),
        (lambda: bayesian_matching([[[1.0]]], [[1.2]]), "probability: got 1.2"),
        (lambda: bayesian_matching([[[-1.0]]], [[1.0]]), "weight: got -1.0"),
        (lambda: bayesian_matching(np.ones((0, 1, 1)), [[1.0]]), "weight: got an empty array"),
        (lambda: adwords([[1.0, np.nan]], [1.0, 1.0]), "bids: got nan"),
        (lambda: adwords([[1.0, 1.0]], [1.0, 0.0]), "budgets: got 0 at"),
        (lambda: adwords([[1.0, 1.0]], [1.0]), "budgets: got shape"),
        (lambda: adwords(np.ones((0, 2)), [1.0, 1.0]), "bids: got an empty array"),
        (lambda: adwords([[1.0]], [1.0], "shuffled"), "arrivals: got 'shuffled'"),
        (lambda: single_item_prophet([1.0, 2.0], [0.5, 0.5]), "horizon: got None"),
        (lambda: single_item_prophet([[1.0, 2.0]], [[0.5, 0.4]]), "value_probability: sums to 0.9"),
        (lambda: single_item_prophet([[1.0, 2.0]], [[0.5, 0.5]], 3), "horizon: got 3"),
        (lambda: secretary(0), "candidates: got 0"),
        (lambda: secretary(5, 6), "top: got 6"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_an_advertiser_pays_what_he_has():
    """Two bids of 2 on a budget of 3: 3 with partial payment, 2 without."""
    for partial, worth in ((True, 3.0), (False, 2.0)):
        assert rewards(adwords([[2.0], [2.0]], [3.0], partial=partial), water_filling(), 0, 1)[0] == worth


def test_nobody_is_matched_twice_or_to_nobody(seed):
    """Traces of 200 runs: each node at most once, -1 where nobody came."""
    case = typed(9)
    for law in LAWS:
        game = engine.prepare(bayesian_matching(*case), rule_of(law, case, 1.0))
        log = engine.play_block(game, seed, 0, 200, np.array([len(case[1])]), trace=True)
        assert not log.void[:, -1].any()
        for run in log.action[:, :, 0]:
            taken = [i for i in run if i >= 0]
            assert len(set(taken)) == len(taken)
