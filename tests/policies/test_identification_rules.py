"""Rules that stop and name the best arm: exact properties of DBCARE, twins, and the printed numbers beside ours.

`pytest -n0 -s -k printed tests/policies/test_identification_rules.py` prints each number of section 3(g), ours and the twin's.
"""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim import BudgetsimError, engine
from budgetsim.draws import RECOMMEND, nature_key, rule_key
from budgetsim.model import SKIP, Outcome
from budgetsim.optima.sprt_oracle import sprt_oracle
from budgetsim.policies.dbcare import dbcare
from budgetsim.policies.fixed_budget import fixed_budget
from budgetsim.policies.fixed_confidence import fixed_confidence
from budgetsim.policies.guess import guess
from budgetsim.policies.sequential_halving import sequential_halving
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.priced_arms import Sample, priced_arms
from budgetsim.problems.stochastic_bandit import gaussian, stochastic_bandit
from budgetsim.theory import identification as theory
from tests.references import dbcare as dbcare_twin
from tests.references import fixed_confidence as fixed_confidence_twin
from tests.references import sequential_halving as sequential_halving_twin

LEVEL = 1e-4
HORIZON = 2**23  # the longest that is played in one call
SQRT2 = math.sqrt(2.0)
RULES = (dbcare, fixed_budget, sequential_halving, fixed_confidence, guess)


class Played(NamedTuple):
    loss: np.ndarray
    pulls: np.ndarray  #: (replications, K)
    named: np.ndarray

    @property
    def tau(self):
        return self.pulls.sum(axis=1)


def played(problem, rule, seed, runs) -> Played:
    log = engine.play_block(engine.prepare(problem, rule), seed, 0, runs, [problem.spec.horizon])
    assert not log.fault.any()
    return Played(log.loss[:, -1], log.pulls[:, -1], log.recommended[:, -1])


def arms(mean, **more):
    return priced_arms(mean, **{"horizon": HORIZON, **more})


def by_hand(rule, problem, stacks):
    """The rule fed from stacks (K, N), step by step in plain Python: (arms live before each pull, arms pulled, memory, params)."""
    memory, params = rule.init(problem.spec)
    uses, live, pulled, left = np.zeros(len(stacks), int), [], [], np.array([np.inf])
    while not rule.stop(memory, params, left, len(pulled)):
        live.append(memory.live.copy())
        arm = int(rule.act(memory, params, (), left, len(pulled), None))
        outcome = Outcome(0.0, np.array([problem.instance.price]), Sample(stacks[arm, uses[arm] : uses[arm] + 1]), 0)
        rule.update(memory, params, (), arm, outcome, len(pulled))
        uses[arm] += 1
        pulled.append(arm)
    return live, pulled, memory, params


# ------------------------------------------------------------------------------------------------ exact properties
prices = st.floats(-3.5, -1.0).map(lambda e: 10.0**e)
means = st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=8)
risks = st.sampled_from(theory.RISKS)


@settings(max_examples=200, deadline=None)
@given(means, prices, st.integers(-20, 20), st.floats(0.5, 2.0), risks, st.integers(0, 2**32))
def test_scaling(mean, price, power, sigma, risk, seed):
    """Property 2 of the (f) list: (D, sigma) -> (l D, l sigma), and for simple regret c -> l c, changes no pull and no name. Path-wise, for l a power of 2."""
    l = 2.0**power
    one = played(arms(mean, sigma=sigma, price=price, risk=risk), dbcare(), seed, 3)
    scaled = arms([l * m for m in mean], sigma=l * sigma, price=price * (l if risk == "simple_regret" else 1.0), risk=risk)
    two = played(scaled, dbcare(), seed, 3)
    assert (one.pulls == two.pulls).all() and (one.named == two.named).all()
    assert (two.loss == one.loss * (l if risk == "simple_regret" else 1.0)).all()


