"""Rules for a stock that may run out: beside independent twins, and what they do round by round."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim import BudgetsimError, engine
from budgetsim.folders import bind
from budgetsim.model import ARM, RUIN, Ended, Outcome, Spec, Status
from budgetsim.optima.ruin_dp import ruin_dp
from budgetsim.policies.alarmed import alarmed
from budgetsim.policies.bandit_gambler import bandit_gambler, look
from budgetsim.policies.bootstrap_survival import bootstrap_survival
from budgetsim.policies.epsilon_greedy import epsilon_greedy
from budgetsim.policies.exploit_shares import exploit_shares
from budgetsim.policies.exploit_ucb_double import exploit_ucb_double
from budgetsim.policies.fixed_split import fixed_split
from budgetsim.policies.kl_ucb import kl_ucb
from budgetsim.policies.marab import marab
from budgetsim.policies.positive_gambler import positive_gambler
from budgetsim.policies.risk_neutral import risk_neutral
from budgetsim.policies.share_budget import share_budget
from budgetsim.policies.softmax_plan import softmax_plan
from budgetsim.policies.survival_plan import survival_plan
from budgetsim.policies.ucb1 import ucb1
from budgetsim.policies.uniform import uniform
from budgetsim.problems.survival_bandit import survival_bandit
from budgetsim.shared.survival import EQUAL, half_weight, positive_chance, ruin_chance
from tests.references import bootstrap_survival as bootstrap_twin
from tests.references import gamblers as gamblers_twin
from tests.references import marab as marab_twin
from tests.references import planners as planners_twin
from tests.references import stock_rules as stock_twin
from tests.test_twins import LEVEL, p_values

C3 = [[1.0, -1.0], [3.0, -3.0], [10.0, -8.0]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]
P, STOCK, HORIZON = (0.5, 0.6, 0.4), 6, 300


def coins(p, budget, horizon):
    return survival_bandit([[1.0, -1.0]] * len(p), [[q, 1 - q] for q in p], budget, horizon)


def totals(problem, rule, seed, replications):
    return engine.play_block(engine.prepare(problem, rule), seed, 0, replications, np.array([problem.spec.horizon])).reward[:, -1]


def beside(name, a, b, wrong):
    print(f"{name}: {a.mean():.3f} +- {a.std() / math.sqrt(a.size):.3f}, twin {b.mean():.3f} +- {b.std() / math.sqrt(b.size):.3f}, wrong constant {wrong.mean():.3f}")
    assert min(p_values(a, b)) > LEVEL
    assert min(p_values(a, wrong)) < LEVEL


# ------------------------------------------------------------------------------------------------ twins
STOCK_RULES = {
    "exploit_shares": (exploit_shares(), 0.0, ("share_budget", np.array([0.0, 6.0, 0.0]))),
    "share_budget": (share_budget([1, 2, 3]), np.array([1.0, 2.0, 3.0]), ("share_budget", np.array([2.0, 1.0, 3.0]))),
    "exploit_ucb_double": (exploit_ucb_double(0.5), 0.5, ("exploit_ucb_double", 8.0)),
    "alarmed": (alarmed(ucb1(), omega=8), 8.0, ("alarmed", 1000.0)),
}


@pytest.mark.parametrize("name", STOCK_RULES)
def test_rules_for_coins_agree_with_their_twins(name, seed):
    rule, constant, wrong = STOCK_RULES[name]
    ours, rng = totals(coins(P, STOCK, HORIZON), rule, seed, 6000), np.random.default_rng(seed)
    beside(name, ours, stock_twin.simulate(name, P, STOCK, HORIZON, 6000, rng, constant), stock_twin.simulate(wrong[0], P, STOCK, HORIZON, 6000, rng, wrong[1]))


@pytest.mark.parametrize("rule", [bandit_gambler, positive_gambler])
def test_gamblers_agree_with_their_twins(rule, seed):
    """The wrong constant is an optimism: none for the positive gambler, for the other one the positive gambler's."""
    p, stock, horizon, rng = (0.3, 0.45, 0.6), 4, 60, np.random.default_rng(seed)
    ours, scale = totals(coins(p, stock, horizon), rule(), seed, 10_000), 2.0 if rule is bandit_gambler else 0.0
    theirs = gamblers_twin.simulate(getattr(gamblers_twin, rule.__name__), p, stock, horizon, 3000, rng)
    beside(rule.__name__, ours, theirs, gamblers_twin.simulate(gamblers_twin.positive_gambler, p, stock, horizon, 3000, rng, scale=scale))


