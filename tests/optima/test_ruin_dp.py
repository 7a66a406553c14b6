"""The exact dynamic program of ruin: properties, printed numbers, all rules of tiny instances, a linear program, runs of its own plan."""

import functools
import itertools
import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import ARM, BudgetsimError, Nothing, Policy, engine
from budgetsim.folders import bind
from budgetsim.optima.principal_gap import principal_gap
from budgetsim.optima.ruin_dp import _verified_power, ruin_dp
from budgetsim.problems.survival_bandit import survival_bandit

from ..benchmarks.ruin import in_numpy
from ..strategies import forget

C3 = np.array([[1.0, -1.0], [3.0, -3.0], [10.0, -8.0]]), np.array([[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]])
S, N, W = 0, 1, 2

whole_outcomes = st.integers(-4, 5)


@st.composite
def laws(draw, low=-4, arms=3, size=3, winning=False):
    """(outcomes, probabilities) of up to three arms with whole gains; `winning`: each wins on average and can lose."""
    k, s = draw(st.integers(1, arms)), draw(st.integers(2, size))
    outcomes = [draw(st.lists(st.integers(low, 5), min_size=s, max_size=s)) for _ in range(k)]
    weights = [draw(st.lists(st.integers(0, 8), min_size=s, max_size=s).filter(any)) for _ in range(k)]
    if winning:
        outcomes = [[-max(1, -min(row)), max(1, max(row)), *row[2:]] for row in outcomes]
        weights = [[1, w[1] + 1, *w[2:]] for w in weights]
        weights = [[1, w[1] + max(0, math.ceil(-np.dot(x, w) / x[1])) + 1, *w[2:]] for x, w in zip(outcomes, weights, strict=True)]
    p = np.array(weights, float)
    return np.array(outcomes, float), p / p.sum(axis=1, keepdims=True)


# ------------------------------------------------------------------------------------------------ section 2f
@settings(max_examples=200, deadline=None)
@given(laws(), st.integers(1, 12), st.integers(1, 12))
def test_values_grow_with_the_stock_and_beat_every_fixed_arm(law, budget, horizon):
    """Property 2 of the (f) list: V_k, S_k nondecreasing in b; V_k(b) >= V_k of every fixed arm; S_k nonincreasing in k."""
    x, p = law
    wealth, survival = (ruin_dp(x, p, budget, horizon, objective, stocks=25).plan.value for objective in ("wealth", "survival"))
    assert np.all(np.diff(wealth, axis=1) >= -1e-12) and np.all(np.diff(survival, axis=1) >= -1e-12)
    assert np.all(np.diff(survival, axis=0)[:, 1:] <= 1e-12)
    for k in range(len(x)):
        assert np.all(wealth >= ruin_dp(x[k : k + 1], p[k : k + 1], budget, horizon, stocks=25).plan.value - 1e-12)


@settings(max_examples=200, deadline=None)
@given(laws(), st.integers(1, 15), st.floats(0.0, 20.0))
def test_a_large_stock_is_neutral(law, horizon, penalty):
    """Property 3 of the (f) list: V_k(b) = b + k mu* for b >= k l, to 1e-9; with a penalty where b > k l, and survival is sure there."""
    x, p = law
    loss, mean = -min(x[p > 0].min(), 0.0), (x * p).sum(axis=1).max()
    b = np.arange(81)
    k = np.arange(horizon + 1)[:, None]
    calm = b + k * mean
    wealth = ruin_dp(x, p, 80, horizon, stocks=80).plan.value
    assert np.all(np.abs(wealth[:, :81] - calm)[(b >= k * loss) & (b > 0)] <= 1e-9)
    for objective, expected in (("penalised", calm), ("survival", np.ones_like(calm))):
        value = ruin_dp(x, p, 80, horizon, objective, penalty * (objective == "penalised"), stocks=80).plan.value
        assert np.all(np.abs(value[:, :81] - expected)[(b > k * loss) & (b > 0)] <= 1e-9)