@settings(max_examples=200, deadline=None)
@given(means, prices, st.sampled_from((0.0, SQRT2, 2.0, 5.0)), st.integers(0, 2**32))
def test_caps(mean, price, kappa, seed):
    """Property 3 of the (f) list, path-wise: no arm has more than N*(2) pulls, c tau <= (H_K - 1/2)/e, and <= 1/e where no arm was dropped."""
    k = len(mean)
    found = played(arms(mean, price=price), dbcare(kappa), seed, 5)
    assert found.pulls.max() <= theory.pulls_allowed(2, price)
    assert (price * found.tau <= theory.most_spent(k) * (1 + 1e-12)).all()
    even = (found.pulls == found.pulls[:, :1]).all(axis=1)  # where an arm was dropped before the last turn, pulls differ
    assert (price * found.tau[even] <= 1 / math.e * (1 + 1e-12)).all()


@settings(max_examples=200, deadline=None)
@given(means, st.floats(1.0, 100.0, exclude_min=True), st.integers(0, 2**32))
def test_nothing_is_worth_a_pull(mean, factor, seed):
    """Property 4 of the (f) list: no arm is pulled where c > 1/(K e)."""
    price = factor / (len(mean) * math.e) * (1 + 1e-12)
    assert not played(arms(mean, price=price), dbcare(), seed, 5).pulls.any()


def test_the_guess_is_uniform(seed):
    """Property 4: the risk is then 1 - 1/K. Control: just below the edge every arm is pulled, and the best is named more often."""
    mean, k, runs = [0.0, 0.0, 0.5, 0.0], 4, 4000
    edge = 1 / (k * math.e)
    for problem, rule in ((arms(mean, price=1.01 * edge), dbcare()), (arms(mean), guess())):
        found = played(problem, rule, seed, runs)
        assert not found.pulls.any() and stats.chisquare(np.bincount(found.named, minlength=k)).pvalue > LEVEL
        assert abs(found.loss.mean() - 0.75) < 4 * math.sqrt(0.75 * 0.25 / runs)
    control = played(arms(mean, price=0.99 * edge), dbcare(), seed, runs)
    assert (control.pulls >= 1).all() and stats.chisquare(np.bincount(control.named, minlength=k)).pvalue < LEVEL


@settings(max_examples=200, deadline=None)
@given(st.data(), means, prices, risks, st.integers(0, 2**32))
def test_permutation(data, mean, price, risk, seed):
    """Property 5 of the (f) list, path by path: permuted stacks give permuted pulls and the permuted name."""
    order = np.array(data.draw(st.permutations(range(len(mean)))))
    price = max(price, 5e-3)
    stacks = np.array(mean)[:, None] + np.random.default_rng(seed).standard_normal((len(mean), 200))
    key = rule_key(nature_key(1, 0, 0, RECOMMEND))
    rule, problem = dbcare(), arms(mean, price=price, risk=risk)
    _, one, memory, params = by_hand(rule, problem, stacks)
    name = rule.recommend(memory, params, None, 0, key)
    _, two, memory, params = by_hand(rule, problem, stacks[order])
    assert (np.bincount(one, minlength=len(mean))[order] == np.bincount(two, minlength=len(mean))).all()
    if one:
        assert order[rule.recommend(memory, params, None, 0, key)] == name


def test_equal_means_are_named_alike(seed):
    """Property 5 where ties occur, with Bernoulli samples. Control: the first of the greatest means, ties to the lower arm, is not uniform."""
    problem = priced_arms([0.5, 0.5, 0.5], price=0.05, law="bernoulli", horizon=100)
    found = played(problem, dbcare(), seed, 6000)
    assert found.tau.max() > 0
    assert stats.chisquare(np.bincount(found.named, minlength=3)).pvalue > LEVEL
    first = np.random.default_rng(seed).binomial(2, 0.5, (6000, 3)).argmax(axis=1)
    assert stats.chisquare(np.bincount(first, minlength=3)).pvalue < LEVEL


@settings(max_examples=200, deadline=None)
@given(means, prices, risks, st.integers(0, 2**32))
def test_dropped_arms_never_return(mean, price, risk, seed):
    """Property 7 of the (f) list: the survivors are nested, only survivors are pulled, each once a turn, and one of them is named."""
    price = max(price, 5e-3)
    stacks = np.array(mean)[:, None] + np.random.default_rng(seed).standard_normal((len(mean), 200))
    rule = dbcare()
    live, pulled, memory, params = by_hand(rule, arms(mean, price=price, risk=risk), stacks)
    for before, after, arm in zip(live, [*live[1:], memory.live], pulled):
        assert (after <= before).all() and before[arm] == 1.0
    assert memory.live.sum() == memory.remaining[0] >= 1
    assert memory.live[rule.recommend(memory, params, None, 0, rule_key(nature_key(1, 0, 0, RECOMMEND)))] == 1.0
    counts = np.bincount(pulled, minlength=len(mean))
    assert (counts[memory.live > 0] == counts.max()).all()


