"""Routing: section 4f of the specification, its exact numbers, twins, and what the null option changes."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim import BudgetsimError, engine
from budgetsim.model import VOID
from budgetsim.optima.dual_bound import dual_bound
from budgetsim.optima.hindsight_lp import hindsight_lp
from budgetsim.policies.batch_split import batch_split
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.policies.greedy_cost import greedy_cost
from budgetsim.policies.greedy_quality import greedy_quality
from budgetsim.policies.port import boxed_price, port
from budgetsim.policies.random_option import random_option
from budgetsim.problems.online_allocation import online_allocation
from budgetsim.problems.query_routing import query_routing
from budgetsim.shared.routing import sample_program, whole_program
from budgetsim.theory.synthetic_router_bench import split_budget, synthetic_router_bench

from ..references import routing as twin
from ..test_twins import p_values
from .tiny import played

LEVEL = 1e-4
MANY = settings(max_examples=200, deadline=None)
#: the instance of section 4g
LP1 = np.array([[1, 0.8, 0.6, 0.2], [0.5, 0.5, 0.9, 0.4]]).T, np.array([[2, 1, 2, 1], [1, 1, 1, 1]], float).T, np.array([3.0, 2.0])


def rules(block=4):
    return [port(0.3), port(0.3, null_option=False), batch_split(block), batch_split(block, "linear"), greedy_cost(), greedy_quality(), random_option(), dual_descent()]


@st.composite
def days(draw, most=6, models=3, equal=True):
    """Scores in [0, 1], costs > 0 and budgets (some 0) of a few queries, and an order of the models."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    t, m = draw(st.integers(1, most)), draw(st.integers(1, models))
    if equal and draw(st.booleans()):  # ties
        d, g = rng.integers(0, 3, (t, m)) / 2, rng.integers(1, 4, (t, m)).astype(float)
    else:
        d, g = rng.random((t, m)), rng.uniform(0.1, 3.0, (t, m))
    return d, g, rng.integers(0, 5, m).astype(float) if draw(st.booleans()) else rng.uniform(0, 4, m), rng.permutation(m)


def wide(g):
    return np.where(np.eye(g.shape[1], dtype=bool), g[:, :, None], 0.0)


def best_plan(d, g, budget):
    """By enumeration: the most that whole plans earn."""
    t, m = d.shape
    choice = np.stack(np.meshgrid(*[np.arange(m + 1)] * t, indexing="ij"), -1).reshape(-1, t)
    earned, paid = np.hstack([d, np.zeros((t, 1))]), np.dstack([wide(g).transpose(0, 2, 1), np.zeros((t, m, 1))])
    fits = np.all(sum(paid[j][:, choice[:, j]] for j in range(t)) <= budget[:, None] * (1 + 1e-12), axis=0)
    return float(sum(earned[j, choice[:, j]] for j in range(t))[fits].max())


def dual(price, d, g, budget, null=True):
    score = (d - g * price).max(axis=1)
    return float(price @ budget + (np.maximum(score, 0.0) if null else score).sum())


# ------------------------------------------------------------------------------------------------ section 4f
@MANY
@given(days(most=8), st.integers(0, 7), st.booleans(), st.integers(0, 2**32))
def test_budgets_hold_and_queries_are_counted(day, which, shuffled, seed):
    """Property 1 of the (f) list: no budget is exceeded; served + lost = N; performance <= throughput."""
    d, g, budget, _ = day
    problem = query_routing(d, g, budget, np.sqrt(d), g * 1.3, "random" if shuffled else "as_given", lookahead=4)
    log = played(problem, rules()[which], seed=seed)
    served, lost = log.pulls[0, -1].sum(), log.void[0, -1] + (log.action[0, :, 0] < 0).sum()
    assert np.all(log.spent[0] <= budget * (1 + 1e-12)) and served + lost == len(d) == log.rounds[0, -1]
    assert log.reward[0, -1] <= served + 1e-12
    assert log.void[0, -1] == (log.status[0] == VOID).sum()