def test_marab_agrees_with_its_twin(seed):
    laws, rng = ([[5.0, -3.0], [1.0, -1.0]], [[0.5, 0.5], [0.6, 0.4]]), np.random.default_rng(seed)
    ours = totals(survival_bandit(*laws, 1000, 60), marab(0.3, 2.0), seed, 4000)  # so much stock that ruin does not come
    beside("marab", ours, marab_twin.simulate(*laws, 60, 1000, rng, 0.3, 2.0), marab_twin.simulate(*laws, 60, 1000, rng, 0.99, 2.0))


def test_bootstrap_agrees_with_its_twin(seed):
    laws, rng = ([[1.0, -1.0], [8.0, -6.0]], [[0.6, 0.4], [0.55, 0.45]]), np.random.default_rng(seed)
    ours = totals(survival_bandit(*laws, 5, 30), bootstrap_survival(6.0, 10, 8), seed, 4000)
    theirs, wrong = (bootstrap_twin.simulate(*laws, 5, 30, 1000, rng, penalty, 10, 8) for penalty in (6.0, 1000.0))
    beside("bootstrap_survival", ours, theirs, wrong)


# ------------------------------------------------------------------------------------------------ indices from pull to pull
def full_index(seen, b):
    """Bandit-Gambler's index of every arm by the two sums, nothing kept from before."""
    halves = [half_weight(w, l) for w, l in zip(seen.wins, seen.losses, strict=True)]
    return np.array([positive_chance(w, l, h) - ruin_chance(w, l, h, b) for w, l, h in zip(seen.wins, seen.losses, halves, strict=True)])


def first_of_equals(value):
    return int(np.argmax(value >= value.max() - EQUAL))


def pulled(rule, memory, arm, reward, params=()):
    rule.update(memory, params, (), arm, Outcome(reward, np.array([-reward]), (), Status.CHARGED), 0)


histories = st.tuples(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1.0, 1.0, 1.0, -1.0, -1.0, 0.0, 40.0, -7.0]), st.integers(1, 12)), min_size=1, max_size=40),
    st.integers(1, 150),
)  # arm (3: the rule's choice), reward, how often; stock


@given(histories)
@settings(max_examples=200, deadline=None)
def test_bandit_gambler_chooses_as_the_full_formula_does(history):
    """Every round, ties of equal records among them: the arm by full evaluation of all arms, and the indices it looked at to 1e-12."""
    (pulls, b), rule = history, bandit_gambler()
    memory = rule.init(coins(P, STOCK, HORIZON).spec)
    for arm, reward, times in pulls:
        for _ in range(times):
            full, choice = full_index(memory.seen, b), rule.act(memory, (), (), np.array([b + 0.5]), 0, None)
            assert choice == first_of_equals(full)
            looked = (memory.stock == b) & (memory.error <= 1e-12)
            assert looked[choice] and np.all(abs((memory.seen.chance - memory.ruin - full)[looked]) < 1e-12) and np.all(memory.seen.chance > full - 1e-12)
            pulled(rule, memory, choice if arm == 3 else arm, reward)
            b = max(b + reward, 1)


def test_steps_without_a_bound_of_their_error_would_go_astray():
    """Control: an arm pulled ten times, the stock rising from 30 to 90."""
    rule = bandit_gambler()
    memory = rule.init(coins(P, STOCK, HORIZON).spec)
    for reward in [1.0, -1.0] * 10:
        pulled(rule, memory, 0, reward)
    off = {}
    for trusting in (False, True):
        memory.stock[:] = 0.0
        for b in range(30, 91):
            memory.error[:] *= not trusting or b == 30
            look(memory, 0, float(b))
        off[trusting] = abs(memory.seen.chance[0] - memory.ruin[0] - full_index(memory.seen, 90.0)[0])
    print(f"index off by {off[False]:.1e}, without bounds {off[True]:.1e}")
    assert off[False] < 1e-12 < 1e-9 < off[True]


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(1, 90)), max_size=12), st.integers(1, 200))
@settings(max_examples=200, deadline=None)
def test_positive_gambler_chooses_as_the_full_formula_does(history, b):
    rule = positive_gambler()
    memory = rule.init(coins(P, STOCK, HORIZON).spec)
    for k in range(3):
        pulled(rule, memory, k, 1.0)
    for arm, win, times in history:
        for _ in range(times):
            pulled(rule, memory, arm, 1.0 if win else -1.0)
        seen = memory.seen
        full = stats.beta.sf(0.5, seen.wins + 1, seen.losses + 1) + np.sqrt(2 * math.log(b) / memory.pulls)
        assert rule.act(memory, (), (), np.array([float(b)]), 0, None) == first_of_equals(full)
        assert np.all(abs(memory.value - full) < 1e-12)