@settings(max_examples=200, deadline=None)
@given(laws(), st.integers(1, 8))
def test_one_step_is_convex_and_blind_to_what_cannot_be_paid(law, worse):
    """Property 4 of the (f) list: V_1 is convex on b > 0; replacing a loss -l by a larger one leaves V_1(b) unchanged for b <= l."""
    x, p = law
    value = ruin_dp(x, p, 20, 1, stocks=20).plan.value[1, :21]
    assert np.all(np.diff(value[1:], 2) >= -1e-12)
    arm, i = np.unravel_index(np.argmin(x), x.shape)
    loss = int(-x[arm, i])
    if loss > 0:
        changed = x.copy()
        changed[arm, i] -= worse
        assert np.allclose(ruin_dp(changed, p, 20, 1, stocks=20).plan.value[1, : loss + 1], value[: loss + 1], rtol=0, atol=1e-12)


@settings(max_examples=200, deadline=None)
@given(laws(low=-1), st.integers(1, 10), st.integers(1, 20))
def test_without_overshoot_ruin_never_helps(law, budget, horizon):
    """Property 5 of the (f) list: for skip-free arms V_k(b) <= b + k max(mu*, 0). A control: a loss of 8 breaks it (V_1(1) = 3.3 on C3)."""
    x, p = law
    value = ruin_dp(x, p, budget, horizon, stocks=30).plan.value
    mean = max((x * p).sum(axis=1).max(), 0.0)
    assert np.all(value <= np.arange(value.shape[1]) + np.arange(horizon + 1)[:, None] * mean + 1e-9)
    assert ruin_dp(*C3, 1, 1).plan.value[1, 1] > 1 + 0.3


@settings(max_examples=200, deadline=None)
@given(st.floats(0.52, 0.95), st.integers(1, 10))
def test_survival_of_a_coin_falls_to_the_gamblers(p, b):
    """Property 6 of the (f) list: the DP's survival decreases to 1 - r^b, r = (1 - p) / p, which the fixed point equals to 1e-12."""
    coin, limit = ([[1.0, -1.0]], [[p, 1.0 - p]]), 1.0 - ((1.0 - p) / p) ** b
    value = ruin_dp(*coin, b, 400, "survival", stocks=b).plan.value[:, b]
    assert np.all(np.diff(value) <= 1e-12) and np.all(value >= limit - 1e-12)
    left = 2.0 * math.sqrt(p * (1.0 - p))  # P(still to be ruined after k) falls at least this fast
    assert value[-1] - limit <= left**400 / (1.0 - left) * (1.0 / (p / (1.0 - p)) ** (b / 2)) + 1e-12
    forever = ruin_dp(*coin, b, None, "survival")
    assert abs(forever.value - limit) <= 1e-12 and forever.lower - 1e-15 <= limit <= forever.upper + 1e-15


# ------------------------------------------------------------------------------------------------ section 2g
def test_printed_switching_points():
    """Section 2g, C3: the optimal actions by stock, the exact switches, and the largest stock that plays S up to 4,000 steps left."""
    action = ruin_dp(*C3, 1, 4000, stocks=60).plan.action
    rows = {
        1: "WWWNNN",
        2: "WWSNNN",
        3: "WWSNNN",
        **dict.fromkeys(range(4, 11), "WSSNNN"),
        15: "WSSSSNNN",
        20: "NSSSSSNN",
        50: "NSSSSSSSNNN",
        100: "NSSSSSSSSSNNN",
    }
    for k, row in rows.items():
        assert "".join("SNW"[a] for a in action[k, 1 : len(row) + 1]) == row, k
        assert np.all(action[k, len(row) + 1 :] == N), k
    assert [int(k) for k in np.flatnonzero(np.diff(action[1:, 1])) + 2] == [19] and (action[18, 1], action[19, 1]) == (W, N)
    assert [int(k) for k in np.flatnonzero(np.diff(action[1:, 2])) + 2] == [4] and (action[3, 2], action[4, 2]) == (W, S)
    assert [int(k) for k in np.flatnonzero(np.diff(action[1:, 3])) + 2] == [2] and (action[1, 3], action[2, 3]) == (W, S)
    largest = {k: int(np.flatnonzero(action[k] == S).max()) for k in (10, 20, 50, 100, 200, 500, 1000, 4000)}
    assert largest == {10: 3, 20: 6, 50: 8, 100: 10, 200: 12, 500: 15, 1000: 17, 4000: 21}


