"""Metamorphic laws of a rule: how a run must change, or must not, when its problem is changed in a way that is understood.

Each law looks at one rule on one problem, on the plain Python path, and says True, False, or None where nothing was found out; what a rule does not
claim is None too, and the reason names it. A tie, or the order in which arms are tried, is no offence: where they may matter two samples of runs are
compared, and only a test of level `LEVEL` refuses. `checks.check_policy` reports one verdict a law.
"""

import contextlib
import copy
import math
import re
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from . import claims, draws, engine, exercises, folders
from .arguments import BudgetsimError
from .loop import _returns, frozen
from .model import ARM, IGNORED, RUIN, STOP, UNANSWERED, VECTOR, VOID, Nothing, Policy, Problem, Spec
from .optima.best_fixed_arm import best_fixed_arm
from .optima.fluid_lp import fluid_lp

Build = Callable[[Problem], Policy]  #: makes the rule anew for a problem; raises a BudgetsimError where the rule declines
Finding = tuple[bool | None, str]

LEVEL = 1e-8  #: how often a true statistical law is refused, at most
ROUNDS = 60  #: of a play; longer problems are cut
SAMPLE = 24  #: runs in each of two samples
ENOUGH = 10  #: rounds an arm after which a rule has an opinion
SHIFT = 0.25  #: of an action's share of the rounds; what is less may be the order in which arms are tried
JITTER = 1e-3  #: of rewards in [0, 1], so that no two arms tie
FAR = 1 << 20  #: numbers of arms beyond all arms: luck of their own


class Relation(NamedTuple):
    """`examine(build, problem, seed)` -> (holds, why); `kind`: "exact" | "statistical", then with its level."""

    claim: str
    kind: str
    level: float
    examine: Callable[[Build, Problem, int], Finding]


# ------------------------------------------------------------------------------------------------ tuples of arrays
def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, tuple):
        for field, part in zip(getattr(value, "_fields", range(len(value))), value, strict=True):
            yield from _leaves(part, f"{name}.{field}".lstrip("."))
    elif value is not None:
        yield name, np.asarray(value)


def _mapped(value: Any, change: Callable[[str, np.ndarray], Any], name: str = "") -> Any:
    if isinstance(value, tuple):
        parts = [_mapped(v, change, f) for f, v in zip(getattr(value, "_fields", range(len(value))), value, strict=True)]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return change(name, value) if isinstance(value, np.ndarray) else value


def _pour(source: Any, target: Any) -> None:
    for (_, one), (_, other) in zip(_leaves(source), _leaves(target), strict=True):
        other[...] = one


def _same(one: Any, other: Any) -> str | None:
    """None where two tuples hold the same bits, else the first field that differs."""
    a, b = list(_leaves(one)), list(_leaves(other))
    alike = (x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes() for (_, x), (_, y) in zip(a, b, strict=False))
    return next((name for (name, _), same in zip(a, alike, strict=False) if not same), None if len(a) == len(b) else "memory")


# ------------------------------------------------------------------------------------------------ playing
class Play(NamedTuple):
    action: np.ndarray  #: (replication, round, 1 or n_actions); NaN where no round was played
    reward: np.ndarray
    made: Any  #: what init returned, and the rounds before which it replans
    drew: bool  #: whether the rule drew


def _cut(problem: Problem, rounds: int = ROUNDS) -> Problem:
    return problem._replace(spec=problem.spec._replace(horizon=min(problem.spec.horizon, rounds)))


def _played(problem: Problem, rule: Policy, seed: int, first: int = 0, count: int = 2) -> Play:
    drew: list[bool] = []

    def watched(hook: Any) -> Any:
        def listen(*args):
            result = hook(*args)
            drew.extend(True for a in args if isinstance(a, draws.Key) and a.drawn)
            return result

        return hook and listen

    game = engine.prepare(problem, rule._replace(act=watched(rule.act), begin=watched(rule.begin)), path="python")
    log = engine.play_block(game, seed, first, count, [problem.spec.horizon], trace=True)
    engine.raise_fault(game, log, first)
    played = np.arange(problem.spec.horizon) < log.rounds[:, -1, None]
    return Play(np.where(played[:, :, None], log.action, np.nan), log.reward[:, -1], (game.memory, game.params, np.array(game.schedule, np.int64)), bool(drew))