@MANY
@given(days(), st.lists(st.floats(0, 5), min_size=3, max_size=3))
def test_every_price_bounds_the_program_and_the_best_meets_it(day, price):
    """Property 2: min F (with zero) = LP to 1e-7; any gamma >= 0 gives F >= LP."""
    d, g, budget, _ = day
    best = hindsight_lp(d, wide(g), budget)
    least = dual_bound(d, wide(g), budget)
    assert least.upper == pytest.approx(best.value, abs=1e-7) and dual(best.dual, d, g, budget) == pytest.approx(best.value, abs=1e-7)
    assert dual(np.array(price[: len(budget)]), d, g, budget) >= best.lower


@MANY
@given(days(equal=False), st.floats(1e-5, 1e4))
def test_prices_scale_with_rewards_and_routing_does_not_change(day, alpha):
    """Property 3, and gamma*(alpha) = alpha gamma*(1): so the rule with the null option routes alike for every alpha."""
    d, g, budget, _ = day
    x, price = sample_program(d, wide(g), budget)
    y, scaled = sample_program(alpha * d, wide(g), budget)
    assert (alpha * d * y).sum() == pytest.approx(alpha * (d * x).sum(), rel=1e-6, abs=1e-9 * alpha)
    assert dual(scaled / alpha, d, g, budget) == pytest.approx(dual(price, d, g, budget), rel=1e-6, abs=1e-6)
    logs = [played(query_routing(d, g, budget), port(0.5, a), seed=3) for a in (1.0, alpha)]
    np.testing.assert_array_equal(logs[0].action, logs[1].action)


@MANY
@given(days(most=9))
def test_few_queries_are_split_and_whole_plans_are_near(day):
    """Property 4: at most M fractional queries in a vertex; MILP <= LP <= MILP + M max d."""
    d, g, budget, _ = day
    x, _ = sample_program(d, wide(g), budget)
    assert np.any((x > 1e-7) & (x < 1 - 1e-7), axis=1).sum() <= len(budget)
    fit = d[:6], g[:6]
    whole, best = best_plan(*fit, budget), hindsight_lp(fit[0], wide(fit[1]), budget)
    assert whole <= best.upper and best.lower <= whole + len(budget) * fit[0].max() + 1e-9
    plan = whole_program(fit[0], wide(fit[1]), budget, 0.0)
    assert (plan * fit[0]).sum() == pytest.approx(whole, abs=1e-6)


@MANY
@given(days(), st.integers(0, 7), st.sampled_from([0.0, 0.01, 0.5, 2.0]), st.integers(0, 2**32))
def test_no_rule_beats_the_best_whole_plan_and_budgets_help(day, which, more, seed):
    """Property 5: every online policy <= MILP; raising one B_i never lowers the LP."""
    d, g, budget, order = day
    log = played(query_routing(d, g, budget, lookahead=4), rules()[which], seed=seed)
    assert log.reward[0, -1] <= best_plan(d, g, budget) + 1e-9
    raised = budget + more * (np.arange(len(budget)) == order[0])
    assert hindsight_lp(d, wide(g), raised).upper >= hindsight_lp(d, wide(g), budget).lower


@MANY
@given(days(equal=False))
def test_a_model_less_never_helps_and_names_do_not_matter(day):
    """Property 6: B_i = 0 never raises the LP; permuting models permutes the solution: value, and the prices are as good."""
    d, g, budget, order = day
    best = hindsight_lp(d, wide(g), budget)
    without = hindsight_lp(d, wide(g), budget * (np.arange(len(budget)) != order[0]))
    assert without.lower <= best.upper
    permuted = hindsight_lp(d[:, order], wide(g[:, order]), budget[order])
    assert permuted.value == pytest.approx(best.value, abs=1e-7)
    assert dual(permuted.dual, d[:, order], g[:, order], budget[order]) == pytest.approx(dual(best.dual[order], d[:, order], g[:, order], budget[order]), abs=1e-7)