def test_printed_values():
    """Section 2g, C3: V_k(b) at b = 1, 3, 8, 20, to the printed digits."""
    value = ruin_dp(*C3, 20, 20).plan.value
    assert value[1, [1, 3, 8, 20]].round(1).tolist() == [3.3, 3.9, 8.3, 20.3]
    assert value[5, [1, 3, 8, 20]].round(6).tolist() == [3.695539, 5.38329, 9.808509, 21.5]
    assert value[20, [1, 3, 8, 20]].round(6).tolist() == [5.073482, 8.195882, 13.880155, 26.05221]
    assert round(ruin_dp(*C3, 3, 10).plan.value[10, 3], 6) == 6.403895


@pytest.mark.parametrize(
    ("arm", "printed"), [(S, [4.956, 10.842, 17.860]), (N, [6.995, 7.430, 18.378]), (W, [0.050, 0.057, 0.088]), (slice(None), [8.400, 13.661, 21.033])]
)
def test_printed_fixed_arms(arm, printed):
    """Section 2g, C3: V_50(1, 3, 8) of each arm alone and of the optimum."""
    x, p = np.atleast_2d(C3[0][arm]), np.atleast_2d(C3[1][arm])
    assert ruin_dp(x, p, 8, 50).plan.value[50, [1, 3, 8]].round(3).tolist() == printed


def test_printed_survival():
    """Section 2g, C3: S_inf(1..5), and V_4000(b) / (4000 x 0.3) on its way there."""
    found = [ruin_dp(*C3, b, None, "survival") for b in range(1, 6)]
    assert [round(o.value, 6) for o in found] == [0.462389, 0.641593, 0.761062, 0.840708, 0.893805]
    assert all(o.lower < o.value < o.upper < o.lower + 1e-11 for o in found)
    row = ruin_dp(*C3, 3, 4000, tables=False).plan.value[0, 1:4] / (4000 * 0.3)
    assert row.round(4).tolist() == [0.4584, 0.6358, 0.7543]


def test_printed_principal():
    """Section 2g, C3: what the agent's policy and the principal's own optimum are worth to the principal; the gaps of F2.5."""
    plan = principal_gap(*C3, 8, 30).plan
    pairs = {(1, 1): (-2.6, 0.3), (10, 3): (-0.198, 2.206), (30, 8): (6.440, 7.649)}
    for (k, b), (agent, own) in pairs.items():
        assert (round(plan.agent[k, b], 3), round(plan.principal[k, b], 3)) == (agent, own)
    assert plan.gap[[1, 3, 10, 30], 1].round(2).tolist() == [2.9, 3.05, 3.46, 0.87]


class Table(NamedTuple):
    action: np.ndarray


def follow_act(memory, params, view, left, t, key):
    return params.action[params.action.shape[0] - 1 - t, min(math.ceil(left[0] - 1e-9), params.action.shape[1] - 1)]


def follow(plan):
    return Policy(ARM, lambda spec: (Nothing(), Table(plan.action)), follow_act, forget, name="follow the plan")


def test_the_plan_earns_what_it_says(seed):
    """Section 2g, MC of V_10(3): 6.403895 within 4 standard errors when the plan is played; control: the safe arm alone is refused."""
    best = bind(ruin_dp, survival_bandit(*C3, 3, 10))
    assert round(best.value + 3, 6) == 6.403895, "the value is a gain, what `regret` compares"
    for plan, agrees in ((best.plan, True), (best.plan._replace(action=np.zeros_like(best.plan.action)), False)):
        log = engine.play_block(engine.prepare(survival_bandit(*C3, 3, 10), follow(plan)), seed, 0, 100_000, [10])
        gain = log.reward[:, -1]
        assert (abs(gain.mean() - best.value) <= 4 * gain.std() / math.sqrt(gain.size)) == agrees