# ------------------------------------------------------------------------------------------------ statistical properties
GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 5.0)


def runs_for(gap):
    """Wide gaps end soon and go wrong seldom: more runs, for the same time."""
    return 800 if gap < 0.2 else 10_000 if gap < 0.5 else 50_000


def risk_of(found, price=1e-4):
    value = found.loss + price * found.tau
    return value.mean(), value.std(ddof=1) / math.sqrt(value.size)


@pytest.mark.parametrize("kappa", [SQRT2, 2.0])
def test_upper_bounds(kappa, seed):
    """Property 6 of the (f) list: risk <= 32 LB + 2c at every gap, worst simple regret <= 9 LB* + 3c. Control: the same test refuses LB alone and 3 LB*."""
    worst = theory.worst_simple_regret_lower_bound()
    for gap in GRID:
        mean, error = risk_of(played(arms([0.0, gap]), dbcare(kappa), seed, runs_for(gap)))
        lb = theory.misidentification_lower_bound(gap)
        assert mean + 4 * error <= 32 * lb + 2e-4
        assert mean - 4 * error > lb
    regret = [risk_of(played(arms([0.0, gap], risk="simple_regret"), dbcare(kappa), seed, runs_for(gap))) for gap in (0.02, 0.046, 0.06, 0.08, 0.1, 0.2, 0.4, 1.0)]
    assert max(m + 4 * e for m, e in regret) <= 9 * worst + 3e-4
    assert max(m - 4 * e for m, e in regret) > 3 * worst


@pytest.mark.parametrize("risk", theory.RISKS)
def test_never_below_the_oracle(risk, seed):
    """Property 8 of the (f) list: the risk is at least the oracle's less 4 standard errors. Control: not at least that of an oracle with a third of the gap."""
    below = False
    for gap in GRID:
        mean, error = risk_of(played(arms([0.0, gap], risk=risk), dbcare(SQRT2), seed, runs_for(gap)))
        assert mean >= sprt_oracle(gap, 1.0, 1e-4, risk).value - 4 * error
        below |= mean + 4 * error < sprt_oracle(gap / 3, 1.0, 1e-4, risk).value
    assert below


def test_where_it_loses_to_guessing(seed):
    """D far below sqrt(sigma^2 c): up to 1/e is spent and nothing learned; guessing costs 1/2. At twice sqrt(sigma^2 c) it is the other way round."""
    for gap, loses in ((0.001, True), (0.003, True), (0.05, False)):
        mean, error = risk_of(played(arms([0.0, gap]), dbcare(), seed, 1000))
        assert (mean - 4 * error > 0.5 + 0.1) if loses else (mean + 4 * error < 0.5)


# ------------------------------------------------------------------------------------------------ twins, printed numbers
class Case(NamedTuple):
    rule: object
    mean: tuple
    risk: str
    printed: float
    twin: object
    told: dict
    runs: int


def pair(gap):
    return (0.0, gap)


def ahead(k, gap):
    return (gap,) + (0.0,) * (k - 1)