def test_the_ratio_of_prices_learnt_once_rises_with_the_number_of_queries(seed):
    """Property 7, exact features, epsilon = .05: statistical, and greedy by quality is the control that does not rise."""
    ratio = {}
    for n in (500, 4000):
        for k in range(12):
            bench = synthetic_router_bench(n, 50, seed=k)
            budget = split_budget(bench.reward, bench.cost)
            problem = query_routing(bench.reward, bench.cost, budget, order="random")
            best = dual_bound(bench.reward, problem.instance.cost, budget).upper
            for rule in (port(0.05), greedy_quality()):
                runs = engine.play_block(engine.prepare(problem, rule), seed, 0, 5, np.array([n]))
                ratio.setdefault((rule.name[:4], n), []).append(runs.reward[:, -1].mean() / best)
    print({k: f"{np.mean(v):.3f} (sd {np.std(v):.3f})" for k, v in ratio.items()}, "printed .627 (sd .072) at 500, .846 at 2000, .922 at 8000")
    assert stats.ttest_ind(ratio["port", 4000], ratio["port", 500], equal_var=False, alternative="greater").pvalue < LEVEL
    assert stats.ttest_ind(ratio["gree", 4000], ratio["gree", 500], equal_var=False, alternative="greater").pvalue > LEVEL


@MANY
@given(days(most=8), st.integers(0, 2**32))
def test_greedy_cost_never_looks_at_scores(day, seed):
    """Property 8: its routing depends on estimated costs and budgets only, never on a score, shown or true, nor on true costs."""
    d, g, budget, _ = day
    other = np.random.default_rng(seed)
    one = played(query_routing(d, g, budget), greedy_cost())
    two = played(query_routing(other.random(d.shape), g * other.uniform(0.5, 2, g.shape), budget, other.random(d.shape), g), greedy_cost())
    np.testing.assert_array_equal(one.action, two.action)


# ------------------------------------------------------------------------------------------------ section 4g
def test_the_small_program():
    """LP-1: LP = MILP = 3.1 with its plan; (.3, .4) is a dual price."""
    d, g, budget = LP1
    best = hindsight_lp(d, wide(g), budget)
    assert best.value == pytest.approx(3.1, abs=1e-12) == best_plan(d, g, budget)
    np.testing.assert_allclose(best.plan, [[1, 0], [1, 0], [0, 1], [0, 1]], atol=1e-9)
    assert dual(np.array([0.3, 0.4]), d, g, budget) == pytest.approx(3.1, abs=1e-12)


def test_a_forced_program_has_no_end():
    """Without the zero: F(t, t) = .6, -17.4, -197.4 at t = 1, 10, 100 on LP-1 with B = (1, 1); with it F stays above the LP."""
    d, g, _ = LP1
    budget = np.ones(2)
    forced = [dual(np.full(2, float(t)), d, g, budget, null=False) for t in (1, 10, 100)]
    np.testing.assert_allclose(forced, [0.6, -17.4, -197.4], atol=1e-9)
    assert all(dual(np.full(2, float(t)), d, g, budget) >= hindsight_lp(d, wide(g), budget).lower for t in (0, 1, 10, 100))
    assert dual(boxed_price(d, wide(g), budget, 1.0), d, g, budget, null=False) == pytest.approx(0.6, abs=1e-6)  # the released code's box stops the fall at (1, 1)


def test_the_published_headline_averages():
    """4b 6: 3.55x, 1.85x, 4.25x are plain means over 8 baselines x 3 data sets of PORT / baseline in the printed table; the specification's 1.849 is 1.8496 cut short."""
    from budgetsim.folders import load_file

    from ..test_every_scenario import FILES

    table = load_file(FILES["wu2025_routing"]).PUBLISHED["main table"]
    found = []
    for value in (lambda r: r[0], lambda r: r[0] / r[1], lambda r: r[2]):
        found.append(np.mean([value(table["PORT"][s]) / value(row[s]) for name, row in table.items() if name not in ("PORT", "Approx. optimum", "Optimum") for s in range(3)]))
    np.testing.assert_allclose(found, [3.5531, 1.8496, 4.2533], atol=5e-5)
    assert np.round(found, 2).tolist() == [3.55, 1.85, 4.25]


PRINTED = {"LP": 2695.8, "approximate optimum": 1491, "port, null option": 1263, "port, released": 941, "batch_split": 911, "greedy_cost": 792, "random_option": 666, "greedy_quality": 557}


