"""Metamorphic laws of a rule: how a run must change, or must not, when the problem is changed in a way that is understood.

Each law looks at one rule on one problem, on the plain Python path, and says True, False, or None where nothing was found out; what a rule does
not claim is None, and the reason names it. False is never said on the strength of a tie or of a rule's own draws: where those may matter, two samples
of runs are compared, and only a test of level `LEVEL` refuses. `checks.check_policy` reports one verdict a law.
"""

import contextlib
import copy
import math
import re
import time
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from . import claims, draws, engine, exercises, folders
from .arguments import BudgetsimError
from .loop import frozen
from .model import ARM, REQUEST, RUIN, STOP, UNANSWERED, VECTOR, VOID, IGNORED, Nothing, Policy, Problem, Spec
from .optima.best_fixed_arm import best_fixed_arm
from .optima.fluid_lp import fluid_lp

Build = Callable[[Problem], Policy]  #: makes the rule anew for a problem; raises a BudgetsimError where the rule declines
Finding = tuple[bool | None, str]

LEVEL = 1e-8  #: how often a true statistical law is refused, at most
ROUNDS = 60  #: of a play; longer problems are cut
SAMPLE = 24  #: runs of each of two samples
SHIFT = 0.1  #: a smaller shift of an arm's share of the rounds is the order in which arms are tried
JITTER = 1e-3  #: of rewards in [0, 1], so that no two arms tie
FAR = 1 << 20  #: numbers of arms beyond all arms: luck of their own


class Relation(NamedTuple):
    """`examine(build, problem, seed)` -> (holds, why); `kind`: "exact" | "statistical", then with its level."""

    claim: str
    kind: str
    level: float
    examine: Callable[[Build, Problem, int], Finding]


# ------------------------------------------------------------------------------------------------ playing
def _cut(problem: Problem, rounds: int = ROUNDS) -> Problem:
    return problem._replace(spec=problem.spec._replace(horizon=min(problem.spec.horizon, rounds)))


class Play(NamedTuple):
    action: np.ndarray  #: (replication, round, 1 or n_actions); NaN where no round was played
    reward: np.ndarray


def _played(problem: Problem, rule: Policy, seed: int, first: int = 0, count: int = 2) -> Play:
    game = engine.prepare(problem, rule, path="python")
    log = engine.play_block(game, seed, first, count, [problem.spec.horizon], trace=True)
    engine.raise_fault(game, log, first)
    played = np.arange(problem.spec.horizon) < log.rounds[:, -1, None]
    return Play(np.where(played[:, :, None], log.action, np.nan), log.reward[:, -1])


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=True)


# ------------------------------------------------------------------------------------------------ a problem, arranged anew
class Arranged(NamedTuple):
    inner: Any
    uses: np.ndarray  #: of each arm so far


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, np.ndarray):
        yield name, value
    elif isinstance(value, tuple):
        fields = getattr(value, "_fields", range(len(value)))
        for field, part in zip(fields, value, strict=True):
            yield from _leaves(part, f"{name}.{field}".lstrip("."))


def _mapped(value: Any, change: Callable[[str, np.ndarray], Any], name: str = "") -> Any:
    if isinstance(value, np.ndarray):
        return change(name, value)
    if isinstance(value, tuple):
        parts = [_mapped(v, change, f) for f, v in zip(getattr(value, "_fields", range(len(value))), value, strict=True)]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def _pour(source: Any, target: Any) -> None:
    for (_, one), (_, other) in zip(_leaves(source), _leaves(target), strict=True):
        other[...] = one


def turner(spec: Spec, actions: np.ndarray, resources: np.ndarray, scale: tuple[float, float] = (1.0, 1.0)) -> Callable[[Any], Any]:
    """Arrays by arm and by resource, in another order: an axis as long as there are actions is by action, another as long as there are resources by resource."""
    n, d = spec.n_actions, spec.budget.size
    factors = dict(zip(("reward", "cost"), scale, strict=True))

    def change(name: str, array: np.ndarray) -> np.ndarray:
        for axis, length in enumerate(array.shape):
            if length == n:
                array = array.take(actions, axis)
            elif length == d and d > 1:
                array = array.take(resources, axis)
        factor = factors.get(name, 1.0)
        return array * factor if factor != 1.0 else array.copy()

    return lambda value: _mapped(value, change)