MI, SR = theory.RISKS
CASES = {
    **{f"kappa sqrt2, D={d}": Case(dbcare(SQRT2), pair(d), MI, p, dbcare_twin, {"kappa": SQRT2}, 2 * runs_for(d))
       for d, p in zip((0.003, 0.02, 0.05, 0.1, 0.3, 1.0, 5.0), (0.6421, 0.4764, 0.2618, 0.1224, 0.0245, 0.0028, 0.00025))},
    **{f"kappa 2, D={d}": Case(dbcare(2.0), pair(d), MI, p, dbcare_twin, {"kappa": 2.0}, 2 * runs_for(d))
       for d, p in zip((0.003, 0.02, 0.05, 0.1, 0.3, 1.0, 5.0), (0.7698, 0.5522, 0.3056, 0.1387, 0.0295, 0.0045, 0.00038))},
    **{f"regret, kappa 2, D={d}": Case(dbcare(2.0), pair(d), SR, p, dbcare_twin, {"kappa": 2.0, "regret": True}, 2 * runs_for(d))
       for d, p in zip((0.046, 0.06, 0.1, 0.3, 1.0), (0.0571, 0.0573, 0.0523, 0.0197, 0.0040))},
    "regret, kappa sqrt2, D=0.06": Case(dbcare(SQRT2), pair(0.06), SR, 0.0460, dbcare_twin, {"kappa": SQRT2, "regret": True}, 1600),
    **{f"confidence .1, D={d}": Case(fixed_confidence(), pair(d), MI, p, fixed_confidence_twin, {}, n)
       for d, p, n in ((0.1, 1.73, 200), (0.3, 0.148, 1500), (1.0, 0.0094, 2000))},
    "K=10, D=0.2": Case(dbcare(), ahead(10, 0.2), MI, 0.2475, dbcare_twin, {}, 1000),
    "K=10, D=0.5": Case(dbcare(), ahead(10, 0.5), MI, 0.061, dbcare_twin, {}, 1000),
    "K=5, D=0.2": Case(dbcare(), ahead(5, 0.2), MI, 0.135, dbcare_twin, {}, 1000),
    "halving, K=10, D=0.2": Case(sequential_halving(500), ahead(10, 0.2), MI, math.nan, sequential_halving_twin, {"pulls": 500}, 2000),
}  # fmt: skip


def p_value(a, b):
    """Two tests at half the level each, (risk, pulls) against (risk, pulls): equal mean risk, both errors combined; equal law of pulls."""
    risk = 1.0 if a[0].std() == b[0].std() == 0.0 and a[0][0] == b[0][0] else float(stats.ttest_ind(a[0], b[0], equal_var=False).pvalue)
    return 2 * min(risk, float(stats.ks_2samp(a[1], b[1]).pvalue))


def ours(case, seed):
    found = played(arms(case.mean, risk=case.risk), case.rule, seed, case.runs)
    return found.loss + 1e-4 * found.tau, found.tau


def theirs(case, seed, **told):
    loss, pulls = case.twin.simulate(case.mean, case.runs, np.random.default_rng(seed), **{**case.told, **told})
    return loss + 1e-4 * pulls, pulls


@pytest.mark.parametrize("name", CASES)
def test_the_printed_number_and_the_twin(name, seed):
    """Section 3(g) prints no standard errors: its value is shown, and the rule is held to its twin."""
    case = CASES[name]
    a, b = ours(case, seed), theirs(case, seed)
    said = [f"{x.mean():.5f} +- {x.std() / math.sqrt(x.size):.5f}" for x in (a[0], b[0])]
    print(f"{name}: printed {case.printed}, ours {said[0]}, twin {said[1]}")
    assert p_value(a, b) > LEVEL
    if not math.isnan(case.printed):  # as if it came from 2000 runs, or as few as ours
        spread = a[0].std()
        assert abs(a[0].mean() - case.printed) < 4 * math.hypot(spread / math.sqrt(case.runs), spread / math.sqrt(min(2000, case.runs))) + 0.005 * case.printed


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("kappa sqrt2, D=0.3", {"kappa": 2.0}),
        ("kappa 2, D=0.1", {"kappa": SQRT2}),
        ("regret, kappa 2, D=0.1", {"regret": False}),
        ("confidence .1, D=0.3", {"delta": 1e-3}),
        ("K=10, D=0.2", {"kappa": 1.8}),
        ("halving, K=10, D=0.2", {"pulls": 300}),
    ],
)
def test_a_wrong_constant_is_told_apart(name, told, seed):
    """Control: the same test rejects a twin with another constant."""
    assert p_value(ours(CASES[name], seed), theirs(CASES[name], seed, **told)) < LEVEL