def test_the_synthetic_table(seed):
    """4g: generator dependent, so the order is asserted where it is clear: LP > estimates > PORT with the null option > released > batch > greedy and random."""
    bench = synthetic_router_bench(4000)
    budget = split_budget(bench.reward, bench.cost)
    problem = query_routing(bench.reward, bench.cost, budget, bench.estimated_reward, bench.estimated_cost, "random", 256)
    found = {"LP": dual_bound(bench.reward, problem.instance.cost, budget).lower}
    x, _ = sample_program(bench.estimated_reward, problem.instance.estimated_cost, budget)
    sent = query_routing(bench.reward, bench.cost, budget, (x >= x.max(axis=1, keepdims=True)) * (x > 1e-9) * 1.0, bench.cost)
    found["approximate optimum"] = played(sent, dual_descent(eta=0.0), path="rows").reward[0, -1]  # at price 0: where x points
    for name, rule in zip(("port, null option", "port, released", "batch_split", "greedy_cost", "random_option", "greedy_quality"),
                          (port(), port(null_option=False), batch_split(), greedy_cost(), random_option(), greedy_quality()), strict=True):  # fmt: skip
        found[name] = float(played(problem, rule, seed, 3 if name == "batch_split" else 6, "rows").reward[:, -1].mean())
    for name, value in found.items():
        print(f"{name}: printed {PRINTED[name]}, ours {value:.0f}")
    order = list(found.values())
    assert order[:5] == sorted(order[:5], reverse=True) and order[4] > max(order[5:])


# ------------------------------------------------------------------------------------------------ twins: the same actions on a fixed order
def stream(seed, t=600, m=4):
    rng = np.random.default_rng(seed)
    d, g = rng.random((t, m)), rng.lognormal(0, 0.6, (t, m)) * [1.0, 2.0, 3.0, 4.0] * 1e-4
    seen = np.clip(d + rng.normal(0, 0.2, d.shape), 0, None), g * rng.uniform(0.5, 1.5, g.shape)
    return d, g, *seen, 0.06 * t * np.array([2.0, 2.0, 2.5, 3.0]) * 1e-4


def taken(log):
    return log.action[0, :, 0].astype(int)


@pytest.mark.parametrize("null", [True, False])
@pytest.mark.parametrize("alpha", [1e-4, 1e-2])
def test_port_does_what_its_twin_does(null, alpha, seed):
    d, g, dh, gh, budget = stream(seed)
    ours = taken(played(query_routing(d, g, budget, dh, gh), port(0.1, alpha, null), seed, path="rows"))
    np.testing.assert_array_equal(ours, twin.port(dh, gh, budget, ours[:60], 0.1, alpha, null))
    assert np.any(ours != twin.port(dh, gh, budget, ours[:60], 0.1, alpha, not null))  # controls: the other maximum, another weight of the budget
    assert (alpha, null) == (1e-2, False) or np.any(ours != twin.port(dh, gh, budget, ours[:60], 0.2, alpha, null))  # excepted: all prices are at the box


def test_ports_first_queries_are_uniform_over_all_models_and_none(seed):
    d, g, dh, gh, budget = stream(seed, 200)
    log = played(query_routing(d, g, budget, dh, gh), port(0.5), seed, 50, "rows")
    often = np.array(list(Counter(log.action[:, :100, 0].ravel().astype(int).tolist()).values()))
    assert often.size == 5 and stats.chisquare(often).pvalue > LEVEL
    assert stats.chisquare(often + np.array([200, 0, 0, 0, -200])).pvalue < LEVEL  # control


def test_batch_split_does_what_its_twin_does(seed):
    d, g, dh, gh, budget = stream(seed, 100)
    log = played(query_routing(d, g, budget, dh, gh, lookahead=32), batch_split(24, gap=0.0), seed, path="rows")
    np.testing.assert_array_equal(taken(log), twin.batch_split(dh, gh, budget, 24))
    assert np.any(taken(log) != twin.batch_split(dh, gh, 0.9 * budget, 24))  # control


def test_the_greedy_rules_do_what_their_twins_do(seed):
    d, g, dh, gh, budget = stream(seed)
    problem = query_routing(d, g, budget, dh, gh)
    np.testing.assert_array_equal(taken(played(problem, greedy_cost(), path="rows")), twin.greedy_cost(gh, budget))
    assert np.any(taken(played(problem, greedy_cost(), path="rows")) != twin.greedy_cost(gh, budget, "mean"))  # control
    np.testing.assert_array_equal(taken(played(problem, greedy_quality(), path="rows")), dh.argmax(axis=1))