def arranged(problem: Problem, actions: Any = None, resources: Any = None, *, luck: int = 0, scale: tuple[float, float] = (1.0, 1.0), pays: float | None = None) -> Problem:
    """The same problem, where action i is action actions[i] and resource j is resource resources[j].

    An arm's luck is that of its n-th use, so that arms tried in another order meet the same rewards, and rewards in [0, 1] are moved by `JITTER`, so that
    none tie. `luck`: another nature, the rule's own draws being the same. `scale`: of rewards and of costs with budgets. `pays`: whatever was done.
    """
    spec, n, d = problem.spec, problem.spec.n_actions, problem.spec.budget.size
    actions = np.arange(n) if actions is None else np.asarray(actions)
    resources = np.arange(d) if resources is None else np.asarray(resources)
    turn = turner(spec, actions, resources, scale)
    shown, told, paid = copy.deepcopy((spec.view, spec.seen, np.zeros(d)))
    view_now = [shown]

    def key_of(key: Any, t: int) -> Any:
        return draws.nth_use(key, FAR + luck, t) if luck else key

    def done(action: Any) -> Any:
        if spec.kind != VECTOR:
            return int(actions[action]) if action >= 0 else -1
        inner = np.zeros(n) if not np.any(action) else np.where(spec.low > 0.0, spec.low, 0.0) if spec.low is not None else np.zeros(n)
        inner[actions] = action
        return frozen(inner)

    def purse(left: np.ndarray) -> np.ndarray:
        inner = np.empty(d)
        inner[resources] = left / scale[1]
        return frozen(inner)

    def init(instance):
        return Arranged(problem.init(instance) if problem.init else Nothing(), np.zeros(n))

    def begin(instance, state, key):
        problem.begin(instance, state.inner, draws.nth_use(key, FAR + luck, FAR) if luck else key)

    def observe(instance, state, t, key, view):
        made = problem.observe(instance, state.inner, t, key_of(key, t), shown)
        view_now[0] = shown if made is None else made
        _pour(turn(view_now[0]), view)

    def step(instance, state, view, action, left, t, key, cost, seen):
        inner = done(action)
        chosen = spec.kind == ARM and inner >= 0
        luck_of_arm = draws.nth_use(key, inner + 2 * FAR * luck, state.uses[inner]) if chosen else key_of(key, t)
        paid[...] = 0.0
        reward = float(problem.step(instance, state.inner, frozen(view_now[0]), inner, purse(left), t, luck_of_arm, paid, told))
        cost[...] = paid[resources] * scale[1]
        _pour(turn(told), seen)
        if chosen and 0.0 <= reward <= 1.0:
            reward += JITTER * (draws.uniform(draws.nth_use(key, FAR * (2 * luck + 1) + inner, state.uses[inner]), 0) - reward)
        if pays is not None and reward != UNANSWERED:
            reward = pays if chosen else 0.0
        return reward * scale[0]

    def advance(instance, state, view, action, outcome, left, t, key):
        inner = done(action)
        if spec.kind == ARM and inner >= 0:
            state.uses[inner] += 1.0
        if outcome.status in (VOID, IGNORED):
            _pour(_mapped(told, lambda _, a: np.zeros_like(a)), told)
        if problem.advance is None:
            return False
        inner_cost = np.empty(d)
        inner_cost[resources] = outcome.cost / scale[1]
        inner_outcome = outcome._replace(reward=outcome.reward / scale[0], cost=frozen(inner_cost), seen=frozen(told))
        return problem.advance(instance, state.inner, frozen(view_now[0]), inner, inner_outcome, purse(left), t, key_of(key, t))

    def allowance(instance, state, view, left):
        inner = np.array(purse(left))
        problem.allowance(instance, state.inner, frozen(view_now[0]), inner)
        left[...] = inner[resources] * scale[1]

    def loss(instance, state, recommendation):
        return problem.loss(instance, state.inner, int(actions[recommendation]))

    limits = {name: getattr(spec, name) if getattr(spec, name) is None else getattr(spec, name)[actions] for name in ("low", "high", "whole")}
    made = spec._replace(n_actions=len(actions), budget=spec.budget[resources] * scale[1], view=turn(spec.view), seen=turn(spec.seen), public=turn(spec.public), **limits)
    return Problem(made, problem.instance, step, init, begin if problem.begin else None, observe if problem.observe else None, advance,
                   allowance if problem.allowance else None, None, loss if problem.loss else None, problem.objective, problem.name)  # fmt: skip