@given(st.lists(st.one_of(st.integers(-2, 1), st.floats(-3, 3, width=32)), min_size=1, max_size=60), st.sampled_from([0.05, 0.3, 0.5, 1.0]), st.integers(0, 10))
@settings(max_examples=200, deadline=None)
def test_marab_keeps_the_tail(rewards, alpha, beyond):
    """The mean of the ceil(alpha n) least of n rewards, each pull; whoever plays on beyond the horizon keeps as many as were wanted there."""
    rule, horizon = marab(alpha, 0.5), max(len(rewards) - beyond, 1)
    memory, params = rule.init(coins(P, STOCK, horizon).spec)
    for n, reward in enumerate(rewards, 1):
        pulled(rule, memory, 1, float(reward), params)
        few = min(math.ceil(alpha * n), math.ceil(alpha * horizon))
        assert abs(memory.tail[1] - np.sort(rewards[:n])[:few].mean()) < 1e-12 and memory.tail[0] == math.inf


# ------------------------------------------------------------------------------------------------ planners
@pytest.mark.parametrize(
    ("rule", "temperature", "other"),
    [(survival_plan, None, "mean"), (risk_neutral, "mean", None), (softmax_plan, 0.1, 0.3)],
)
def test_planners_have_the_value_of_their_twins(rule, temperature, other, seed):
    """Mean final stock of runs against the exact one of an independent recursion; another temperature is told apart."""
    stock, horizon, runs = 3, 12, 60_000
    x = totals(survival_bandit(*C3, stock, horizon), rule(*C3), seed, runs)
    exact, wrong = (planners_twin.Planner(*C3, t).expected(horizon, stock) - stock for t in (temperature, other))
    error = x.std() / math.sqrt(runs)
    print(f"{rule.__name__}: {x.mean():.4f} +- {error:.4f}, twin exactly {exact:.4f}, wrong {wrong:.4f}")
    assert abs(x.mean() - exact) < 3.9 * error < abs(x.mean() - wrong)  # 3.9: level 1e-4


@given(st.integers(1, 8), st.integers(1, 14))
@settings(max_examples=200, deadline=None)
def test_the_plan_is_the_twins(k, b):
    """Deterministic rules: the same arm as the recursion, at every stock and number of steps left."""
    spec = survival_bandit(*C3, 6, 8).spec
    twin = {None: survival_plan(*C3), "mean": risk_neutral(*C3)}
    for temperature, rule in twin.items():
        memory, params = rule.init(spec)
        arm = rule.act(memory, params, (), np.array([float(b)]), spec.horizon - k, None)
        assert arm == np.argmax(planners_twin.Planner(*C3, temperature).choice(k, b))


def test_survival_plan_earns_what_ruin_dp_says(seed):
    """Section 2(g): MC of V_10(3): 6.398 (se .013), DP 6.403895."""
    problem, runs = survival_bandit(*C3, 3, 10), 100_000
    best = bind(ruin_dp, problem)
    x = 3.0 + totals(problem, bind(survival_plan, problem), seed, runs)
    print(f"V_10(3): {x.mean():.3f} +- {x.std() / math.sqrt(runs):.3f}, DP {3 + best.value:.6f}")
    assert f"{3.0 + best.value:.6f}" == "6.403895"
    assert abs(x.mean() - 3.0 - best.value) < 4 * x.std() / math.sqrt(runs)
    assert abs((3.0 + totals(problem, bind(risk_neutral, problem), seed, runs)).mean() - 3.0 - best.value) > 4 * x.std() / math.sqrt(runs)  # control