def test_random_option_agrees_with_its_law(seed):
    d, g, *_ = stream(seed, 80)
    rng, runs = np.random.default_rng(seed), 2000
    ours = played(query_routing(d, g, np.full(4, np.inf)), random_option(), seed, runs, "rows").reward[:, -1]
    theirs, wrong = (d[np.arange(80), rng.integers(0, 4, (runs, 80))].sum(axis=1) * share for share in (1.0, 0.97))
    assert min(p_values(ours, theirs)) > LEVEL > p_values(ours, wrong)[0]


# ------------------------------------------------------------------------------------------------ the null option, other problems, bad input
def test_the_null_option_is_what_the_released_rule_lacks(seed):
    """Where budgets pay for a tenth of the queries, the released rule sends nearly all that follow and loses most of them; the exact price does not."""
    d, g, dh, gh, budget = stream(seed, 2000)
    lost = [played(query_routing(d, g, budget / 2, dh, gh), port(0.05, null_option=null), seed, path="rows") for null in (True, False)]
    assert lost[0].void[0, -1] < 0.25 * lost[1].void[0, -1]
    assert (lost[1].action[0, 100:, 0] >= 0).all() and lost[0].reward[0, -1] > lost[1].reward[0, -1]


def test_the_released_price_depends_on_the_last_bits_and_the_exact_one_does_not():
    """Kinks under L-BFGS-B: the same function, (epsilon B).p for epsilon (B.p), stops elsewhere on a third of the instances; the program's price does not move."""
    moved, decisions, exact = [], [], []
    for seed in range(30):
        *_, dh, gh, budget = stream(seed)
        d, g = 1e-4 * dh, wide(gh)[:60]
        one, two = boxed_price(d[:60], g, budget, 0.1), boxed_price(d[:60], g, 0.1 * budget, 1.0)
        moved.append(abs(one - two).max())
        decisions.append(((d - gh * one).argmax(axis=1) != (d - gh * two).argmax(axis=1)).sum())
        exact.append(abs(sample_program(d[:60], g, 0.1 * budget)[1] - sample_program(d[:60], g, 0.3 * budget / 3.0)[1]).max())
    print(f"prices moved by more than .001 on {np.sum(np.array(moved) > 1e-3)} of 30 instances, by at most {max(moved):.3f}; of 600 decisions at most {max(decisions)} changed; exact: {max(exact):.1e}")
    assert np.sum(np.array(moved) > 1e-3) >= 3 and max(decisions) > 0 and max(exact) < 1e-9


def test_rules_for_requests_play_it_and_routing_rules_play_requests(seed):
    d, g, dh, gh, budget = stream(seed, 200)
    shared = query_routing(d, g, float(budget.sum()), dh, gh)
    plain = online_allocation(d, wide(g), budget)
    for rule in (port(), greedy_quality(), random_option(), dual_descent()):
        for problem in (shared, plain, query_routing(d, g, budget, dh, gh, "random")):
            assert played(problem, rule, seed, path="rows").rounds[0, -1] == 200
    np.testing.assert_array_equal(taken(played(plain, port(0.1), seed)), taken(played(query_routing(d, g, budget), port(0.1), seed)))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: port(epsilon=0), "epsilon: got 0"),
        (lambda: port(epsilon=1.5), "epsilon: got 1.5"),
        (lambda: port(alpha=-1), "alpha: got -1"),
        (lambda: port(null_option=1), "null_option: got 1"),
        (lambda: batch_split(0), "block: got 0"),
        (lambda: batch_split(program="wohle"), "did you mean 'whole'"),
        (lambda: batch_split(gap=math.nan), "gap: got nan"),
        (lambda: batch_split().init(query_routing(*LP1, lookahead=5).spec), "shows 5 requests ahead; allowed: at least block = 256"),
        (lambda: batch_split(4).init(query_routing(*LP1).spec), "shows 0 requests ahead"),
        (lambda: greedy_cost().init(query_routing(LP1[0], LP1[1], 3.0).spec), "2 options pay from 1 budgets"),
        *((lambda f=f: f().init(query_routing(*LP1).spec._replace(budget=np.zeros(0))), f.__name__) for f in (port, batch_split, greedy_cost, greedy_quality, random_option)),
    ],
)  # fmt: skip
def test_wrong_arguments_and_other_problems(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)