def _unsure(spec: Spec) -> str:
    """An array that is by action, or is not: its shape does not tell."""
    n, d = spec.n_actions, spec.budget.size
    for part in ("view", "seen", "public"):
        for name, array in _leaves(getattr(spec, part)):
            by = [i for i, length in enumerate(array.shape) if length == n]
            sure = name == "legal" or (by == [0] and part != "public" and (spec.kind != ARM or part == "seen" or array.ndim > 1))
            if by and (not sure or n == d):
                return f"{part}.{name}"
    return ""


# ------------------------------------------------------------------------------------------------ what a rule does not claim
def _truth(build: Build, problem: Problem) -> str:
    """The hidden truth that a rule asks for by its name."""
    try:
        build(problem._replace(instance=Nothing()))
    except folders.Missing as missing:
        return str(missing).split(":")[0]
    return ""


def _told_apart(one: Problem, other: Problem, build: Build, turn: Callable[[Any], Any]) -> str:
    """What `init` returns that is not the same after a change of order."""
    first, second = (list(_leaves(made)) for made in (turn(build(one).init(one.spec)), build(other).init(other.spec)))
    if len(first) != len(second):
        return "memory"
    return next((name for (name, a), (_, b) in zip(first, second, strict=True) if not _same(np.asarray(a), np.asarray(b))), "")


def _heedless(build: Build, problem: Problem, seed: int, base: Play) -> bool:
    """Whether nothing that nature does changes an action, in rounds that both runs come to."""
    other = arranged(problem, luck=1)
    action = _played(other, build(other), seed).action
    return bool((np.isnan(action) | np.isnan(base.action) | (action == base.action)).all())


# ------------------------------------------------------------------------------------------------ two samples
def rank_test(one: np.ndarray, other: np.ndarray) -> float:
    """Probability that two samples of one law fall so far apart about their common median: Fisher's exact test, both sides.

    >>> rank_test(np.zeros(4), np.ones(4)) == 2 / 70, rank_test(np.ones(9), np.ones(9))
    (True, 1.0)
    """
    pooled = np.concatenate([one, other])
    median = float(np.median(pooled))
    high = pooled > median if (pooled > median).any() else pooled >= median
    n, m, k, x = one.size, other.size, int(high.sum()), int(high[: one.size].sum())
    chance = [math.comb(n, i) * math.comb(m, k - i) / math.comb(n + m, k) for i in range(max(0, k - m), min(n, k) + 1)]
    seen = chance[x - max(0, k - m)]
    return min(1.0, sum(p for p in chance if p <= seen * (1.0 + 1e-9)))


def _shares(play: Play, n: int) -> np.ndarray:
    """Share of the played rounds, or of the amounts, that each action has in each run."""
    if play.action.shape[2] > 1:
        amounts = np.nan_to_num(np.abs(play.action)).sum(axis=1)
    else:
        amounts = np.stack([(play.action[:, :, 0] == k).sum(axis=1) for k in range(n)], axis=1).astype(float)
    return amounts / np.maximum(amounts.sum(axis=1, keepdims=True), 1.0)