# ------------------------------------------------------------------------------------------------ against everything else
def of_rule(rule, x, p, budget, horizon, objective, penalty):
    """What a rule {(t, stock): arm} is worth, exactly."""

    @functools.cache
    def onwards(t, stock):
        if stock == 0:
            return Fraction(-penalty) if objective == "penalised" else Fraction(0)
        if t == horizon:
            return Fraction(1) if objective == "survival" else Fraction(stock)
        arm = rule[t, stock]
        return sum(chance * onwards(t + 1, max(stock + y, 0)) for y, chance in zip(x[arm], p[arm], strict=True))

    return onwards(0, budget)


@pytest.mark.parametrize(("objective", "penalty"), [("wealth", 0), ("survival", 0), ("penalised", 3)])
@pytest.mark.parametrize(
    ("budget", "horizon", "x"),
    [(2, 3, [[1, -1], [2, -3]]), (1, 3, [[1, -2], [0, -1], [3, -2]]), (3, 2, [[1, -1], [2, -2], [5, -9]]), (1, 4, [[1, -1], [2, -1]])],
)
def test_no_rule_does_better(objective, penalty, budget, horizon, x, seed):
    """All rules of a tiny instance, tried in exact fractions: the best lies between `lower` and `upper`, 1e-12 apart."""
    g = np.random.default_rng(seed)
    p = [[Fraction(int(w), 16), 1 - Fraction(int(w), 16)] for w in g.integers(4, 13, len(x))]
    states, reached = [], {budget}
    for t in range(horizon):
        states += [(t, b) for b in sorted(reached) if b > 0]
        reached = {max(b + y, 0) for b in reached if b > 0 for row in x for y in row}
    if len(x) ** len(states) > 10_000:  # states of the last round do not interact: the best arm of each
        last = [s for s in states if s[0] == horizon - 1]
        states = [s for s in states if s not in last]
    else:
        last = []
    top = None
    for acts in itertools.product(range(len(x)), repeat=len(states)):
        rule = dict(zip(states, acts, strict=True))
        for t, b in last:
            rule[t, b] = max(range(len(x)), key=lambda a, b=b: sum(c * end(b + y, objective, penalty) for y, c in zip(x[a], p[a], strict=True)))
        worth = of_rule(rule, x, p, budget, horizon, objective, penalty)
        top = worth if top is None else max(top, worth)
    best = ruin_dp(x, np.array(p, float), budget, horizon, objective, penalty)
    start = 0 if objective == "survival" else budget
    assert Fraction(best.lower) <= top - start <= Fraction(best.upper) and best.upper - best.lower <= 1e-12


def end(stock, objective, penalty):
    if stock <= 0:
        return Fraction(-penalty) if objective == "penalised" else Fraction(0)
    return Fraction(1) if objective == "survival" else Fraction(stock)


