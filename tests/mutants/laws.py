"""The checks that mutants have to pass: each takes the mutant's module and returns "" or what is wrong.

`check_policy` and `check_problem` are the house's; the others say, from the mathematics alone, what a rule, a problem, an optimum, the
ledger and the draws must do. On the plain path, where an in-memory module needs no compiler.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from budgetsim import check_policy, check_problem, checks, draws, engine, folders, loop, model
from budgetsim.exercises import exercises
from budgetsim.loop import frozen
from budgetsim.policies.thompson import thompson
from budgetsim.problems.adversarial_bandit import adversarial_bandit
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.online_allocation import online_allocation
from budgetsim.problems.secretary import secretary
from budgetsim.problems.stochastic_bandit import bernoulli, finite, stochastic_bandit

from .definitions import DEFINITIONS, follow

SIGMAS = 6.0


@contextmanager
def plain() -> Iterator[None]:
    """Nothing is compiled."""
    prepare = engine.prepare
    engine.prepare = lambda problem, policy, path=None: prepare(problem, policy, "python")
    try:
        yield
    finally:
        engine.prepare = prepare


#: what the real files promise although not every file has to
KEPT = (checks.PORTABLE, checks.MASKS)
#: (check, claim, "broken" | "not kept" | "") of every verdict since somebody cleared it
CLAIMS: list[tuple[str, str, str]] = []


def broken(check: str, verdicts: Any, real: Any = ()) -> str:
    """The first promise that is broken, or that the real file keeps and this one does not."""
    keeps = {v.claim for v in real if v.holds is True and v.claim in KEPT}
    found = [(v, "broken" if v.holds is False else "not kept" if v.claim in keeps and v.holds is not True and v.detail != "not reached" else "") for v in verdicts]
    CLAIMS.extend((check, v.claim, how) for v, how in found)
    bad = [v for v, how in found if how == "broken"] or [v for v, how in found if how]
    return f"{bad[0].claim}: {bad[0].detail}" if bad else ""


# ------------------------------------------------------------------------------------------------ rules
def contract_of_a_rule(module: Any, name: str) -> str:
    """`check_policy`, as an outsider calls it; in plain Python, but for mutants that say COMPILE, on the first exercise."""
    compiles = hasattr(module, "COMPILE")
    with nullcontext() if compiles else plain():
        for arguments, _ in DEFINITIONS[name]:
            policy = getattr(module, name)(**arguments)
            if wrong := broken("check_policy", check_policy(policy, exercises(policy.kind)[:1] if compiles else None, seed=1, shrink=False), real_rule(name)):
                return wrong
    return ""


@functools.cache
def real_rule(name: str) -> Any:
    with plain():
        return check_policy(folders.factory("policies", name)(**DEFINITIONS[name][0][0]), seed=1)


def arena(name: str) -> list[Any]:
    """Problems on which a rule is followed."""
    if name == "hedge":
        waves = np.stack([np.arange(400) % 3 == 0, np.arange(400) % 2 == 0, np.arange(400) % 5 == 0], axis=1)
        return [adversarial_bandit(waves, feedback="full", idle=False)]
    if name in ("primal_dual", "lagrange_bwk"):
        costly = knapsack_bandit([0.9, 0.5, 0.3], [[0.8, 0.3], [0.2, 0.4], [0.05, 0.1]], [60.0, 90.0], 400)
        return [costly, costly._replace(spec=costly.spec._replace(law=model.SKIP, budget=np.array([15.0, 90.0])))]
    if name == "dual_descent":
        rng = np.random.default_rng(3)
        reward, cost = rng.uniform(size=(300, 3)), rng.uniform(size=(300, 3, 2))
        return [online_allocation(reward, cost, [50.0, 70.0]), online_allocation(reward, cost, [50.0, 155.0])]
    if name == "secretary_rule":
        return [secretary(30)]
    coins = stochastic_bandit(bernoulli([0.2, 0.5, 0.7]), 400)
    if name == "thompson":
        return [coins, stochastic_bandit(bernoulli([0.4, 0.5, 0.9]), 12), exercises(model.ARM)[4]]
    apart = stochastic_bandit(finite([[0.0, 0.1], [0.85, 0.95], [0.3, 0.7]], [[0.5, 0.5]] * 3), 400)
    return [coins, apart] + [exercises(model.ARM)[4]] * (name in ("ucb1", "uniform", "fixed_arm", "epsilon_greedy", "exp3", "moss", "kl_ucb"))


def definition(module: Any, name: str) -> str:
    """Each action is one that the rule's definition allows, as often as its probabilities say."""
    for problem in arena(name):
        for arguments, rule in DEFINITIONS[name]:
            if wrong := follow(problem, getattr(module, name)(**arguments), rule, seed=11, replications=max(4, 2400 // problem.spec.horizon)):
                return wrong
    return ""


# ------------------------------------------------------------------------------------------------ problems
def contract_of_a_problem(module: Any, name: str) -> str:
    """`check_problem` on the examples of the file; in plain Python, but for mutants that say COMPILE, on the first."""
    compiles = hasattr(module, "COMPILE")
    with nullcontext() if compiles else plain():
        return broken("check_problem", check_problem(module.examples()[: 1 if compiles else None], seed=1), real_problem(name))


@functools.cache
def real_problem(name: str) -> Any:
    with plain():
        return check_problem(folders.factory("problems", name), seed=1)


def luck(problem: Any, actions: Any, rounds: int = 3000, t: int | None = None, stock: Any = None) -> Any:
    """(reward, cost) of every action on the same keys: (rounds, actions), (rounds, actions, d); the state is that of the start."""
    instance, spec = frozen(problem.instance), problem.spec
    state = frozen(problem.init(instance)) if problem.init else model.Nothing()
    left, seen = np.array(spec.budget if stock is None else stock, float), spec.seen
    reward, cost = np.zeros((rounds, len(actions))), np.zeros((rounds, len(actions), spec.budget.size))
    for s in range(rounds):
        for i, action in enumerate(actions):
            key = draws.nature_key(5, s, 0, draws.ROUND)
            reward[s, i] = problem.step(instance, state, spec.view, action, left, s if t is None else t, key, cost[s, i], seen)
    return reward, cost


def close(what: str, sample: Any, mean: Any, variance: Any = None) -> str:
    """A sample's means (and variances) beside what they should be."""
    sample = np.asarray(sample, float).reshape(len(sample), -1)
    error = np.maximum(sample.std(axis=0), 1e-9) / math.sqrt(len(sample))
    z = np.abs(sample.mean(axis=0) - np.ravel(mean)) / error
    if z.max() > SIGMAS:
        return f"{what}: mean {sample.mean(axis=0).round(4).tolist()}, should be {np.ravel(mean).tolist()}"
    if variance is not None:
        return close(f"{what}, squared deviation", (sample - np.ravel(mean)) ** 2, np.ravel(variance))
    return ""


def apart(what: str, a: Any, b: Any) -> str:
    """Two samples that must be independent."""
    r = np.corrcoef(a, b)[0, 1]
    return f"{what} are correlated: {r:.3f}" if abs(r) * math.sqrt(len(a)) > SIGMAS else ""


def first(findings: Any) -> str:
    return next((f for f in findings if f), "")


def law_of_stochastic_bandit(m: Any) -> Iterator[str]:
    p, mu, sigma, a, b = np.array([0.4, 0.5, 0.7]), np.array([0.0, 1.0]), np.array([0.5, 2.0]), np.array([1.0, 2.0]), np.array([3.0, 1.5])
    values, chance = np.array([[0.0, 2.0], [1.0, 5.0]]), np.array([[0.75, 0.25], [0.5, 0.5]])
    reward, _ = luck(m.stochastic_bandit(m.bernoulli(p), 10), [0, 1, 2])
    yield close("bernoulli", reward, p, p * (1 - p))
    yield apart("arms 0 and 1", reward[:, 0], reward[:, 1])
    yield close("gaussian", luck(m.stochastic_bandit(m.gaussian(mu, sigma), 10), [0, 1])[0], mu, sigma**2)
    yield close("beta", luck(m.stochastic_bandit(m.beta(a, b), 10), [0, 1])[0], a / (a + b), a * b / (a + b) ** 2 / (a + b + 1))
    mean = (values * chance).sum(1)
    yield close("finite", luck(m.stochastic_bandit(m.finite(values, chance), 10), [0, 1])[0], mean, (values**2 * chance).sum(1) - mean**2)


def law_of_knapsack_bandit(m: Any) -> Iterator[str]:
    r, c = np.array([0.8, 0.4]), np.array([[0.7, 0.2], [0.3, 0.6]])
    reward, cost = luck(m.knapsack_bandit(r, c, [9.0, 9.0], 10), [-1, 0, 1])
    yield close("reward", reward, [0.0, *r])
    problem = m.knapsack_bandit(r, c, [9.0, 9.0], 10)
    told = [float(problem.expected(problem.instance, model.Nothing(), None, a, 0)) for a in (-1, 0, 1)]
    yield "" if told == [0.0, *r] else f"expected: {told}, should be {[0.0, *r]}"
    yield close("cost", cost, np.vstack([[0.0, 0.0], c]))
    columns = [reward[:, 1], reward[:, 2], *cost[:, 1:].reshape(len(cost), -1).T]
    yield first(apart(f"luck {i} and {j}", x, y) for (i, x), (j, y) in itertools.combinations(enumerate(columns), 2))
    table = m.knapsack_bandit(budget=[9.0], horizon=10, outcomes=[[[0.0, 0.0], [0.5, 1.0]], [[0.2, 0.0], [0.8, 3.0]]], probabilities=[[0.5, 0.5], [0.75, 0.25]])
    reward, cost = luck(table, [-1, 0, 1])
    yield close("reward of a table", reward, [0.0, 0.25, 0.35])
    yield close("cost of a table", cost, [[0.0], [0.5], [0.75]])
    yield "" if table.instance.largest_cost.tolist() == [3.0] else f"largest_cost: {table.instance.largest_cost.tolist()}, should be [3.0]"


def law_of_logged_bandit(m: Any) -> Iterator[str]:
    reward, cost = np.array([[1.0, np.nan], [0.25, 0.5]]), np.array([[2.0, 0.0], [0.5, 1.0]])
    problem = m.logged_bandit(np.tile(reward, (40, 1)), np.tile(cost, (40, 1)), 99.0, 80, "as_logged")
    for t in range(80):
        state, view = m.Row(np.full(1, float(t))), m.Mask(np.zeros(2))
        problem.observe(problem.instance, state, t, None, view)
        yield "" if view.legal.tolist() == [1.0, float(t % 2)] else f"round {t}: {view.legal.tolist()} is legal"


def law_of_survival_bandit(m: Any) -> Iterator[str]:
    x, p = np.array([[2.0, -1.0], [3.0, -3.0]]), np.array([[0.5, 0.5], [0.6, 0.4]])
    problem = m.survival_bandit(x, p, 40, 60)
    state = problem.init(problem.instance)
    for stock, action in itertools.product((1.0, 2.0, 40.0), (0, 1)):
        state.stock[0] = stock
        right = float(p[action] @ np.maximum(x[action], -stock))
        got = problem.expected(problem.instance, state, None, action, 0)
        yield "" if abs(got - right) < 1e-12 else f"expected at stock {stock:g}: {got}, should be {right}"
    gains: dict[int, tuple[list[float], list[float]]] = {}
    for order in ([0] * 30 + [1] * 30, [0, 1] * 30):
        state, seen, left, gains[len(gains)] = problem.init(problem.instance), problem.spec.seen, np.array([1000.0]), ([], [])
        for t, action in enumerate(order):
            cost = np.zeros(1)
            key = draws.nature_key(3, 0, t, draws.ROUND)
            gain = problem.step(problem.instance, state, problem.spec.view, action, left, t, key, cost, seen)
            yield "" if cost[0] == -gain else f"a gain of {gain} costs {cost[0]}"
            problem.advance(problem.instance, state, problem.spec.view, action, model.Outcome(gain, cost, seen, 0), left, t, key)
            gains[len(gains) - 1][action].append(float(gain))
    yield "" if gains[0] == gains[1] else "the n-th pull of an arm depends on when it is made"
    yield "" if len(set(gains[0][0])) > 1 else "every pull brings the same"


def law_of_adversarial_bandit(m: Any) -> Iterator[str]:
    rng = np.random.default_rng(1)
    r, c = rng.uniform(size=(6, 3)), rng.uniform(size=(6, 3, 2))
    problem = m.adversarial_bandit(r, c, [9.0, 9.0], "full")
    for t, a in itertools.product(range(6), range(3)):
        seen, cost = problem.spec.seen, np.zeros(2)
        got = problem.step(problem.instance, model.Nothing(), problem.spec.view, a, np.ones(2), t, None, cost, seen)
        right = got == r[t, a] and (cost == c[t, a]).all() and (seen.reward == r[t]).all() and (seen.cost == c[t]).all()
        yield "" if right else f"round {t}, arm {a}: not what was written down"


def law_of_semi_bandit(m: Any) -> Iterator[str]:
    problem = m.semi_bandit([1.0, 1.0, 1.0], [[1.0], [1.0], [0.0]], 2, [9.0], 10)
    for chosen in itertools.product((0.0, 1.0), repeat=3):
        cost, seen = np.zeros(1), problem.spec.seen
        got = problem.step(
            problem.instance, model.Nothing(), problem.spec.view, np.array(chosen), np.ones(1), 0, draws.nature_key(1, 0, 0, draws.ROUND), cost, seen
        )
        if sum(chosen) > 2:
            yield "" if got == model.UNANSWERED else f"{chosen} is answered"
        else:
            right = got == sum(chosen) and cost[0] == chosen[0] + chosen[1] and seen.reward.tolist() == list(chosen)
            yield "" if right else f"{chosen}: reward {got}, cost {cost[0]}, seen {seen.reward.tolist()}"


def law_of_secretary(m: Any) -> Iterator[str]:
    problem = m.secretary(4)
    places = np.zeros((2000, 4))
    for i in range(2000):
        state = problem.init(problem.instance)
        problem.begin(problem.instance, state, draws.nature_key(2, i, 0, draws.BEGIN_PROBLEM))
        places[i] = state.quality
    yield close("the quality of each place", places, np.full(4, 1.5), np.full(4, 1.25))


def law_of_online_allocation(m: Any) -> Iterator[str]:
    rng = np.random.default_rng(1)
    r, c = rng.uniform(size=(6, 3)), rng.uniform(size=(6, 3, 2))
    problem = m.online_allocation(r, c, [9.0, 9.0])
    for t, a in itertools.product(range(6), range(-1, 3)):
        view, cost = problem.observe(problem.instance, model.Nothing(), t, None, problem.spec.view), np.zeros(2)
        got = problem.step(problem.instance, model.Nothing(), view, a, np.ones(2), t, None, cost, problem.spec.seen)
        right = (r[t, a], c[t, a]) if a >= 0 else (0.0, np.zeros(2))
        good = got == right[0] and (cost == right[1]).all() and problem.expected(problem.instance, model.Nothing(), view, a, t) == right[0]
        yield "" if good else f"round {t}, option {a}: reward {got}, cost {cost.tolist()}, not what was written down"


def formula(module: Any, name: str) -> str:
    """Rewards, costs and what is expected are those of the docstring."""
    return first(globals()[f"law_of_{name}"](module))


# ------------------------------------------------------------------------------------------------ optima
def sound(best: Any, truth: float, of: str = "", tight: float = 1e-6, bound: float | None = None) -> str:
    """lower <= truth <= upper (or a bound of its own above), value at the truth, prices not negative."""
    size = max(abs(truth), 1.0)
    above = truth if bound is None else bound
    if not best.lower <= best.value <= max(best.upper, best.value) or best.upper < best.lower:
        return f"{of}: lower {best.lower}, value {best.value}, upper {best.upper} are not in order"
    if abs(best.value - truth) > tight * size:
        return f"{of}: value {best.value}, should be {truth}"
    if best.lower > truth + 1e-12 * size or best.upper < above - 1e-9 * size:
        return f"{of}: [{best.lower}, {best.upper}] does not hold [{truth}, {above}]"
    if best.upper > above + 1e-3 * max(abs(above), 1.0):
        return f"{of}: upper {best.upper} is far above {above}"
    return ""


def solved(goal: Any, matrix: Any, room: Any) -> float:
    from scipy.optimize import linprog

    return -float(linprog(-np.asarray(goal), matrix, room, method="highs-ipm").fun)


def fits(of: str, used: Any, cap: Any) -> str:
    used, cap = np.asarray(used), np.asarray(cap)
    return "" if (used <= cap * (1 + 1e-12)).all() else f"{of}: the plan uses {used.tolist()} of {cap.tolist()}"


def priced(of: str, price: Any, budget: Any, kept: Any, value: float) -> str:
    """Weak duality, attained: p.B + what is left at these prices is the value."""
    dual = float(price @ budget) + kept
    return "" if (price >= 0).all() and abs(dual - value) <= 1e-6 * max(value, 1.0) else f"{of}: the prices {price.tolist()} give {dual}, the plan {value}"


def certificate_of_fluid_lp(m: Any) -> Iterator[str]:
    rng = np.random.default_rng(7)
    for i in range(25):
        k, d, horizon = int(rng.integers(1, 6)), 1 + i % 2, 100
        r, c = rng.uniform(size=k), rng.uniform(size=(k, d)) ** 2
        b = rng.uniform(1, 40, d)
        best = m.fluid_lp(r, c, b, horizon)
        matrix = np.vstack([horizon * c.T, np.ones(k)])
        truth, wide = (horizon * solved(r, matrix, np.append(x, 1.0)) for x in (b, b + 1.0))
        yield sound(best, truth, f"instance {i}", bound=wide)
        yield fits(f"instance {i}", np.append(horizon * best.plan.mixture @ c, best.plan.mixture.sum()), np.append(b, 1.0))
        yield priced(f"instance {i}", best.dual.price, b, horizon * max(float((r - c @ best.dual.price).max()), 0.0), best.value)
    feasible = m._feasible(np.array([0.6, 0.6]), np.array([[1.0, 0.2], [1.0, 0.2]]), np.array([0.6, 0.2]))
    yield fits("a plan to be repaired", [*(feasible @ [[1.0, 0.2], [1.0, 0.2]]), feasible.sum()], [0.6, 0.2, 1.0])
    dual = m.dual_value(np.array([1.0, 0.5]), np.array([[1.0], [0.1]]), np.array([30.0]), 100, np.array([-5.0]))
    yield "" if dual >= 53.0 else f"the dual at a price below 0 is {dual}, below a plan of 53"


def certificate_of_hindsight_lp(m: Any) -> Iterator[str]:
    rng = np.random.default_rng(7)
    for i in range(20):
        horizon, n, d = int(rng.integers(2, 12)), int(rng.integers(1, 4)), 1 + i % 2
        r, c = rng.uniform(size=(horizon, n)), rng.uniform(size=(horizon, n, d))
        b = rng.uniform(0.3, 3.0, d)
        matrix = np.vstack([c.reshape(-1, d).T, np.kron(np.eye(horizon), np.ones(n))])
        best = m.hindsight_lp(r, c, b)
        yield sound(best, solved(r.ravel(), matrix, np.append(b, np.ones(horizon))), f"instance {i}")
        yield fits(f"instance {i}", np.append(np.einsum("ti,tij->j", best.plan, c), best.plan.sum(1)), np.append(b, np.ones(horizon)))
        p = rng.uniform(0.0, 1.5, d)
        promise = float(p @ b + np.maximum((r - c @ p).max(1), 0.0).sum())
        yield (
            ""
            if abs(m.dual_value(r, c, b, p) - promise) < 1e-9
            else f"instance {i}: the dual at {p.tolist()} is {m.dual_value(r, c, b, p)}, should be {promise}"
        )
        yield priced(f"instance {i}", best.dual, b, float(np.maximum((r - c @ best.dual).max(1), 0.0).sum()), best.value)
    proposal = m.fitted(np.array([[0.9, 0.9]]), np.ones((1, 2)), np.ones((1, 2, 1)), np.array([0.5]))
    yield fits("a plan to be repaired", [proposal.sum(), proposal.sum()], [0.5, 1.0])
    proposal = m.fitted(np.array([[0.9, 0.9]]), np.ones((1, 2)), np.zeros((1, 2, 1)), np.array([0.5]))
    yield fits("a request to be served twice", [proposal.sum()], [1.0])
    solve = m._solve
    m._solve = lambda *given: (1.01 * solve(*given)[0], solve(*given)[1])  # a solver that is a little wrong
    best = m.hindsight_lp([[1.0], [1.0]], [[[1.0]], [[1.0]]], [1.5])
    m._solve = solve
    yield fits("a solver that is a little wrong", [best.plan.sum(), *best.plan.sum(1)], [1.5, 1.0, 1.0])


def certificate_of_best_fixed_arm(m: Any) -> Iterator[str]:
    rng = np.random.default_rng(7)
    for i in range(20):
        r, c, b = rng.uniform(size=4), rng.uniform(size=(4, 2)), rng.uniform(1, 60, 2)
        truth = max(r[k] * min(100.0, *(b / c[k])) for k in range(4))
        yield sound(m.best_fixed_arm(r, 100, c, b), truth, f"instance {i}")
        yield sound(m.best_fixed_arm(r, 100), 100 * r.max(), f"instance {i} without budgets")


def certificate_of_best_fixed_distribution(m: Any) -> Iterator[str]:
    rng = np.random.default_rng(7)
    for i in range(12):
        horizon, k = 12, 3
        r, c, b = rng.uniform(size=(horizon, k)) ** 3, rng.uniform(size=(horizon, k, 1)), np.array([rng.uniform(0.5, 3.0)])
        earned, used = r.cumsum(0), c.cumsum(0)
        by_tau = [solved(earned[t], np.vstack([used[t].T, np.ones(k)]), np.append(b, 1.0)) for t in range(horizon)]
        best = m.best_fixed_distribution(r, c, b)
        yield sound(best, max(by_tau), f"instance {i}", 1e-4)
        tau = best.plan.rounds - 1
        got = float(best.plan.mixture @ earned[tau]) if tau >= 0 else 0.0
        yield "" if abs(got - best.value) < 1e-9 else f"instance {i}: the plan earns {got}, not {best.value}"


def certificate_of_prophet_value(m: Any) -> Iterator[str]:
    rng = np.random.default_rng(7)
    for i in range(4):
        weight, p = rng.uniform(size=(2, 3, 2)), rng.uniform(0.1, 0.45, (3, 2))
        truth = 0.0
        for day in itertools.product(range(3), repeat=3):
            chance = math.prod(p[t, j] if j < 2 else 1 - p[t].sum() for t, j in enumerate(day))
            options = [(-1, *range(2))] * 3
            pairs = (pick for pick in itertools.product(*options) if len({n for n in pick if n >= 0}) == sum(n >= 0 for n in pick))
            truth += chance * max(sum(weight[n, t, day[t]] for t, n in enumerate(pick) if n >= 0 and day[t] < 2) for pick in pairs)
        yield sound(m.prophet_value(weight, p, samples=None), truth, f"market {i}")


def certificate_of_knapsack_dp(m: Any) -> Iterator[str]:
    def truth(r: Any, c: Any, n: int, left: tuple[int, ...]) -> Any:
        if n == 0:
            return Fraction(0)
        best = truth(r, c, n - 1, left)
        for k in range(len(r)):
            total = Fraction(0)
            for spent in itertools.product((0, 1), repeat=len(left)):
                if all(s <= b for s, b in zip(spent, left, strict=True)):
                    chance = math.prod((q if s else 1 - q for s, q in zip(spent, c[k], strict=True)), start=Fraction(1))
                    total += chance * (r[k] + truth(r, c, n - 1, tuple(b - s for b, s in zip(left, spent, strict=True))))
            best = max(best, total)
        return best

    induct = m._induct
    m._induct = getattr(induct, "__wrapped__", induct)
    for r, c, b, n in (([0.75, 0.5], [[0.5], [0.125]], [1], 4), ([0.75, 0.25], [[0.5, 0.25], [0.0, 0.25]], [1, 1], 4), ([1.0], [[0.25]], [0], 3)):
        exact = truth([Fraction(x) for x in r], [[Fraction(x) for x in row] for row in c], n, tuple(b))
        yield sound(m.knapsack_dp(r, c, b, n), float(exact), f"{n} rounds")


def certificate_of_semi_bandit_lp(m: Any) -> Iterator[str]:
    rng = np.random.default_rng(7)
    for i in range(12):
        k, most, horizon = 4, 2, 100
        r, c, b = rng.uniform(size=k), rng.uniform(size=(k, 2)), rng.uniform(5, 60, 2)
        matrix = np.vstack([horizon * c.T, np.ones(k), np.eye(k)])
        truth, wide = (horizon * solved(r, matrix, np.concatenate([x, [most], np.ones(k)])) for x in (b, b + most))
        best = m.semi_bandit_lp(r, c, b, horizon, most)
        yield sound(best, truth, f"instance {i}", bound=wide)


def certificate_of_fluid_request_lp(m: Any) -> Iterator[str]:
    rng = np.random.default_rng(7)
    for i in range(8):
        r, c, p, horizon = rng.uniform(size=(3, 2)), rng.uniform(size=(3, 2, 1)), np.array([0.2, 0.3, 0.5]), 50
        b = rng.uniform(2, 15, 1)
        matrix = np.vstack([(horizon * p[:, None, None] * c).reshape(-1, 1).T, np.kron(np.eye(3), np.ones(2))])
        best = m.fluid_request_lp(r, c, p, b, horizon)
        yield sound(best, solved((horizon * p[:, None] * r).ravel(), matrix, np.append(b, np.ones(3))), f"instance {i}")


def certificate(module: Any, name: str) -> str:
    """lower <= the true optimum <= upper on small instances solved another way; the plan fits and earns its value; the prices prove it."""
    return first(globals()[f"certificate_of_{name}"](module))


# ------------------------------------------------------------------------------------------------ the ledger and the draws
def account(m: Any, law: Any, budget: Any, rounds: Any, renewing: bool = False) -> list[tuple[Any, ...]]:
    """(status, counted, left) of each round; `rounds` holds (reward, cost)."""
    b = np.array(budget, float)
    cap, left, spent, carry = np.full(b.size, 7.0), np.full(b.size, 7.0), np.full(b.size, 0.5), np.full(b.size, 0.25)
    m.open_account(b, cap, left, spent, carry)
    said = []
    for reward, cost in rounds:
        if renewing:
            left[:] = b
            m.renew(cap, left)
        shown = left.copy()
        status, counted, _ = m.settle(int(law), renewing, reward, np.array(cost, float), cap, left, spent, carry)
        said.append((int(status), float(counted), shown.tolist(), left.tolist()))
    return said


def ledger_in_rationals(m: Any, name: str) -> str:
    """What is charged, counted and left, against exact arithmetic on costs in eighths and tenths."""
    rng = np.random.default_rng(3)
    for law, _ in itertools.product((model.STOP, model.SKIP, model.RUIN), range(20)):
        d = 1 if law == model.RUIN else 2
        rounds = [(float(rng.integers(-4, 5)), rng.integers(0, 9, d) / 8) for _ in range(14)]
        left = [Fraction(int(x), 8) for x in rng.integers(8, 40, d)]
        said = account(m, law, [float(x) for x in left], rounds)
        for (reward, cost), got in zip(rounds, said, strict=True):
            before, wish = [float(x) for x in left], [Fraction(float(x)) for x in cost]
            fit = all(w <= x for w, x in zip(wish, left, strict=True))
            if fit:
                right, left = (0, reward), [x - w for x, w in zip(left, wish, strict=True)]
            elif law == model.RUIN:
                right, left = (2, float(Fraction(reward) + wish[0] - left[0])), [Fraction(0)]
            else:
                right = (1, 0.0)
            if got != (*right, before, [float(x) for x in left]):
                return f"{law.name}: reward {reward}, cost {cost.tolist()}, left {before}: got {got}, should be {(*right, before, [float(x) for x in left])}"
    many = account(m, model.SKIP, [1.0], [(1.0, [0.001])] * 1002)
    if sum(status == 0 for status, *_ in many) != 1000:
        return f"a budget of 1 paid {sum(status == 0 for status, *_ in many)} costs of .001"
    drift = max(abs(float(Fraction(*got[3][0].as_integer_ratio()) - 1 + (i + 1) * Fraction(*(0.001).as_integer_ratio()))) for i, got in enumerate(many[:1000]))
    if drift > 2.3e-16:
        return f"after a thousand costs of .001 the rest is wrong by {drift:.2g}"
    thirds = account(m, model.SKIP, [0.3], [(1.0, [0.1])] * 4)
    if [s for s, *_ in thirds] != [0, 0, 0, 1]:
        return f"a budget of .3 and costs of .1: {[s for s, *_ in thirds]}"
    if (got := account(m, model.SKIP, [2.0], [(1.0, [1.5])] * 2, True)) != [(0, 1.0, [2.0], [0.5])] * 2:
        return f"renewed: {got}"
    if (got := account(m, model.SKIP, [2.0], [(model.UNANSWERED, [0.5])])) != [(3, 0.0, [2.0], [2.0])]:
        return f"unanswered: {got}"
    return ""


def law_of_draws(m: Any) -> Iterator[str]:
    """Moments of every draw, keys that differ where they should, and Philox's published vector."""
    keys = [m.nature_key(9, i, 0, m.ROUND) for i in range(4000)]
    u = np.array([m.uniform(k, 0) for k in keys])
    yield close("uniform", u, 0.5, 1 / 12)
    yield close("bernoulli", [m.bernoulli(k, 1, 0.3) for k in keys], 0.3)
    five, die = np.array([m.integer(k, 0, 5) for k in keys]), np.array([m.categorical(k, 0, np.array([0.2, 0.7, 1.0])) for k in keys])
    yield close("integer", five[:, None] == np.arange(5), np.full(5, 0.2))
    yield close("categorical", die[:, None] == np.arange(3), [0.2, 0.5, 0.3])
    yield close("normal", [m.normal(k, 0) for k in keys], 0.0, 1.0)
    yield close("exponential", [m.exponential(k, 0) for k in keys], 1.0)
    yield close("gamma(1/2)", [m.gamma(k, 0, 0.5) for k in keys], 0.5, 0.5)
    yield close("beta(2, 3)", [m.beta(k, 0, 2.0, 3.0) for k in keys], 0.4, 0.04)
    orders = np.tile(np.arange(3), (len(keys), 1))
    for k, order in zip(keys, orders, strict=True):
        m.shuffle(k, 0, order)
    yield close("shuffle", (orders @ [9, 3, 1])[:, None] == np.array([9 * a + 3 * b + c for a, b, c in itertools.permutations(range(3))]), np.full(6, 1 / 6))
    rule = np.array([m.uniform(m.rule_key(m.nature_key(9, i, 0, m.ROUND)), 0) for i in range(4000)])
    yield apart("nature and the rule", u, rule)
    counters = list(itertools.product((0, 1, 2, 1 << 40), (0, 1, 2), (0, 1, 1 << 33), (m.ROUND, m.BEGIN_PROBLEM, m.BEGIN_POLICY)))
    yield "" if len({m.block(*c) for c in counters}) == len(counters) else "two of (seed, replication, round, stream) share their luck"
    yield "" if m.philox(0, 0, 0, 0, 0, 0) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8) else "Philox4x32-10 of zeros is not the published vector"


def contract_under_the_ledger(m: Any, name: str) -> str:
    """`check_policy` of a rule that keeps every promise, played under this ledger."""
    right, loop.ledger = loop.ledger, m
    try:
        with plain():
            return broken("check_policy", check_policy(thompson(), seed=1, shrink=False))
    finally:
        loop.ledger = right


class Diary(NamedTuple):
    """A rule that writes down what it is told."""

    round: np.ndarray
    told: np.ndarray  #: (10, 4) action, reward, cost, status


def diary_init(spec: Any) -> Any:
    return Diary(np.zeros(1), np.zeros((10, 4)))


def diary_act(memory: Any, params: Any, view: Any, left: Any, t: Any, key: Any) -> Any:
    return t % 2


def diary_update(memory: Any, params: Any, view: Any, action: Any, outcome: Any, t: Any) -> None:
    i = int(memory.round[0])
    memory.told[i] = action, outcome.reward, outcome.cost[0], outcome.status
    memory.round[0] += 1.0


PAGES: list[Any] = []


def diary_stop(memory: Any, params: Any, left: Any, t: Any) -> Any:
    PAGES.append(memory.told[: int(memory.round[0])].tolist())
    return False


class Steps(NamedTuple):
    moved: np.ndarray


def diary_state(instance: Any) -> Any:
    return Steps(np.zeros(1))


def diary_step(instance: Any, state: Any, view: Any, action: Any, left: Any, t: Any, key: Any, cost: Any, seen: Any) -> Any:
    if t < 3:  # later rounds are free, and leave the cost as it came
        cost[0] = 1.0 + 2.0 * (t == 1)
    return 10.0**t + 0.5 * state.moved[0]


def diary_advance(instance: Any, state: Any, view: Any, action: Any, outcome: Any, left: Any, t: Any, key: Any) -> Any:
    state.moved[0] += action >= 0
    return False


def contract_under_the_loop(m: Any, name: str) -> str:
    """`check_policy` of a rule that keeps every promise, played by this loop."""
    right, engine.bind = engine.bind, m.bind
    try:
        with plain():
            return broken("check_policy", check_policy(thompson(), seed=1, shrink=False))
    finally:
        engine.bind = right


def four_rounds(m: Any, name: str) -> str:
    """Four rounds worked out by hand, under SKIP and STOP, twice: what is told, counted and moved; and the rule's luck is not nature's."""
    right, engine.bind = engine.bind, m.bind
    try:
        for law in (model.SKIP, model.STOP):
            problem = model.Problem(
                model.Spec(model.ARM, 2, 4, budget=np.array([2.5]), law=law), model.Nothing(), diary_step, diary_state, advance=diary_advance
            )
            PAGES.clear()
            rule = model.Policy(model.ARM, diary_init, diary_act, diary_update, stop=diary_stop)
            data = engine.run(problem, rule, replications=2, seed=1, path="python", threads=1, block=2)
            told = [[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0], [0.0, 100.5, 1.0, 0.0]]
            pages = [told[:i] for i in range(4)] if law == model.SKIP else [told[:i] for i in range(2)]
            if pages * 2 != PAGES:
                return f"{law.name}: told {PAGES}, should be {pages} twice"
            earned, right_sum = data.reward.values[:, -1].tolist(), 1.0 + (1101.5 if law == model.SKIP else 0.0)
            if earned != [right_sum] * 2:
                return f"{law.name}: earned {earned}, should be {right_sum} twice"
            played, void = data.rounds.values[:, -1].tolist(), data.void.values[:, -1].tolist()
            if (played, void) != (([4, 4], [1, 1]) if law == model.SKIP else ([1, 1], [0, 0])):
                return f"{law.name}: {played} rounds, {void} of them void"
        coins = stochastic_bandit(bernoulli([0.5, 0.5]), 300)
        luck = engine.run(coins, model.Policy(model.ARM, diary_init, lucky_act, forgetful_update), replications=2, seed=1, path="python", threads=1)
        z = (float(luck.reward.values[:, -1].sum()) - 300) / math.sqrt(150)
        return f"a rule that draws as nature does earns {z:+.1f} standard deviations more than half" if abs(z) > SIGMAS else ""
    finally:
        engine.bind = right


def lucky_act(memory: Any, params: Any, view: Any, left: Any, t: Any, key: Any) -> Any:
    return int(draws.uniform(key, 1) < draws.uniform(key, 0))


def forgetful_update(memory: Any, params: Any, view: Any, action: Any, outcome: Any, t: Any) -> None:
    pass


def luck_of_draws(m: Any, name: str) -> str:
    """Moments, keys and Philox's known answer."""
    return first(law_of_draws(m))


CHECKS: dict[str, tuple[Callable[[Any, str], str], ...]] = {
    "policies": (contract_of_a_rule, definition),
    "problems": (contract_of_a_problem, formula),
    "optima": (certificate,),
    "ledger": (ledger_in_rationals, contract_under_the_ledger),
    "loop": (four_rounds, contract_under_the_loop),
    "draws": (luck_of_draws,),
}
SHOWN = {
    "contract_of_a_rule": "check_policy",
    "contract_of_a_problem": "check_problem",
    "contract_under_the_ledger": "check_policy",
    "contract_under_the_loop": "check_policy",
    "ledger_in_rationals": "ledger",
    "luck_of_draws": "draws",
}


def checks_of(subject: str) -> tuple[Callable[[Any, str], str], ...]:
    parts = subject.removesuffix(".py").split("/")
    return CHECKS[parts[1] if parts[1] in CHECKS else parts[-1]]


def promises_broken(module: Any, subject: str) -> list[str]:
    """The promises of `check_policy` or `check_problem` that this file breaks; where there are none, those that it no longer keeps."""
    CLAIMS.clear()
    for check in checks_of(subject):
        if SHOWN.get(check.__name__, "").startswith("check_"):
            check(module, subject.rpartition("/")[2].removesuffix(".py"))
    return sorted({claim for _, claim, how in CLAIMS if how == "broken"} or {claim for _, claim, how in CLAIMS if how})


def caught(module: Any, subject: str, every: bool = True) -> dict[str, str]:
    """Which checks the module of this file fails, and why; an error counts as being caught, since a real file raises none."""
    name, found = subject.rpartition("/")[2].removesuffix(".py"), {}
    for check in checks_of(subject):
        try:
            wrong = check(module, name)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            found[SHOWN.get(check.__name__, check.__name__)] = wrong
            if not every:
                break
    return found