def test_survival_plan_is_ruined_as_seldom_as_ruin_dp_says(seed):
    problem, runs = survival_bandit(*C3, 3, 30), 40_000
    best = bind(ruin_dp, problem, objective="survival")
    for objective, holds in (("survival", True), ("wealth", False)):
        log = engine.play_block(engine.prepare(problem, survival_plan(*C3, objective)), seed, 0, runs, np.array([30]))
        alive = np.mean(log.ended != int(Ended.RUIN))
        assert (abs(alive - best.value) < 4 * math.sqrt(0.25 / runs)) == holds


def test_a_cold_softmax_is_the_plan_and_a_hot_one_is_uniform(seed):
    problem = survival_bandit(*C3, 3, 20)
    assert np.array_equal(totals(problem, softmax_plan(*C3, 1e-6), seed, 500), totals(problem, survival_plan(*C3), seed, 500))
    hot = engine.play_block(engine.prepare(survival_bandit(*C3, 1000, 20), softmax_plan(*C3, 1e9)), seed, 0, 3000, np.array([20]))
    share = hot.pulls[:, -1].sum(axis=0) / 60_000
    assert np.all(abs(share - 1 / 3) < 4 * math.sqrt(2 / 9 / 60_000))


# ------------------------------------------------------------------------------------------------ alarms
@pytest.mark.parametrize("inner", [ucb1(), kl_ucb()])
def test_an_alarm_that_never_rings_leaves_the_rule_on_mapped_rewards(inner, seed):
    """With a stock that nobody loses: pull by pull the rule on coins of 0 and 1 with the same luck."""
    a, b = (engine.play_block(engine.prepare(survival_bandit([[1.0, low]] * 3, [[q, 1 - q] for q in P], 1000, 200), rule), seed, 0, 200, np.array([200]))
            for low, rule in ((-1.0, alarmed(inner, omega=0)), (0.0, inner)))  # fmt: skip
    assert np.array_equal(a.pulls, b.pulls)


@given(st.integers(0, 12), st.lists(st.sampled_from([-1.0, 1.0]), min_size=40, max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_low_stock_rings(omega, rewards):
    """Each arm once; then the best mean while the stock is at most omega, and what the wrapped rule says above it."""
    rule, told = alarmed(ucb1(), omega=omega), ucb1()
    spec = Spec(ARM, 3, 40, budget=np.array([8.0]), law=RUIN)
    (memory, params), (inner, inner_params) = rule.init(spec), told.init(spec)
    left, sums, pulls = np.array([8.0]), np.zeros(3), np.zeros(3)
    for t, reward in enumerate(rewards):
        arm = rule.act(memory, params, (), left, t, None)
        expected = told.act(inner, inner_params, (), left, t, None)
        if t < 3:
            expected = t
        elif left[0] <= omega:
            expected = np.argmax(sums / pulls)
        assert arm == expected
        left += reward
        if left[0] <= 0:
            break
        sums[arm] += reward
        pulls[arm] += 1
        outcome = Outcome(reward, np.array([-reward]), (), Status.CHARGED)
        rule.update(memory, params, (), arm, outcome, t)
        told.update(inner, inner_params, (), arm, outcome._replace(reward=(reward + 1) / 2), t)


# ------------------------------------------------------------------------------------------------ bad input
@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda p: alarmed(3), "rule"),
        (lambda p: alarmed(fixed_split()), "rule"),
        (lambda p: alarmed(omega=-1), "omega"),
        (lambda p: alarmed(low=1.0), "low"),
        (lambda p: marab(alpha=0.0), "alpha"),
        (lambda p: marab(c=-1), "c:"),
        (lambda p: marab().init(p.spec._replace(horizon=10**10)), "horizon"),
        (lambda p: bootstrap_survival(penalty=-1), "penalty"),
        (lambda p: bootstrap_survival(paths=0), "paths"),
        (lambda p: bootstrap_survival(ahead=1.5), "ahead"),
        (lambda p: risk_neutral([[1, -1]], [[0.5, 0.4]]), "probabilities"),
        (lambda p: risk_neutral(*C3).init(p.spec), "arms"),
        (lambda p: survival_plan(*C3, objective="luck"), "objective"),
        (lambda p: survival_plan(*C3, penalty=1.0), "penalty"),
        (lambda p: survival_plan(*C3).init(p.spec), "arms"),
        (lambda p: softmax_plan(*C3, temperature=0.0), "temperature"),
        (lambda p: softmax_plan([[1, -(2**0.5)]] * 2, [[0.5, 0.5]] * 2).init(p.spec), "lattice"),
        (lambda p: bandit_gambler().init(p.spec._replace(budget=np.zeros(0))), "stock"),
        (lambda p: positive_gambler().init(p.spec._replace(budget=np.ones(2))), "stock"),
    ],
)
def test_a_wrong_argument_is_named(call, named):
    with pytest.raises(BudgetsimError, match=named):
        call(coins((0.6, 0.5), 5, 10))