@pytest.mark.parametrize(("objective", "penalty"), [("wealth", 0.0), ("survival", 0.0), ("penalised", 7.5)])
def test_it_is_a_linear_program(objective, penalty):
    """The smallest V with V_k(b) >= E V_{k-1}((b + R)^+) for all arms, by HiGHS, equals the DP to 1e-9 at every stock and step."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_matrix

    x, p = C3
    horizon, reach = 12, 12 + 12 * 10
    terminal = np.array([float(end(b, objective, Fraction(penalty))) for b in range(reach + 1)])
    at = {(k, b): i for i, (k, b) in enumerate((k, b) for k in range(1, horizon + 1) for b in range(1, 12 + (horizon - k) * 10 + 1))}
    rows, columns, entries, right = [], [], [], []
    for (k, b), i in at.items():
        for arm in range(3):
            row, known = len(right), 0.0
            rows.append(row), columns.append(i), entries.append(-1.0)
            for y, chance in zip(x[arm], p[arm], strict=True):
                to = int(max(b + y, 0))
                if k == 1 or to == 0:
                    known += chance * terminal[to]
                else:
                    rows.append(row), columns.append(at[k - 1, to]), entries.append(chance)
            right.append(-known)
    matrix = coo_matrix((entries, (rows, columns)), (len(right), len(at)))
    solved = linprog(
        np.ones(len(at)),
        matrix,
        right,
        bounds=(None, None),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    value = ruin_dp(x, p, 12, horizon, objective, penalty, stocks=reach).plan.value
    assert max(abs(value[k, b] - solved.x[i]) for (k, b), i in at.items()) <= 1e-9


@settings(max_examples=200, deadline=None)
@given(laws(size=4), st.integers(1, 30), st.integers(1, 30), st.sampled_from(["wealth", "survival"]))
def test_it_is_the_recursion_in_numpy(law, budget, horizon, objective):
    """Work on fewer stocks, in tiles, three outcomes at a time: the same numbers as the plain recursion on all stocks."""
    x, p = law
    assert np.allclose(
        ruin_dp(x, p, budget, horizon, objective, tables=False).plan.value[0], in_numpy(x, p, budget, horizon, objective), rtol=1e-12, atol=1e-12
    )


@settings(max_examples=200, deadline=None)
@given(laws(), st.integers(1, 20), st.integers(1, 20))
def test_tables_or_not(law, budget, horizon):
    """The last row, the value and the interval do not depend on whether tables are kept, nor on how many stocks they hold."""
    tables, wide, row = (ruin_dp(*law, budget, horizon, **how) for how in ({}, {"stocks": 90}, {"tables": False}))
    assert tables[2:5] == wide[2:5] == row[2:5] and row.plan.value.shape == (1, budget + 1)
    for kept in (tables.plan, wide.plan):
        assert np.array_equal(kept.value[-1, : budget + 1], row.plan.value[0]) and np.array_equal(kept.action[-1, : budget + 1], row.plan.action[0])


def test_memory_is_that_of_the_stocks():
    """Without tables 4,000 steps and stocks to 40,000 need a few lines of stocks, not 1.3 GB."""
    import tracemalloc

    ruin_dp(*C3, 10, 10, tables=False)
    tracemalloc.start()
    ruin_dp(*C3, 40_000, 4_000, tables=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * 8 * 40_000


# ------------------------------------------------------------------------------------------------ steps and grids
def test_a_step_is_a_unit():
    """Tenths, or fives, are whole numbers of another unit; values scale, actions are the same, survival is the same."""
    whole = ruin_dp(*C3, 3, 12)
    for unit in (0.1, 1.0 / 3.0):
        scaled = ruin_dp(C3[0] * unit, C3[1], 3 * unit, 12)
        assert math.isclose(scaled.plan.step, unit) and np.array_equal(scaled.plan.action, whole.plan.action)
        assert np.allclose(scaled.plan.value, whole.plan.value * unit, rtol=1e-12, atol=1e-12)
        assert math.isclose(ruin_dp(C3[0] * unit, C3[1], 3 * unit, None, "survival").value, ruin_dp(*C3, 3, None, "survival").value, rel_tol=1e-12)
    fives = ruin_dp(C3[0] * 5, C3[1], 15, 12).plan
    assert fives.step == 1.0 and np.allclose(fives.value[:, ::5], whole.plan.value[:, : (fives.value.shape[1] + 4) // 5] * 5), "whole amounts: a step of 1"
    half = ruin_dp(*C3, 2.5, 12)
    assert half.plan.step == 0.5 and np.allclose(half.plan.value[:, ::2][:, :20], whole.plan.value[:, :20], atol=1e-12), "a stock between whole ones"
    finer = ruin_dp(*C3, 3, 12, step=0.25)
    assert finer.upper - finer.lower < 1e-10 and math.isclose(finer.value, whole.value), "a step that divides the common one is exact too"


@pytest.mark.parametrize("objective", ["wealth", "survival"])
def test_stocks_on_no_lattice_are_bracketed(objective):
    """Lattice and other outcomes mixed: the exact recursion over all reachable stocks lies in the bracket, which closes with the step."""
    x, p = [[math.sqrt(2), -1.0], [0.3, -0.2]], [[0.5, 0.5], [0.6, 0.4]]

    @functools.cache
    def value(k, b):
        if b <= 0 or k == 0:
            return float(b > 0) if objective == "survival" else b
        return max(sum(c * value(k - 1, max(round(b + y, 12), 0.0)) for y, c in zip(row, chances, strict=True)) for row, chances in zip(x, p, strict=True))

    start = 0.0 if objective == "survival" else 1.0
    exact, widths, errors = value(8, 1.0) - start, [], []
    for step in (0.02, 0.0025):
        best = ruin_dp(x, p, 1.0, 8, objective, step=step)
        assert best.lower <= exact <= best.upper and best.lower <= best.value <= best.upper and f"grid of {step:g}" in best.of
        widths.append(best.upper - best.lower)
        errors.append(abs(best.value - exact))
    assert widths[1] <= max(widths[0] / 4, 1e-12) and widths[1] <= 0.05
    assert ruin_dp(x, p, 1.0, 8, objective).plan.step == 0.002, "a hundredth of the smallest outcome when no step is given"
    assert "grid" not in ruin_dp([[1.0, -0.25]], [[0.5, 0.5]], 1.0, 8, objective).of


def test_an_infinite_horizon_on_a_grid():
    """The bracket of survival without end contains that of a fine grid."""
    x, p = [[math.sqrt(2), -1.0]], [[0.6, 0.4]]
    coarse, fine = (ruin_dp(x, p, 2.0, None, "survival", step=step) for step in (0.1, 0.02))
    assert coarse.lower <= fine.lower + 1e-12 and fine.lower <= fine.value <= fine.upper <= coarse.upper and fine.upper - fine.lower < 0.05


@settings(max_examples=200, deadline=None)
@given(laws(winning=True), st.integers(1, 12))
def test_the_fixed_point_is_the_end_of_all_horizons(law, b):
    """S_k >= S_inf for every k; S_inf is at least what each arm alone attains, and the bounds are 1e-9 apart."""
    forever = ruin_dp(*law, b, None, "survival", stocks=60)
    assert forever.lower <= forever.value <= forever.upper <= forever.lower + 1e-9
    assert np.all(ruin_dp(*law, b, 60, "survival", stocks=b).plan.value[:, b] >= forever.lower - 1e-12)
    row = forever.plan.value[0]
    after = [sum(c * row[np.clip(np.arange(1, 30) + int(y), 0, None)] for y, c in zip(x, p, strict=True)) for x, p in zip(*law, strict=True)]
    assert np.allclose(np.max(after, axis=0), row[1:30], rtol=0, atol=1e-12), "it solves its own equation"


@pytest.mark.parametrize("above", [True, False])
def test_the_certificate_notices_a_wrong_solution(above):
    """Control: a millionth more or less at one stock moves the verified bounds by more than that; the true solution's stay within 1e-11."""
    laws, g = [(np.array([1, -1]), np.array([0.6, 0.4])), (np.array([3, -3]), np.array([0.55, 0.45]))], math.log(1.5)
    log_ruin = -g * np.arange(0, 101.0)
    true = _verified_power(laws[:1], log_ruin, g, 0.0, above)
    assert abs(true - 1.0) <= 1e-11 and (true < 1.0) == above
    for change in (1e-6, -1e-6):
        wrong = log_ruin.copy()
        wrong[50] += change
        assert abs(_verified_power(laws[:1], wrong, g, 0.0, above) - 1.0) >= 1e-6