def _parted(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The rounds that are played differently, or are played once only."""
    return np.flatnonzero(~((one == other) | (np.isnan(one) & np.isnan(other))).all(axis=(0, 2)))


# ------------------------------------------------------------------------------------------------ a problem, arranged anew
class Arranged(NamedTuple):
    inner: Any
    uses: np.ndarray  #: of each arm so far


class Arrangement:
    """The same problem, where action i is action actions[i] and resource j is resource resources[j].

    An array's axis as long as there are actions is by action; another, as long as there are resources, by resource. An arm's luck is that of its n-th
    use, so that arms tried in another order meet the same rewards, and rewards in [0, 1] are moved by `JITTER`. `luck`: another nature, the rule's own
    draws being the same. `scale`: of rewards, and of costs with budgets. `pays`: what each arm pays, whatever happens.
    """

    def __init__(self, problem: Problem, actions: Any = None, resources: Any = None, luck: int = 0, scale: Any = (1.0, 1.0), pays: Any = None) -> None:
        spec = problem.spec
        self.real, self.luck, self.scale, self.pays, self.arm = problem, luck, scale, pays, spec.kind == ARM
        self.actions = np.arange(spec.n_actions) if actions is None else np.asarray(actions)
        self.resources = np.arange(spec.budget.size) if resources is None else np.asarray(resources)
        self.view, self.seen, self.cost = copy.deepcopy((spec.view, spec.seen, np.zeros(spec.budget.size)))
        self.shown, self.inner = self.view, None  # what is seen, and done, in this round

    def problem(self) -> Problem:
        spec, real = self.real.spec, self.real
        shown = {name: self.turned(getattr(spec, name)) for name in ("view", "seen", "public")}
        made = spec._replace(n_actions=len(self.actions), budget=spec.budget[self.resources] * self.scale[1], **shown)
        observe = real.observe and (self.show if _returns(real.observe) else self.observe)
        return real._replace(spec=made, step=self.step, init=self.init, begin=real.begin and self.begin, observe=observe, advance=self.advance,
                             allowance=real.allowance and self.allowance, expected=None, loss=real.loss and self.loss)  # fmt: skip

    def turned(self, value: Any) -> Any:
        n, d = self.real.spec.n_actions, self.real.spec.budget.size
        factors = {"reward": self.scale[0], "cost": self.scale[1]}

        def change(name: str, array: np.ndarray) -> np.ndarray:
            for axis, length in enumerate(array.shape):
                if length == n:
                    array = array.take(self.actions, axis)
                elif length == d:
                    array = array.take(self.resources, axis)
            return array * factors[name] if factors.get(name, 1.0) != 1.0 else array.copy()

        return _mapped(value, change)

    def taken(self, action: Any) -> Any:
        if self.real.spec.kind != VECTOR:
            return int(self.actions[action]) if action >= 0 else -1
        inner = np.empty(action.size)
        inner[self.actions] = action
        return frozen(inner)

    def resource(self, amounts: np.ndarray) -> Any:
        inner = np.empty(amounts.size)
        inner[self.resources] = amounts / self.scale[1]
        return frozen(inner)

    def key(self, key: Any, t: int) -> Any:
        return draws.nth_use(key, FAR + self.luck, t) if self.luck else key

    def init(self, instance):
        return Arranged(self.real.init(instance) if self.real.init else Nothing(), np.zeros(self.real.spec.n_actions))

    def begin(self, instance, state, key):
        self.real.begin(instance, state.inner, self.key(key, FAR))

    def show(self, instance, state, t, key, view):
        made = self.real.observe(instance, state.inner, t, self.key(key, t), self.view)
        self.shown = self.view if made is None else made
        return self.turned(self.shown)

    def observe(self, instance, state, t, key, view):
        _pour(self.show(instance, state, t, key, view), view)

    def step(self, instance, state, view, action, left, t, key, cost, seen):
        self.inner = inner = self.taken(action)
        pulled = self.arm and inner >= 0
        use = state.uses[inner] if pulled else 0
        luck = draws.nth_use(key, inner + 2 * FAR * self.luck, use) if pulled else self.key(key, t)
        self.cost[...] = 0.0
        reward = float(self.real.step(instance, state.inner, frozen(self.shown), inner, self.resource(left), t, luck, self.cost, self.seen))
        cost[...] = self.cost[self.resources] * self.scale[1]
        _pour(self.turned(self.seen), seen)
        if pulled and reward != UNANSWERED:
            if self.pays is not None:
                reward = self.pays[inner]
            elif 0.0 <= reward <= 1.0:
                reward += JITTER * (draws.uniform(draws.nth_use(key, FAR * (2 * self.luck + 1) + inner, use), 0) - reward)
        return reward * self.scale[0]

    def advance(self, instance, state, view, action, outcome, left, t, key):
        if self.arm and self.inner >= 0:
            state.uses[self.inner] += 1.0  # in void rounds too
        if outcome.status in (VOID, IGNORED):
            _pour(_mapped(self.seen, lambda name, array: np.zeros_like(array)), self.seen)
        if self.real.advance is None:
            return False
        came = outcome._replace(reward=outcome.reward / self.scale[0], cost=self.resource(outcome.cost), seen=frozen(self.seen))
        return self.real.advance(instance, state.inner, frozen(self.shown), self.taken(action), came, self.resource(left), t, self.key(key, t))

    def allowance(self, instance, state, view, left):
        inner = np.array(self.resource(left))
        self.real.allowance(instance, state.inner, frozen(self.shown), inner)
        left[...] = inner[self.resources] * self.scale[1]

    def loss(self, instance, state, recommendation):
        return self.real.loss(instance, state.inner, int(self.actions[recommendation]))


# ------------------------------------------------------------------------------------------------ what a rule does not claim
def _truth(build: Build, problem: Problem) -> str:
    """The hidden truth that a rule asks for by its name."""
    try:
        build(problem._replace(instance=Nothing()))
    except folders.Missing as missing:
        return str(missing).split(":")[0]
    return ""


def _unsure(spec: Spec) -> str:
    """An array that is by action, or is not: its shape does not tell."""
    n, d = spec.n_actions, spec.budget.size
    for part in ("view", "seen", "public"):
        for name, array in _leaves(getattr(spec, part)):
            by = [axis for axis, length in enumerate(array.shape) if length == n]
            sure = name == "legal" or (by == [0] and part != "public" and (spec.kind != ARM or part == "seen" or array.ndim > 1))
            if by and (not sure or n == d):
                return f"{part}.{name}"
    return ""


# ------------------------------------------------------------------------------------------------ two samples
def rank_test(one: np.ndarray, other: np.ndarray) -> float:
    """How likely two samples of one law fall so far apart about their common median: Fisher's exact test, both sides.

    >>> rank_test(np.zeros(4), np.ones(4)) == 2 / 70, rank_test(np.ones(9), np.ones(9))
    (True, 1.0)
    """
    pooled = np.concatenate([one, other])
    above = pooled > np.median(pooled)
    above = above if above.any() else pooled == pooled.max()
    n, m, k, x = one.size, other.size, int(above.sum()), int(above[: one.size].sum())
    ways = {i: math.comb(n, i) * math.comb(m, k - i) for i in range(max(0, k - m), min(n, k) + 1)}
    return sum(w for w in ways.values() if w <= ways[x]) / math.comb(n + m, k)


def _shares(spec: Spec, play: Play) -> np.ndarray:
    """Share of the rounds, or of the amounts, that each action has in each run."""
    taken = np.nan_to_num(np.abs(play.action)) if spec.kind == VECTOR else play.action == np.arange(spec.n_actions)
    taken = taken.sum(axis=1, dtype=float)
    return taken / np.maximum(taken.sum(axis=1, keepdims=True), 1e-300)


def _late_shares(spec: Spec, play: Play) -> np.ndarray:
    """The same after all arms had been tried as often as each other, of runs with enough rounds left; of all rounds where a rule begins at random."""
    n = spec.n_actions
    pulled = play.action == np.arange(n)  # (run, round, arm)
    so_far = np.cumsum(pulled, axis=1, dtype=float)
    even = (so_far[:, :, 0] > 0.0) & (so_far == so_far[:, :, :1]).all(axis=2)
    start = np.where(even.any(axis=1), even.argmax(axis=1), pulled.shape[1] - 1)
    left = so_far[:, -1] - so_far[np.arange(len(even)), start]
    if pulled[:, 0].mean(axis=0).max() < 0.9:
        left = np.where(left.sum(axis=1, keepdims=True) < ENOUGH * n, so_far[:, -1], left)
    left = left[left.sum(axis=1) >= ENOUGH * n]
    return left / left.sum(axis=1, keepdims=True)


def _apart(a: np.ndarray, b: np.ndarray) -> str:
    """The action of which two samples take different shares."""
    for k in range(a.shape[1] if min(len(a), len(b)) >= SAMPLE // 2 else 0):
        if abs(a[:, k].mean() - b[:, k].mean()) > SHIFT and rank_test(a[:, k], b[:, k]) * a.shape[1] < LEVEL:
            return f"action {k} is taken {a[:, k].mean():.2f} of the time, and {b[:, k].mean():.2f} after the change"
    return ""


def _two_samples(build: Build, one: Problem, other: Problem, actions: np.ndarray, seed: int, tried: bool = False) -> Finding:
    """`tried`: arms may have been tried in an order, which is none of the rule's opinions."""
    plays = _played(one, build(one), seed, 0, SAMPLE), _played(other, build(other), seed, SAMPLE, SAMPLE)
    back, said = np.argsort(actions), f"two samples of {SAMPLE} runs, level {LEVEL:g}"
    differ = _apart(_shares(one.spec, plays[0]), _shares(one.spec, plays[1])[:, back])
    if differ and tried:
        differ = _apart(_late_shares(one.spec, plays[0]), _late_shares(one.spec, plays[1])[:, back])
        if not differ:
            return None, "not bit for bit, and the order in which arms are tried is not told from a preference in so few rounds"
    if differ:
        return False, f"{differ}; {said}"
    return (True, f"it draws: {said}") if plays[0].drew else (None, "not bit for bit, for ties or for a preference too small to tell")


# ------------------------------------------------------------------------------------------------ other names, other units
def _relabelled(build: Build, problem: Problem, seed: int) -> Finding:
    problem = _cut(problem)
    n = problem.spec.n_actions
    if n < 2:
        return None, "there is one action"
    if told := _truth(build, problem):
        return None, f"claims no equal treatment: it is told {told}"
    if any((np.asarray(x) != np.ravel(x)[0]).any() for x in (problem.spec.low, problem.spec.high, problem.spec.whole) if x is not None):
        return None, "the entries of an action have limits of their own"
    change = Arrangement(problem, np.roll(np.arange(n), -1))  # no arm keeps its place
    one, other = Arrangement(problem).problem(), change.problem()
    a, b = _played(one, build(one), seed), _played(other, build(other), seed)
    if name := _same(change.turned(a.made[:2]), b.made[:2]):
        return None, f"claims no equal treatment: {name}, as init returns it, tells actions apart"
    if problem.spec.kind == VECTOR:
        back = b.action[:, :, np.argsort(change.actions)]
    else:
        back = np.where(b.action >= 0.0, change.actions[np.nan_to_num(b.action).astype(int)], b.action)
    start = int(max(_parted(a.action, back), default=-1)) + 1
    tried = all(np.array_equal(np.sort(x[:start], axis=0), np.sort(y[:start], axis=0), equal_nan=True) for x, y in zip(a.action, back, strict=True))
    if tried and 2 * start <= back.shape[1]:
        return True, "bit for bit" + f" after {start} rounds, in which the same arms were tried in another order" * (start > 0)
    here, elsewhere = (_played(p, build(p), seed, 0, 8).action for p in (one, Arrangement(problem, luck=1).problem()))
    if (np.isnan(here) | np.isnan(elsewhere) | (here == elsewhere)).all():
        return None, "claims no equal treatment: nothing that nature does changes what it does"
    if name := _unsure(problem.spec):
        return None, f"it is not known whether {name} is by action"
    if problem.spec.kind == ARM and (problem.advance or problem.spec.renew):
        return None, "not bit for bit, and what an arm brings depends on when it is tried"
    if problem.spec.kind == ARM:  # no two arms can be taken for each other
        pays = 0.5 + min(0.1, 1.0 / n) * (np.arange(n) - (n - 1) / 2)
        one, other = Arrangement(problem, pays=pays).problem(), Arrangement(problem, change.actions, pays=pays).problem()
    return _two_samples(build, one, other, change.actions, seed, problem.spec.kind == ARM)


def _exchanged(build: Build, problem: Problem, seed: int) -> Finding:
    problem = _cut(problem)
    n, d = problem.spec.n_actions, problem.spec.budget.size
    if d < 2:
        return None, "there are fewer than two resources"
    if told := _truth(build, problem):
        return None, f"claims no equal treatment: it is told {told}"
    change = Arrangement(problem, None, np.roll(np.arange(d), -1))
    one, other = Arrangement(problem).problem(), change.problem()
    a, b = _played(one, build(one), seed), _played(other, build(other), seed)
    if name := _same(change.turned(a.made[:2]), b.made[:2]):
        return None, f"claims no equal treatment: {name}, as init returns it, tells resources apart"
    if not _parted(a.action, b.action).size:
        return True, "bit for bit"
    if n == d or _unsure(problem.spec):
        return None, f"it is not known whether {_unsure(problem.spec) or 'an array'} is by resource"
    return _two_samples(build, one, other, np.arange(n), seed)


def _scaled(build: Build, problem: Problem, seed: int) -> Finding:
    problem = _cut(problem)
    said = re.search(r"scale-free(?: in (reward|cost)s)?", build(problem).name)
    if said is None:
        return None, "claims nothing: its label does not say scale-free, or scale-free in rewards, or in costs"
    if problem.spec.law == RUIN:
        return None, "under RUIN rewards and costs share the unit of the stock"
    one = Arrangement(problem).problem()
    base = _played(one, build(one), seed).action
    for what, scale in (("reward", (4.0, 1.0)), ("cost", (1.0, 4.0))):
        other = Arrangement(problem, scale=scale).problem()
        if said.group(1) in (None, what) and (parted := _parted(_played(other, build(other), seed).action, base)).size:
            return False, f"its label says {said.group()}, and {what}s{' and budgets' * (what == 'cost')} times 4 change what it does in round {parted[0]}"
    return True, ""


def _extended(build: Build, problem: Problem, seed: int) -> Finding:
    long = _cut(problem)
    until = max(1, long.spec.horizon // 2)
    short = _cut(problem, until)
    rules = build(long), build(short)
    a, b = (_played(p, rule, seed) for p, rule in zip((long, short), rules, strict=True))
    if rules[0].name != rules[1].name or _same((*a.made[:2], a.made[2][a.made[2] < until]), b.made):
        return None, "claims nothing: what init returns, or its label, depends on the horizon"
    if (parted := _parted(a.action[:, :until], b.action)).size:
        return False, f"init returns the same for {until} and for {long.spec.horizon} rounds, and round {parted[0]} is played differently"
    return True, ""


# ------------------------------------------------------------------------------------------------ degenerate instances
def _cases(build: Build, problem: Problem) -> Iterator[tuple[str, Problem]]:
    spec, n = problem.spec, problem.spec.n_actions
    yield "one round", _cut(problem, 1)
    counted = spec.kind == VECTOR and spec.high is not None and (spec.high >= spec.budget.min(initial=np.inf)).any()  # an entry's range is the budget
    if spec.budget.size and spec.law != RUIN and not spec.renew and not counted:
        for name, amount in (("no budget", 0.0), ("a budget below any cost", 1e-9), ("a budget that never binds", 1e18)):
            yield name, problem._replace(spec=spec._replace(budget=np.full(spec.budget.size, amount)))
    if spec.kind == VECTOR or _truth(build, problem) or _unsure(spec):
        return
    yield "one action", Arrangement(problem, [0]).problem()
    yield "equal actions", Arrangement(problem, [0] * n).problem()
    if spec.kind == ARM and spec.law != RUIN:
        for reward in (0.0, 1.0, 1e-300):
            yield f"rewards of {reward:g}", Arrangement(problem, pays=np.full(n, reward)).problem()


def _degenerate(build: Build, problem: Problem, seed: int) -> Finding:
    problem = _cut(problem)
    _played(problem, build(problem), seed, 0, 1)
    declined = []
    for name, case in _cases(build, problem):
        with contextlib.suppress(BudgetsimError):
            _played(case, exercises.probe(problem.spec.kind), seed, 0, 1)  # or the problem itself cannot be so small
            try:
                game = engine.prepare(case, build(case), path="python")
            except Exception as error:
                if not isinstance(error, BudgetsimError) or str(error).startswith("init: raised"):
                    return False, f"{name}: {error}"
                declined.append(name)
                continue
            try:
                memory = engine.memory_after(game, seed)
            except BudgetsimError as error:
                return False, f"{name}: {error}"
            if any(np.isnan(a).any() for _, a in _leaves(memory)):
                return False, f"{name}: memory holds a NaN"
    return True, "declines " + ", ".join(declined) if declined else ""


# ------------------------------------------------------------------------------------------------ hidden truth
Arrays = list[tuple[str, np.ndarray]]


def _hidden(problem: Problem) -> Arrays:
    """Arrays of the instance that a rule cannot know: not shown in the spec, and not all one number."""
    public = [a for _, a in _leaves(tuple(problem.spec))]
    found = [(name, a) for name, a in _leaves(problem.instance) if a.size > 1 and (a != a.flat[0]).any()]
    return [(name, a) for name, a in found if not any(np.shares_memory(a, p) or np.array_equal(a, p) for p in public)]


@contextlib.contextmanager
def _another_truth(arrays: Arrays) -> Iterator[None]:
    """The instance's own arrays, changed in place: whoever holds them sees other numbers."""
    kept = [(a, a.copy()) for _, a in arrays if a.flags.writeable]
    try:
        for array, was in kept:
            array[...] = np.roll(was.ravel(), 1).reshape(was.shape)
        yield
    finally:
        for array, was in kept:
            array[...] = was


class Twin:
    """What is observed through round `until` is as `truth` has it, whatever the instance says; afterwards nature's luck is another."""

    def __init__(self, problem: Problem, truth: Any, until: int) -> None:
        self.real, self.truth, self.until = problem, truth, until

    def problem(self) -> Problem:
        real, hooks = self.real, ("init", "begin", "advance", "allowance", "expected", "loss")
        observe = real.observe and (self.show if _returns(real.observe) else self.observe)
        return real._replace(step=self.step, observe=observe, **{h: getattr(real, h) and self.reading(getattr(real, h)) for h in hooks})

    def reading(self, hook: Any) -> Any:
        return lambda instance, *rest: hook(self.truth, *rest)

    def show(self, instance, state, t, key, view):
        return self.real.observe(self.truth, state, t, key, view)

    def observe(self, instance, state, t, key, view):
        self.real.observe(self.truth, state, t, key, view)

    def step(self, instance, state, view, action, left, t, key, cost, seen):
        return self.real.step(self.truth, state, view, action, left, t, key if t <= self.until else draws.nth_use(key, FAR, t), cost, seen)


def _reached(value: Any, hidden: Arrays, past: set[int]) -> str:
    """The hidden array, or a copy of it, that is reached through closures, defaults and globals."""
    if id(value) in past:
        return ""
    past.add(id(value))
    if isinstance(value, FunctionType):
        inside = []
        for cell in value.__closure__ or ():
            with contextlib.suppress(ValueError):  # it is empty
                inside.append(cell.cell_contents)
        inside += [*(value.__defaults__ or ()), *(value.__globals__[name] for name in value.__code__.co_names if name in value.__globals__)]
    elif isinstance(value, (tuple, list, dict)):
        inside = list(value.values() if isinstance(value, dict) else value)
        if len(inside) > 1 and all(isinstance(x, float) for x in inside):
            inside = [np.array(inside)]
    elif isinstance(value, np.ndarray):  # a copy of whole numbers may be a coincidence
        return next((name for name, a in hidden if np.shares_memory(a, value) or (np.array_equal(a, value) and (a % 1.0).any())), "")
    else:
        return ""
    return next((name for x in inside if (name := _reached(x, hidden, past))), "")


def _blind(build: Build, problem: Problem, seed: int) -> Finding:
    if name := _truth(build, problem):
        return None, f"claims no ignorance: it is told {name}"
    problem = _cut(problem)
    hidden, truth, horizon = _hidden(problem), copy.deepcopy(problem.instance), problem.spec.horizon
    rule = build(problem)
    plain = [_played(Twin(problem, truth, horizon).problem(), rule, seed) for _ in range(2)]
    if _parted(plain[0].action, plain[1].action).size:
        return None, "it does not play the same twice"
    for until in (horizon, horizon // 3):
        twin = Twin(problem, truth, until).problem()
        with _another_truth(hidden):
            one, other = plain[0].action.copy(), _played(twin, build(twin), seed).action
        last = slice(until + 1, until + 2)  # which a run does not come to where its cost does not fit
        unpaid = np.isnan(one[:, last]) | np.isnan(other[:, last])
        one[:, last][unpaid] = other[:, last][unpaid] = 0.0
        if (parted := _parted(one, other)).size and parted[0] <= until + 1:
            return False, f"round {parted[0]} is played differently on a twin that looks the same before it"
    for where, value in (("memory", plain[0].made), *rule._asdict().items()):
        if name := _reached(value, hidden, set()):
            if "told" in rule.name.replace("told the horizon", ""):
                return None, f"claims no ignorance: its label says what it is told, and {where} holds {name}"
            return False, f"{where} holds instance.{name}, which a factory asks for by an argument {name.split('.')[-1]}, or does not know"
    return True, "" if hidden else "its instance hides nothing"


# ------------------------------------------------------------------------------------------------ beside an optimum, and speed
def _upper(problem: Problem) -> Any:
    """An optimum whose upper end bounds every rule, where the house has one: rounds are independent, and a budget ends the run."""
    spec, truth = problem.spec, problem.instance
    if spec.kind != ARM or problem.expected is None or any(h is not None for h in (problem.begin, problem.advance, problem.allowance)):
        return None
    if any(name != "legal" for name, a in _leaves(spec.view) if a.size) or spec.n_actions != np.size(getattr(truth, "mean_reward", ())):
        return None
    state = problem.init(truth) if problem.init else Nothing()
    means = [np.array([float(problem.expected(truth, state, spec.view, k, t)) for k in range(spec.n_actions)]) for t in (0, spec.horizon - 1)]
    if (means[0] != means[1]).any():
        return None
    if not np.isfinite(spec.budget).any():
        return best_fixed_arm(means[0], spec.horizon)
    largest = 1.0 if problem.step is exercises.coins else getattr(truth, "largest_cost", None)
    return None if spec.law != STOP or largest is None else fluid_lp(means[0], truth.mean_cost, spec.budget, spec.horizon, largest)


def _bounded(build: Build, problem: Problem, seed: int) -> Finding:
    problem = _cut(problem)
    optimum = _upper(problem)
    if optimum is None:
        return None, "the house has no optimum that bounds every rule here"
    reward = _played(problem, build(problem), seed, 0, 2 * SAMPLE).reward
    refuted = claims.statistical_at_most("", reward, optimum.upper, 1.0 - 2.0 * LEVEL).holds is False
    return not refuted, f"earns {reward.mean():.4g} over {reward.size} runs, {optimum.name} is at most {optimum.upper:.4g}"


def _asked(look: Callable[[Build, Problem, int], Finding]) -> Callable[[Build, Problem, int], Finding]:
    """What goes wrong before the law is reached leaves it open: other laws report it."""

    def examine(build: Build, problem: Problem, seed: int) -> Finding:
        try:
            return look(build, problem, seed)
        except Exception as error:
            return None, f"not played: {error}"

    return examine


RELABELLED, EXCHANGED = "relabelling the actions relabels the run", "exchanging resources changes no action"
SCALED, EXTENDED = "units of rewards and costs do not matter to a scale-free rule", "plays as in a longer run, where it is not told the horizon"
DEGENERATE, BLIND = "plays degenerate instances, or declines them", "knows of the instance what it observes"
BOUNDED = "mean reward is not above the optimum"

RELATIONS = (
    Relation(RELABELLED, "statistical", LEVEL, _asked(_relabelled)),
    Relation(EXCHANGED, "statistical", LEVEL, _asked(_exchanged)),
    Relation(SCALED, "exact", 0.0, _asked(_scaled)),
    Relation(EXTENDED, "exact", 0.0, _asked(_extended)),
    Relation(DEGENERATE, "exact", 0.0, _asked(_degenerate)),
    Relation(BLIND, "exact", 0.0, _asked(_blind)),
    Relation(BOUNDED, "statistical", LEVEL, _asked(_bounded)),
)