def _two_samples(build: Build, one: Problem, other: Problem, actions: np.ndarray, seed: int) -> Finding:
    n = one.spec.n_actions
    a = _shares(_played(one, build(one), seed, 0, SAMPLE), n)
    b = np.empty_like(a)
    b[:, actions] = _shares(_played(other, build(other), seed, SAMPLE, SAMPLE), n)
    said = f"two samples of {SAMPLE} runs, level {LEVEL:g}"
    for k in range(n):
        if rank_test(a[:, k], b[:, k]) * n < LEVEL and abs(a[:, k].mean() - b[:, k].mean()) > SHIFT:
            return False, f"action {k} has {a[:, k].mean():.2f} of the rounds, and {b[:, k].mean():.2f} when it is called {int(np.argmax(actions == k))}; {said}"
    return True, f"not bit for bit, because ties or draws occurred; no difference was found in {said}"


# ------------------------------------------------------------------------------------------------ the laws
def _relabelled(build: Build, problem: Problem, seed: int) -> Finding:
    n = problem.spec.n_actions
    if n < 2:
        return None, "there is one action"
    if name := _truth(build, problem):
        return None, f"claims no equal treatment: it is told {name}"
    actions = np.roll(np.arange(n), -1)  # leaves no arm in its place
    problem = _cut(problem)
    one, other = arranged(problem), arranged(problem, actions)
    if name := _told_apart(one, other, build, turner(problem.spec, actions, np.arange(problem.spec.budget.size))):
        return None, f"claims no equal treatment: {name}, as init returns it, tells arms apart"
    a, b = _played(one, build(one), seed), _played(other, build(other), seed)
    if _heedless(build, problem, seed, a):
        return None, "claims no equal treatment: nothing that it observes changes what it does"
    back = np.full_like(b.action, np.nan)
    if problem.spec.kind == VECTOR:
        back[:, :, actions] = b.action
    else:
        back = np.where(b.action >= 0, actions[np.nan_to_num(b.action, nan=-1.0).astype(int)], b.action)
    start = _start(a.action, back)
    if start is not None:
        return True, "bit for bit" + (f" after the arms were tried, {start} rounds" if start else "")
    if name := _unsure(problem.spec):
        return None, f"it is not known whether {name} is by arm"
    return _two_samples(build, one, other, actions, seed)


def _start(a: np.ndarray, b: np.ndarray) -> int | None:
    """Rounds in which the same actions were taken in another order, after which two runs are the same; None where they are not, for half of the rounds."""
    differ = np.flatnonzero(~((a == b) | (np.isnan(a) & np.isnan(b))).all(axis=(0, 2)))
    start = int(differ[-1]) + 1 if differ.size else 0
    alike = all(np.array_equal(np.sort(x[:start], axis=0), np.sort(y[:start], axis=0), equal_nan=True) for x, y in zip(a, b, strict=True))
    return start if alike and 2 * start <= a.shape[1] else None


def _exchanged(build: Build, problem: Problem, seed: int) -> Finding:
    n, d = problem.spec.n_actions, problem.spec.budget.size
    if d < 2:
        return None, "there are fewer than two resources"
    if name := _truth(build, problem):
        return None, f"claims no equal treatment: it is told {name}"
    resources = np.roll(np.arange(d), -1)
    problem = _cut(problem)
    one, other = arranged(problem), arranged(problem, None, resources)
    if name := _told_apart(one, other, build, turner(problem.spec, np.arange(n), resources)):
        return None, f"claims no equal treatment: {name}, as init returns it, tells resources apart"
    a, b = _played(one, build(one), seed), _played(other, build(other), seed)
    if _same(a.action, b.action):
        return True, "bit for bit"
    if (name := _unsure(problem.spec)) or n == d:
        return None, f"it is not known whether {name or 'an array'} is by resource"
    return _two_samples(build, one, other, np.arange(n), seed)