# ------------------------------------------------------------------------------------------------ edges
def test_edges():
    """A stock of 0; arms that cannot lose; arms that cannot win; outcomes that never come; one outcome."""
    assert ruin_dp(*C3, 0, 5).value == 0.0 and ruin_dp(*C3, 0, 5, "survival").value == 0.0 and ruin_dp(*C3, 0, 5, "penalised", 2.0).value == -2.0
    assert ruin_dp(*C3, 0, None, "survival").value == 0.0
    gift = [[1, 0], [5, -5]], [[0.5, 0.5], [0.5, 0.5]]
    assert ruin_dp(*gift, 1, None, "survival")[2:5] == (1.0, 1.0, 1.0)
    assert ruin_dp(*gift, 1, 10, "survival").value == 1.0 and ruin_dp(*gift, 1, 10).value >= 5.0
    assert ruin_dp([[-1, -1]], [[0.5, 0.5]], 3, 5).value == -3.0 and ruin_dp([[-1, 0]], [[0.5, 0.5]], 3, None, "survival").value == 0.0
    assert ruin_dp([[2]], [[1.0]], 3, 5).value == 10.0 and ruin_dp([[0]], [[1.0]], 3, 5).value == 0.0
    assert ruin_dp([[1, -100]], [[1.0, 0.0]], 3, 5, "survival").value == 1.0, "what has probability 0 ruins nobody"
    assert ruin_dp([[0.5, -0.5]], [[0.5, 0.5]], [2.0], 4).plan.step == 0.5
    assert abs(ruin_dp([[0]], [[1.0]], math.pi, 5).value) < 1e-12 and ruin_dp([[0]], [[1.0]], math.pi, 5, tables=False).upper < 0.5
    for budget in (0.3, 0.7, 0.9 + 1e-13, 1.1):  # multiples of the grid but for rounding, on a grid that fits nothing else
        assert ruin_dp([[math.sqrt(2), -0.1]], [[0.5, 0.5]], budget, 3, step=0.1, tables=False).plan.value.shape[0] == 1
    assert ruin_dp([[1, -1]], [[0.5, 0.5]], 2, None, "survival").value == 0.0, "a fair coin ruins everybody"