# ------------------------------------------------------------------------------------------------ numbers and speed
SECTION_2G = {  #: p, stock, horizon, and (rule, its twin's name and constant, printed ruin, printed mean total)
    ((0.6, 0.55, 0.4), 12, 20_000): [
        (ucb1(8.0), ("alarmed", -1.0), 0.1415, 3076), (alarmed(epsilon_greedy(0.0), 0), ("alarmed", 1e9), 0.1482, 2847), (share_budget(among="in_order"), None, 0.0935, 3408),
        (share_budget(), ("share_budget", 4.0), 0.0872, 3294), (alarmed(ucb1(), 3), ("alarmed", 3.0), 0.1285, 3122), (exploit_shares(), ("exploit_shares", 0.0), 0.0882, 3183),
        (exploit_ucb_double(), ("exploit_ucb_double", 1.0), 0.0890, 3264), (uniform(), None, 0.4475, 376)],
    ((0.55, 0.45), 10, 20_000): [
        (ucb1(8.0), ("alarmed", -1.0), 0.5018, None), (alarmed(epsilon_greedy(0.0), 0), ("alarmed", 1e9), 0.3950, None), (exploit_shares(), ("exploit_shares", 0.0), 0.3725, None),
        (alarmed(ucb1(), 2), ("alarmed", 2.0), 0.4905, None), (exploit_ucb_double(), ("exploit_ucb_double", 1.0), 0.3687, 1122), (uniform(), None, 0.944, None)],
}  # fmt: skip


def numbers(replications=4000, twins=1000):
    """Section 2(g): printed | ours | twin. Mean totals printed as total / T were multiplied by T."""
    for (p, stock, horizon), rules in SECTION_2G.items():
        print(f"p = {p}, B = {stock}, T = {horizon}: bound {np.prod([min(1.0, (1 - q) / q) ** (stock / len(p)) for q in p]):.5f}")
        for rule, twin, ruin, total in rules:
            x = totals(coins(p, stock, horizon), rule, 7, replications)
            said = "-"
            if twin:
                y = stock_twin.simulate(twin[0], p, stock, horizon, twins, np.random.default_rng(7), twin[1])
                said = f"{(y == -stock).mean():.4f}, {y.mean():.0f}"
            ours = (x == -stock).mean()
            print(f"  {rule.name}: printed {ruin}, {total} | ours {ours:.4f} +- {math.sqrt(ours * (1 - ours) / replications):.4f}, {x.mean():.0f} +- {x.std() / math.sqrt(replications):.0f} | twin {said}", flush=True)


def speed(replications=2000, repeats=3):
    """Nanoseconds of CPU a pull on the ten-arm benchmark, beside UCB1: least of some repeats, one core."""
    problem, found = coins(np.linspace(0.4, 0.6, 10), 10, 10_000), {}
    rules = [ucb1(8.0), exploit_shares(), share_budget(), share_budget(among="in_order"), alarmed(ucb1(), 10), exploit_ucb_double(), bandit_gambler(), positive_gambler(), marab()]
    prepared = [engine.prepare(problem, rule) for rule in rules]
    for one in prepared:
        engine.play_block(one, 1, 0, 2, np.array([10_000]))
    for _ in range(repeats):
        for rule, one in zip(rules, prepared, strict=True):
            start = time.process_time()
            log = engine.play_block(one, 1, 0, replications, np.array([10_000]))
            found[rule.name] = min(found.get(rule.name, math.inf), (time.process_time() - start) / log.rounds.sum() * 1e9)
    for name, ns in found.items():
        print(f"{name}: {ns:.0f} ns a pull, {ns / found[rules[0].name]:.2f} times UCB1")


if __name__ == "__main__":
    numbers()
    speed()