def _scaled(build: Build, problem: Problem, seed: int) -> Finding:
    problem = _cut(problem)
    name = build(problem).name
    said = re.search(r"scale-free(?: in (reward|cost)s)?", name)
    if said is None:
        return None, "claims nothing: its label does not say scale-free (or scale-free in rewards, or in costs)"
    if problem.spec.law == RUIN:
        return None, "under RUIN rewards and costs share the stock's unit"
    one = arranged(problem)
    base = _played(one, build(one), seed)
    for what, scale in (("reward", (4.0, 1.0)), ("cost", (1.0, 4.0))):
        if said.group(1) in (None, what) and (what == "reward" or problem.spec.budget.size):
            other = arranged(problem, scale=scale)
            if not _same(_played(other, build(other), seed).action, base.action):
                return False, f"its label says scale-free, and {what}s{' and budgets' * (what == 'cost')} times 4 change what it does"
    return True, "bit for bit"


def _extended(build: Build, problem: Problem, seed: int) -> Finding:
    long = _cut(problem)
    short = _cut(problem, max(1, long.spec.horizon // 2))
    rules = build(long), build(short)
    made = [r.init(engine._told_to_rules(p.spec)) for r, p in zip(rules, (long, short), strict=True)]
    parts = [[(k, v.shape, v.tobytes()) for k, v in _leaves(m)] for m in made]
    until = short.spec.horizon
    plans = [tuple(t for t in (r.schedule(p.spec) if r.schedule else ()) if t < until) for r, p in zip(rules, (long, short), strict=True)]
    if parts[0] != parts[1] or plans[0] != plans[1] or rules[0].name != rules[1].name or _numbers(made[0]) != _numbers(made[1]):
        return None, "claims nothing: what it is told depends on the horizon"
    a, b = (_played(p, r, seed) for p, r in zip((long, short), rules, strict=True))
    differ = np.flatnonzero(~((a.action[:, :until] == b.action) | (np.isnan(a.action[:, :until]) & np.isnan(b.action))).all(axis=(0, 2)))
    if differ.size:
        return False, f"init returns the same for {until} and for {long.spec.horizon} rounds, and round {differ[0]} is played differently"
    return True, "bit for bit"


def _numbers(value: Any) -> list[Any]:
    if isinstance(value, tuple):
        return [x for v in value for x in _numbers(v)]
    return [] if isinstance(value, np.ndarray) else [value]


def _degenerate(build: Build, problem: Problem, seed: int) -> Finding:
    problem = _cut(problem)
    spec = problem.spec
    cases = [("one round", _cut(problem, 1))]
    if spec.budget.size and spec.law != RUIN and not spec.renew:
        amounts = (("no budget", 0.0), ("a budget below any cost", 1e-9), ("a budget that never binds", 1e18))
        cases += [(name, problem._replace(spec=spec._replace(budget=np.full(spec.budget.size, b)))) for name, b in amounts]
    if not _truth(build, problem) and not _unsure(spec):
        if spec.kind != VECTOR:
            cases += [("one arm", arranged(problem, [0])), ("equal arms", arranged(problem, [0] * spec.n_actions))]
        if spec.kind == ARM and spec.law != RUIN:
            cases += [(f"rewards of {r:g}", arranged(problem, pays=r)) for r in (0.0, 1.0, 1e-300)]
    _played(problem, build(problem), seed, 0, 1)
    declined = []
    for name, case in cases:
        try:
            _played(case, exercises.probe(spec.kind), seed, 0, 1)
        except BudgetsimError:
            continue  # the problem itself cannot be that small
        try:
            rule = build(case)
            rule.init(engine._told_to_rules(case.spec))
        except BudgetsimError:
            declined.append(name)
            continue
        except Exception as error:
            return False, f"{name}: init raises {type(error).__name__}: {error}"
        try:
            game = engine.prepare(case, rule, path="python")
            tables = engine._tables(game, seed, 0, 1, np.array([case.spec.horizon]), False)
            engine._play_segments(game, tables, None)
            engine.raise_fault(game, tables[-1], 0)
        except Exception as error:
            return False, f"{name}: {error}"
        if any(np.isnan(a).any() for _, a in _leaves(tables[4])):
            return False, f"{name}: memory holds a NaN"
    return True, f"declines {', '.join(declined)}" if declined else ""


# ------------------------------------------------------------------------------------------------ hidden truth
def _hidden(problem: Problem) -> list[tuple[str, np.ndarray]]:
    """Arrays of the instance that a rule cannot know: not shown in the spec, and not all one number."""
    public = [a for _, a in _leaves(tuple(problem.spec))]
    found = [(name, a) for name, a in _leaves(problem.instance) if a.size > 1 and (a != a.flat[0]).any()]
    return [(name, a) for name, a in found if not any(np.shares_memory(a, p) or _same(a, p) for p in public)]


@contextlib.contextmanager
def _another_truth(arrays: list[tuple[str, np.ndarray]]) -> Iterator[None]:
    """The instance's own arrays, changed in place: whoever holds them sees other numbers."""
    kept = [(a, a.copy()) for _, a in arrays if a.flags.writeable]
    try:
        for array, was in kept:
            array[...] = np.roll(was.ravel(), 1).reshape(was.shape)
        yield
    finally:
        for array, was in kept:
            array[...] = was


def twin(problem: Problem, truth: Any, until: int) -> Problem:
    """What a rule observes through round `until` is the truth's; its instance may say anything. Afterwards nature's luck is another."""

    def reading(f: Any) -> Any:
        return f and (lambda instance, *rest: f(truth, *rest))

    def step(instance, state, view, action, left, t, key, cost, seen):
        return problem.step(truth, state, view, action, left, t, key if t <= until else draws.nth_use(key, FAR, t), cost, seen)

    hooks = {name: reading(getattr(problem, name)) for name in ("init", "begin", "advance", "allowance", "expected", "loss")}
    watch = problem.observe

    def observe(instance, state, t, key, view):
        made = watch(truth, state, t, key, view)
        if made is not None:
            _pour(made, view)

    return problem._replace(step=step, observe=observe if watch else None, **hooks)


def _reached(value: Any, hidden: list[tuple[str, np.ndarray]], past: set[int], depth: int = 0) -> str:
    """The hidden array, or a copy of it, that is reached through closures, defaults and globals."""
    if id(value) in past or depth > 8:
        return ""
    past.add(id(value))
    if isinstance(value, np.ndarray):
        return next((name for name, a in hidden if np.shares_memory(a, value) or _same(a, value)), "")
    if isinstance(value, FunctionType):
        inside = [c.cell_contents for c in value.__closure__ or () if _filled(c)]
        inside += [*(value.__defaults__ or ()), *(value.__globals__[name] for name in value.__code__.co_names if name in value.__globals__)]
    elif isinstance(value, (tuple, list, dict)):
        inside = list(value.values() if isinstance(value, dict) else value)
        if len(inside) > 1 and all(isinstance(x, (int, float)) for x in inside):
            return _reached(np.array(inside, float), hidden, past, depth + 1)
    else:
        return ""
    return next((name for x in inside if (name := _reached(x, hidden, past, depth + 1))), "")


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _blind(build: Build, problem: Problem, seed: int) -> Finding:
    if name := _truth(build, problem):
        return None, f"claims no ignorance: it is told {name}"
    problem = _cut(problem)
    hidden = _hidden(problem)
    rule = build(problem)
    truth = copy.deepcopy(problem.instance)
    horizon = problem.spec.horizon
    base = _played(twin(problem, truth, horizon), rule, seed).action
    for until in (horizon, horizon // 3):
        other = twin(problem, truth, until)
        with _another_truth(hidden):
            acted = _played(other, build(other), seed).action
        differ = np.flatnonzero(~((acted == base) | (np.isnan(acted) & np.isnan(base))).all(axis=(0, 2)))
        if differ.size and differ[0] <= until + 1:
            return False, f"round {differ[0]} is played differently on a twin that looks the same through round {min(until, horizon - 1)}"
    made = rule.init(engine._told_to_rules(problem.spec))
    for where, value in (("init returns", made), *rule._asdict().items()):
        if name := _reached(value, hidden, set()):
            if "told" in rule.name.replace("told the horizon", ""):
                return None, f"claims no ignorance: its label says what it is told ({name})"
            return False, f"{where + ' ' if where == 'init returns' else where + ' reaches '}instance.{name}, which a rule asks for by name (an argument {name.split('.')[-1]} of its factory) or does not know"
    return True, "" if hidden else "its instance hides nothing"


# ------------------------------------------------------------------------------------------------ beside an optimum, and speed
def _upper(problem: Problem) -> tuple[Any, str]:
    """An optimum whose upper end bounds every rule, where the house has one."""
    spec, truth = problem.spec, problem.instance
    names = getattr(truth, "_fields", ())
    stationary = problem.begin is problem.advance is None and problem.expected is not None and all(name == "legal" for name, a in _leaves(spec.view) if a.size)
    if spec.kind != ARM or "mean_reward" not in names or not stationary:
        return None, "the house has no optimum that bounds every rule on it"
    if not np.isfinite(spec.budget).any():
        return best_fixed_arm(truth.mean_reward, spec.horizon), ""
    largest = getattr(truth, "largest_cost", None)
    if spec.law != STOP or spec.renew or "mean_cost" not in names or (largest is None and problem.step is not exercises.coins):
        return None, "the house has no optimum that bounds every rule on it"
    return fluid_lp(truth.mean_reward, truth.mean_cost, spec.budget, spec.horizon, largest), ""


def _bounded(build: Build, problem: Problem, seed: int) -> Finding:
    problem = _cut(problem)
    optimum, why = _upper(problem)
    if optimum is None:
        return None, why
    reward = _played(problem, build(problem), seed, 0, 2 * SAMPLE).reward
    verdict = claims.statistical_at_most("", reward, optimum.upper, 1.0 - 2.0 * LEVEL)
    beside = f"{reward.mean():.4g} over {reward.size} runs, beside {optimum.upper:.4g}, the upper end of {optimum.name}"
    return (False, f"earns {beside}") if verdict.holds is False else (True, f"not refuted: earns {beside}")


def _speed(build: Build, problem: Problem, seed: int) -> Finding:
    rule = build(problem)
    began = time.perf_counter()
    game = engine.prepare(problem, rule)
    seconds = time.perf_counter() - began
    return True, f"python: {game.why}" if game.path == "python" else f"rows: ready in {seconds:.1f} s (compiled, or loaded from the cache)"


def _asked(look: Callable[[Build, Problem, int], Finding]) -> Callable[[Build, Problem, int], Finding]:
    """An error outside of what the law looks at leaves it open: other laws report it."""

    def examine(build: Build, problem: Problem, seed: int) -> Finding:
        try:
            return look(build, problem, seed)
        except Exception as error:
            return None, f"not played: {error}"

    return examine


RELABELLED, EXCHANGED = "relabelling the arms relabels the run", "exchanging resources changes no action"
SCALED, EXTENDED = "other units of rewards and costs change no action of a scale-free rule", "a rule that is not told the horizon plays as in a longer run"
DEGENERATE, BLIND = "plays degenerate instances to the end, or declines them", "knows of the instance what it has observed"
BOUNDED, SPEED = "mean reward is not above the optimum", "which path runs"

RELATIONS = (
    Relation(RELABELLED, "statistical", LEVEL, _asked(_relabelled)),
    Relation(EXCHANGED, "statistical", LEVEL, _asked(_exchanged)),
    Relation(SCALED, "exact", 0.0, _asked(_scaled)),
    Relation(EXTENDED, "exact", 0.0, _asked(_extended)),
    Relation(DEGENERATE, "exact", 0.0, _asked(_degenerate)),
    Relation(BLIND, "exact", 0.0, _asked(_blind)),
    Relation(BOUNDED, "statistical", LEVEL, _asked(_bounded)),
    Relation(SPEED, "exact", 0.0, _asked(_speed)),
)