@settings(max_examples=200, deadline=None)
@given(laws(), st.integers(1, 10), st.integers(1, 12))
def test_the_principal_never_gains_by_the_agents_choice(law, b, k):
    """W >= U at every stock and step; equal where no stock can fall short of a loss."""
    x, p = law
    plan = principal_gap(x, p, b, k).plan
    assert np.all(plan.gap >= -1e-12)
    loss = int(-min(x[p > 0].min(), 0))
    if k * loss < plan.gap.shape[1]:
        assert np.all(np.abs(plan.gap[k, max(k * loss, 1) :]) <= 1e-9)


def test_the_principals_tables_do_not_depend_on_how_many_stocks_are_kept():
    narrow, wide = principal_gap(*C3, 2, 9).plan, principal_gap(*C3, 2, 9, stocks=200).plan
    for a, b in zip(narrow[:5], wide[:5], strict=True):
        assert np.allclose(a, b[:, : a.shape[1]], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"probabilities": [[0.6, 0.5]]}, "probabilities: sums to 1.1"),
        ({"probabilities": [[0.6, 0.3, 0.1]]}, "probabilities: got shape"),
        ({"outcomes": []}, "outcomes: got shape"),
        ({"outcomes": [[1.0, math.inf]]}, "outcomes: got inf"),
        ({"budget": -1}, "budget: got -1.0"),
        ({"budget": [1, 2]}, "budget: got shape"),
        ({"horizon": 0}, "horizon: got 0"),
        ({"horizon": None}, "horizon: got None with the objective 'wealth'"),
        ({"objective": "survive"}, "objective: got 'survive'.*did you mean 'survival'"),
        ({"penalty": 1.0}, "penalty: got 1 with the objective 'wealth'"),
        ({"objective": "penalised", "penalty": -1.0}, "penalty: got -1.0"),
        ({"step": 0.0}, "step: got 0.0"),
        ({"stocks": -3}, "stocks: got -3"),
        ({"tables": 1}, "tables: got 1"),
        ({"horizon": 10**9}, "horizon: got 1000000000; allowed: a whole number, 1 to 10000000"),
        ({"step": 1e-13}, "outcomes: got 1 on a grid of 1e-13"),
        ({"horizon": 20_000, "budget": 20_000}, "cells of tables"),
        ({"horizon": 10**7, "budget": 10**7, "tables": False}, "products"),
        ({"outcomes": [[0.500001, -0.499999]], "probabilities": [[0.5, 0.5]], "horizon": None, "objective": "survival"}, "outcomes: got laws"),
    ],
)
def test_wrong_arguments(change, says):
    with pytest.raises(BudgetsimError, match=says):
        ruin_dp(**({"outcomes": [[1, -1]], "probabilities": [[0.6, 0.4]], "budget": 1, "horizon": 10} | change))


def test_the_principal_needs_a_lattice():
    with pytest.raises(BudgetsimError, match="no common step"):
        principal_gap([[math.sqrt(2), -1.0]], [[0.6, 0.4]], 1, 4)