def test_fixed_budgets_have_the_risk_of_the_closed_form(seed):
    """T = 10 and T = 500 of section 3(g), and many arms; control: another gap is told apart."""
    for gap, pulls in ((0.1, 10), (0.3, 10), (0.1, 500)):
        found, exact = played(arms([0.0, gap]), fixed_budget(pulls), seed, 4000), theory.fixed_budget_risk(gap, pulls) - 1e-4 * pulls
        assert (found.pulls == pulls / 2).all() and abs(found.loss.mean() - exact) < 4 * math.sqrt(exact * (1 - exact) / 4000)
    found, exact = played(arms(ahead(10, 0.2)), fixed_budget(500), seed, 4000), float(theory.uniform_misidentification([0.2] * 9, 50))
    error = math.sqrt(exact * (1 - exact) / 4000)
    assert abs(found.loss.mean() - exact) < 4 * error < abs(found.loss.mean() - theory.uniform_misidentification([0.25] * 9, 50))


# ------------------------------------------------------------------------------------------------ small things
def test_halving_by_hand():
    """Six arms, T = 60: three rounds of 20 pulls, so 3, 6 and 10 of each of 6, 3 and 2 arms; samples of a round are forgotten."""
    rule, problem = sequential_halving(60), arms([0.0] * 6)
    stacks = np.tile(np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])[:, None], (1, 30))
    stacks[0, 3:], stacks[2, 3:] = -1.0, 9.0  # the first arm disappoints later, the third shines
    live, pulled, memory, params = by_hand(rule, problem, stacks)
    assert np.bincount(pulled).tolist() == [9, 19, 19, 3, 3, 3] and [int(s.sum()) for s in live] == [6] * 18 + [3] * 18 + [2] * 20
    assert rule.recommend(memory, params, None, 0, None) == 2


def test_fixed_budget_goes_round():
    rule = fixed_budget(7)
    _, pulled, _, _ = by_hand(rule, arms([0.0, 0.0, 0.0]), np.zeros((3, 5)))
    assert pulled == [0, 1, 2, 0, 1, 2, 0]


@pytest.mark.parametrize("factory", RULES)
def test_foreign_problems_are_declined(factory):
    """No sample is shown there."""
    for problem in (stochastic_bandit(gaussian([0.0, 1.0]), 50), knapsack_bandit([0.5, 0.4], [[0.5], [0.4]], [5.0], 50)):
        with pytest.raises(BudgetsimError, match=r"without seen\.sample; allowed"):
            factory().init(problem.spec)


@pytest.mark.parametrize("factory", RULES)
def test_problems_that_refuse_pulls_are_declined(factory):
    with pytest.raises(BudgetsimError, match="a pull may be refused; allowed"):
        factory().init(arms([0.0, 1.0]).spec._replace(law=SKIP))


class Bare(NamedTuple):
    sigma: float


def test_what_is_not_public_is_asked_for():
    spec = arms([0.0, 1.0]).spec._replace(public=Bare(1.0))
    fixed_confidence().init(spec)
    with pytest.raises(BudgetsimError, match="without a public price"):
        dbcare(risk="simple_regret").init(spec)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: dbcare(kappa=-1.0), "kappa"),
        (lambda: dbcare(risk="regret"), "risk"),
        (lambda: fixed_budget(-1), "pulls"),
        (lambda: fixed_budget(2.5), "pulls"),
        (lambda: sequential_halving(0), "pulls"),
        (lambda: sequential_halving(19).init(arms([0.0] * 8).spec), "pulls"),
        (lambda: fixed_confidence(0.0), "delta"),
        (lambda: fixed_confidence(1.5), "delta"),
    ],
)
def test_bad_input(call, named):
    with pytest.raises(BudgetsimError, match=f"^{named}: got") as error:
        call()
    assert "\n" not in str(error.value) and "allowed" in str(error.value)


def test_the_risk_can_be_chosen_by_the_rule(seed):
    """dbcare(risk=...) on a problem of the other risk pulls as if the problem said so."""
    one = played(arms([0.0, 0.1], risk="simple_regret"), dbcare(), seed, 50)
    two = played(arms([0.0, 0.1]), dbcare(risk="simple_regret"), seed, 50)
    assert (one.pulls == two.pulls).all() and (one.pulls != played(arms([0.0, 0.1]), dbcare(), seed, 50).pulls).any()
