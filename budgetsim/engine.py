"""The only loop. `run` plays a policy on a problem and returns an xarray.Dataset.

`loop` is written once and used twice: as plain Python it is the reference semantics, and compiled (kernels/rows.py) it
is the fast path. The functions of the problem and of the policy are its globals, put there by `_bind`.
"""

import math
import types
from typing import Any, NamedTuple

import numpy as np

from . import ledger
from .arguments import BadType, BadValue
from .draws import BEGIN_POLICY, BEGIN_PROBLEM, RECOMMEND, ROUND, nature_key, rule_key
from .model import REQUEST, VECTOR, Ended, Law, Nothing, Outcome, Policy, Problem, Status

RUNNING, FAULTY = -1, -2
HORIZON, RULE, PROBLEM, RUINED, RESOURCE = (int(e) for e in Ended)
STATUS_CHARGED, STATUS_VOID, STATUS_CLIPPED, STATUS_IGNORED = (int(s) for s in Status)
LAW_STOP, LAW_SKIP, LAW_RUIN = (int(v) for v in Law)

# faults, in the order in which a round meets them
FAULT_ACTION, FAULT_UNAVAILABLE, FAULT_REWARD, FAULT_COST, FAULT_NEGATIVE, FAULT_ALLOWANCE = range(1, 7)


class Job(NamedTuple):
    """What one call of the loop is to play."""

    seed: Any
    first: int
    count: int
    until: int
    fresh: bool
    n_actions: int
    lowest: int


class Work(NamedTuple):
    """The engine's own scratch of one replication at a time."""

    words: np.ndarray  #: state and memory as raw words
    template: np.ndarray  #: their initial content
    budget: np.ndarray
    cap: np.ndarray
    left: np.ndarray
    spent: np.ndarray
    carry: np.ndarray
    cost: np.ndarray
    chosen: np.ndarray
    low: np.ndarray
    high: np.ndarray
    whole: np.ndarray
    null: np.ndarray
    pulls: np.ndarray
    cursor: np.ndarray  #: round, next checkpoint, void, ignored
    sums: np.ndarray  #: reward, pseudo-reward, clipped


class Log(NamedTuple):
    """What is kept of a block: axes (replication, checkpoint, ...)."""

    checkpoint: np.ndarray
    reward: np.ndarray
    pseudo: np.ndarray
    loss: np.ndarray
    spent: np.ndarray
    pulls: np.ndarray
    rounds: np.ndarray
    void: np.ndarray
    ignored: np.ndarray
    recommended: np.ndarray
    ended: np.ndarray
    clipped: np.ndarray
    fault: np.ndarray  #: code, round, resource
    fault_value: np.ndarray
    action: np.ndarray  #: trace: (replication, round, 1 or n_actions)
    status: np.ndarray  #: trace: (replication, round)


# ------------------------------------------------------------------------------------------------ hooks left out
def no_begin(a, b, key):
    return None


def no_observe(instance, state, t, key, view):
    return None


def no_allowance(instance, state, view, left):
    return None


def no_stop(memory, params, left, t):
    return False


def no_advance(instance, state, view, action, outcome, left, t, key):
    return False


def no_expected(instance, state, view, action, t):
    return 0.0


def no_recommend(memory, params, left, t, key):
    return 0


def no_loss(instance, state, recommendation):
    return 0.0


# bound anew for each problem and policy
begin_problem, begin_rule, observe, allowance, stop, advance, expected, recommend, loss = (
    no_begin, no_begin, no_observe, no_allowance, no_stop, no_advance, no_expected, no_recommend, no_loss)  # fmt: skip
act: Any = None
update: Any = None
step: Any = None
decide: Any = None
law, renewing = LAW_STOP, False


# ------------------------------------------------------------------------------------------------ primitives
# each has a compiled twin in kernels/primitives.py, where read-only is a type and costs nothing
def frozen(value: Any) -> Any:
    """The same arrays, read-only."""
    if isinstance(value, np.ndarray):
        view = value.view()
        view.flags.writeable = False
        return view
    if isinstance(value, tuple):
        return type(value)(*(frozen(v) for v in value))
    return value


def exposed(left: Any) -> Any:
    """What a rule is shown of the ledger: in plain Python a copy, so that no trick with flags reaches the purse."""
    copy = left.copy()
    copy.flags.writeable = False
    return copy


def chosen_view(returned: Any, view: Any) -> Any:
    """The view as filled, or the one that `observe` made of slices."""
    return view if returned is None else frozen(returned)


def is_true(value: Any) -> Any:
    """What `stop` and `advance` said; nothing said is no."""
    return bool(value)


def mark(work: Any, t: Any) -> None:
    """Where we are, for error messages of the plain Python path."""
    work.cursor[0] = t


def index_fault(action: Any, lowest: Any, n_actions: Any, view: Any) -> Any:
    """0, or why a returned index is refused."""
    if isinstance(action, (bool, np.bool_)) or not isinstance(action, (int, float, np.integer, np.floating)):
        raise TypeError(f"got {action!r}; allowed: a whole number")
    if not (lowest <= action < n_actions) or action != math.floor(action):
        return FAULT_ACTION
    mask = getattr(view, "legal", None)
    if mask is not None and action >= 0 and mask[int(action)] == 0.0:
        return FAULT_UNAVAILABLE
    return 0


# ------------------------------------------------------------------------------------------------ actions by kind
def decide_index(memory, params, view, left, t, key, work):
    return act(memory, params, view, left, t, key)


def decide_vector(memory, params, view, left, t, key, work):
    act(memory, params, view, left, t, key, work.chosen)
    return 0


def fault_index(action, lowest, n_actions, view, work):
    return index_fault(action, lowest, n_actions, view)


def fault_vector(action, lowest, n_actions, view, work):
    for i in range(n_actions):
        x = work.chosen[i]
        if not (work.low[i] <= x <= work.high[i]) or (work.whole[i] and x != math.floor(x)):
            return FAULT_ACTION
    return 0


def taken_index(action, work):
    return int(action)


def taken_vector(action, work):
    return frozen(work.chosen)


def null_index(work):
    return -1


def null_vector(work):
    return frozen(work.null)


def count_index(action, pulls):
    if action >= 0:
        pulls[action] += 1.0


def count_vector(action, pulls):
    for i in range(pulls.size):
        pulls[i] += action[i]


def trace_index(action, row):
    row[0] = action


def trace_vector(action, row):
    for i in range(row.size):
        row[i] = action[i]


fault_of, taken, null_action, count_pulls, trace_action = fault_index, taken_index, null_index, count_index, trace_index


# ------------------------------------------------------------------------------------------------ the loop
def clear(cost):
    for j in range(cost.size):
        cost[j] = 0.0


def restore(words, template):
    for i in range(words.size):
        words[i] = template[i]


def blank(seen):
    """Zeroes what was seen: a VOID round shows nothing."""
    for array in seen:
        array[...] = 0


def unsound(reward, cost):
    """0, or why a reward or a cost is refused."""
    if not (reward > -math.inf and reward < math.inf):
        return FAULT_REWARD
    for j in range(cost.size):
        if not (cost[j] > -math.inf and cost[j] < math.inf):
            return FAULT_COST
        if law != LAW_RUIN and cost[j] < 0.0:
            return FAULT_NEGATIVE
    return 0


def keep(log, i, c, work, t, total, pseudo, void, ignored, verdict, recommendation):
    """Writes one checkpoint."""
    log.reward[i, c] = total
    log.pseudo[i, c] = pseudo
    log.loss[i, c] = verdict
    log.recommended[i, c] = recommendation
    log.rounds[i, c] = t
    log.void[i, c] = void
    log.ignored[i, c] = ignored
    for j in range(work.spent.size):
        log.spent[i, c, j] = ledger.total(work.spent[j], work.carry[j], work.cap[j] if not renewing else math.inf)
    for a in range(work.pulls.size):
        log.pulls[i, c, a] = work.pulls[a]


def loop(job, instance, params, state, memory, view, seen, work, log):
    """Plays `count` replications from `first`, each up to round `until`; a fresh one starts at round 0."""
    state_r, memory_r, view_r, seen_r, cost_r = frozen(state), frozen(memory), frozen(view), frozen(seen), frozen(work.cost)
    cap, left, spent, carry, cost = work.cap, work.left, work.spent, work.carry, work.cost
    null = null_action(work)
    tracing = log.status.shape[1] > 0
    horizon = log.checkpoint[log.checkpoint.size - 1]
    for i in range(job.count):
        replication = job.first + i
        if job.fresh:
            restore(work.words, work.template)
            ledger.open_account(work.budget, cap, left, spent, carry)
            clear(work.pulls)
            t, c, void, ignored = 0, 0, 0, 0
            total, pseudo = 0.0, 0.0
            log.ended[i] = RUNNING
            mark(work, 0)
            begin_problem(instance, state, nature_key(job.seed, replication, 0, BEGIN_PROBLEM))
            begin_rule(memory, params, rule_key(nature_key(job.seed, replication, 0, BEGIN_POLICY)))
        else:
            t, c, void, ignored = work.cursor[0], work.cursor[1], work.cursor[2], work.cursor[3]
            total, pseudo = work.sums[0], work.sums[1]
        ended = RUNNING
        while ended == RUNNING and t < job.until:
            until = min(job.until, log.checkpoint[c])
            while t < until:
                mark(work, t)
                key = nature_key(job.seed, replication, t, ROUND)
                shown = chosen_view(observe(instance, state_r, t, key, view), view_r)
                if renewing:
                    allowance(instance, state_r, shown, left)
                    ledger.renew(cap, left)
                left_r = exposed(left)
                if is_true(stop(memory_r, params, left_r, t)):
                    ended = RULE
                    break
                raw = decide(memory, params, shown, left_r, t, rule_key(key), work)
                fault = fault_of(raw, job.lowest, job.n_actions, shown, work)
                if fault != 0:
                    ended = FAULTY
                    log.fault[i, 0], log.fault[i, 1] = fault, t
                    log.fault_value[i] = raw
                    break
                action = taken(raw, work)
                clear(cost)
                reward = float(step(instance, state_r, shown, action, left_r, t, key, cost, seen))
                if reward != -math.inf:
                    fault = unsound(reward, cost)
                    if fault != 0:
                        ended = FAULTY
                        log.fault[i, 0], log.fault[i, 1] = fault, t
                        log.fault_value[i] = reward
                        break
                status, counted, resource = ledger.settle(law, renewing, reward, cost, cap, left, spent, carry)
                done = action
                if status == STATUS_CHARGED:
                    count_pulls(action, work.pulls)
                    pseudo += expected(instance, state_r, shown, action, t)
                    if law == LAW_RUIN and left[0] <= 0.0:
                        ended = RUINED
                elif status == STATUS_CLIPPED:
                    count_pulls(action, work.pulls)
                    pseudo += expected(instance, state_r, shown, action, t)
                    log.clipped[i] = counted - reward
                    ended = RUINED
                else:
                    if status == STATUS_VOID:
                        if law == LAW_STOP:
                            ended = RESOURCE + resource
                            break
                        void += 1
                        blank(seen)
                    else:
                        ignored += 1
                    clear(cost)
                    done = null
                total += counted
                if tracing:
                    trace_action(action, log.action[i, t])
                    log.status[i, t] = status
                left_r = exposed(left)
                outcome = Outcome(counted, cost_r, seen_r, status)
                if is_true(advance(instance, state, shown, done, outcome, left_r, t, key)) and ended == RUNNING:
                    ended = PROBLEM
                if status != STATUS_IGNORED:
                    update(memory, params, shown, action, outcome, t)
                t += 1
                if ended != RUNNING:
                    break
            if ended == RUNNING and t == horizon:
                ended = HORIZON
            if ended != FAULTY and (ended != RUNNING or t == log.checkpoint[c]):
                key = rule_key(nature_key(job.seed, replication, t, RECOMMEND))
                recommendation = recommend(memory_r, params, exposed(left), t, key)
                verdict = loss(instance, state_r, recommendation)
                keep(log, i, c, work, t, total, pseudo, void, ignored, verdict, recommendation)
                c += 1
                while ended != RUNNING and c < log.checkpoint.size:  # carried forward
                    keep(log, i, c, work, t, total, pseudo, void, ignored, verdict, recommendation)
                    c += 1
        work.cursor[0], work.cursor[1], work.cursor[2], work.cursor[3] = t, c, void, ignored
        work.sums[0], work.sums[1] = total, pseudo
        log.ended[i] = ended


# ------------------------------------------------------------------------------------------------ binding
_BOUND = ("unsound", "keep", "decide_index", "decide_vector", "loop")


def _bind(problem: Problem, policy: Policy) -> Any:
    """The loop with the functions of one problem and one policy as its globals."""
    space = dict(globals())
    space.update(law=int(problem.spec.law), renewing=bool(problem.spec.renew), act=policy.act, update=policy.update, step=problem.step)
    hooks = {"begin_problem": problem.begin, "begin_rule": policy.begin, "observe": problem.observe, "allowance": problem.allowance,
             "stop": policy.stop, "advance": problem.advance, "expected": problem.expected, "recommend": policy.recommend,
             "loss": problem.loss if policy.recommend else None}  # fmt: skip
    space.update({name: f for name, f in hooks.items() if f is not None})
    kind = "vector" if problem.spec.kind == VECTOR else "index"
    for name in _BOUND:
        space[name] = types.FunctionType(globals()[name].__code__, space, name)
    for role, stem in (("decide", "decide"), ("fault_of", "fault"), ("taken", "taken"), ("null_action", "null"), ("count_pulls", "count"), ("trace_action", "trace")):
        space[role] = space[f"{stem}_{kind}"]
    return space["loop"]


def _leaves(value: Any, where: str, numbers: bool) -> Any:
    """Nested NamedTuples with every array contiguous, and every leaf checked."""
    if isinstance(value, tuple):
        if not hasattr(value, "_fields"):
            raise BadType(f"{where}: got a plain tuple; allowed: a NamedTuple of arrays")
        return type(value)(*(_leaves(v, f"{where}.{f}", numbers) for f, v in zip(value._fields, value, strict=True)))
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return np.ascontiguousarray(value) if value.ndim else np.array(value)
    if numbers and isinstance(value, (bool, int, float, np.number, np.bool_)):
        return value
    what = f"got {type(value).__name__}" + (f" of dtype {value.dtype}" if isinstance(value, np.ndarray) else "")
    raise BadType(f"{where}: {what}; allowed: " + ("arrays and plain numbers" if numbers else "arrays") + ", nested in NamedTuples")


def _pool(*templates: Any) -> tuple[np.ndarray, list[Any]]:
    """All arrays of some templates laid into one buffer of 64-bit words, 64 bytes apart, so that a reset is one copy."""
    sizes: list[int] = []

    def measure(value: Any) -> None:
        for v in value:
            if isinstance(v, tuple):
                measure(v)
            else:
                sizes.append(-(-v.nbytes // 64) * 8)

    for t in templates:
        measure(t)
    words = np.zeros(sum(sizes) + 8, np.uint64)
    start = (-words.ctypes.data // 8) % 8
    words = words[start : start + sum(sizes)]
    offset = 0

    def place(value: Any) -> Any:
        nonlocal offset
        out = []
        for v in value:
            if isinstance(v, tuple):
                out.append(place(v))
                continue
            n = -(-v.nbytes // 64) * 8
            home = words[offset : offset + n].view(np.uint8)[: v.nbytes].view(v.dtype).reshape(v.shape)
            home[...] = v
            out.append(home)
            offset += n
        return type(value)(*out)

    return words, [place(t) for t in templates]


class Game(NamedTuple):
    """A problem and a policy, checked, bound and compiled: what a block of replications needs."""

    problem: Problem
    policy: Policy
    instance: Any
    params: Any
    state: Any
    memory: Any
    play: Any  #: the bound loop in plain Python
    entry: Any  #: the compiled entry, or None
    schedule: tuple[int, ...]
    path: str
    why: str
    grade: str
    reasons: str


SEGMENT = 1 << 23  # rounds between returns to Python: progress, Ctrl-C


def prepare(problem: Problem, policy: Policy, path: str | None = None, checkpoints: Any = None, trace: bool = False) -> Game:
    """Checks, binds and compiles; nothing is played."""
    from . import checks

    checks.spec(problem.spec)
    checks.matching(problem, policy)
    spec = problem.spec
    instance = frozen(_leaves(problem.instance, "instance", numbers=True))
    state = _leaves(problem.init(problem.instance) if problem.init else Nothing(), "state", numbers=False)
    made = policy.init(spec)
    memory, params = made if type(made) is tuple and len(made) == 2 else (made, Nothing())
    memory = _leaves(Nothing() if memory is None else memory, "memory", numbers=False)
    params = frozen(_leaves(params, "params", numbers=True))
    schedule = checks.schedule(policy, spec)
    play = _bind(problem, policy)
    game = Game(problem, policy, instance, params, state, memory, play, None, schedule, "python", "asked for", "portable", "")
    from .kernels.content import Survey

    survey = Survey([play], "")
    if survey.hidden:
        raise BadValue(f"{policy.name} on {problem.name}: {survey.hidden[0]}, which no seed of ours controls; allowed: the draws of budgetsim.draws, with the key")
    reasons = list(dict.fromkeys(survey.native + survey.foreign)) + ([f"{policy.name} replans in plain Python"] if policy.replan else [])
    game = game._replace(grade="native" if reasons else "portable", reasons="; ".join(reasons))
    if path == "python":
        return game
    if survey.foreign:
        if path == "rows":
            raise BadValue(f"path: got 'rows', but {survey.foreign[0]}; allowed: 'python' or None")
        return game._replace(why=survey.foreign[0] + ", which does not compile")
    entry, why = _compile(game, np.asarray([spec.horizon]) if checkpoints is None else checkpoints)
    if entry is None:
        if path == "rows":
            raise BadValue(f"path: got 'rows', but {why}; allowed: 'python' or None")
        return game._replace(why=why)
    return game._replace(entry=entry, path="rows", why="compiles")


def _compile(game: Game, checkpoints: np.ndarray) -> tuple[Any, str]:
    """The direct entry, or None and the reason."""
    import numba

    from .kernels import rows
    from .kernels.content import Survey

    arguments = dict(zip(("job", "instance", "params", "state", "memory", "view", "seen", "work", "log"), _tables(game, 0, 0, 1, checkpoints, False), strict=True))
    survey = Survey([game.play], rows.library_salt())
    entry = rows.compile_loop(game.play, arguments, survey)
    try:
        if entry.direct is None:
            entry.compile(*(rows.flatten(a) for a in arguments.values()))
    except numba.core.errors.NumbaError as error:
        text = str(error)
        if "readonly" in text or "Cannot modify" in text:
            return None, "writes an array that it does not own"
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return None, "numba: " + " ".join(lines[1:3])[:300]
    return entry.direct, ""


def _tables(game: Game, seed: int, first: int, count: int, checkpoints: np.ndarray, trace: bool) -> tuple[Any, ...]:
    """Fresh arguments of the loop."""
    spec = game.problem.spec
    d, n = spec.budget.size, spec.n_actions
    vector = spec.kind == VECTOR
    words, (state, memory, view, seen) = _pool(game.state, game.memory, _leaves(spec.view, "view", False), _leaves(spec.seen, "seen", False))
    zeros = np.zeros
    wide = n if vector else 0
    low, high, whole = ((np.array(a, float) for a in (spec.low, spec.high, spec.whole)) if vector else (zeros(0) for _ in range(3)))
    work = Work(words, words.copy(), spec.budget.astype(float), zeros(d), zeros(d), zeros(d), zeros(d), zeros(d), zeros(wide), low, high, whole,
                zeros(wide), zeros(n), zeros(4, np.int64), zeros(3))  # fmt: skip
    c, rounds = len(checkpoints), spec.horizon if trace else 0
    log = Log(np.asarray(checkpoints, np.int64), zeros((count, c)), zeros((count, c)), zeros((count, c)), zeros((count, c, d)), zeros((count, c, n)),
              zeros((count, c), np.int64), zeros((count, c), np.int64), zeros((count, c), np.int64), zeros((count, c), np.int64), zeros(count, np.int64),
              zeros(count), zeros((count, 3), np.int64), zeros(count), zeros((count, rounds, n if vector else 1)), zeros((count, rounds), np.int8))  # fmt: skip
    job = Job(np.uint64(seed), first, count, spec.horizon, True, n, -1 if spec.idle or spec.kind == REQUEST else 0)
    return job, game.instance, game.params, state, memory, view, seen, work, log


def play_block(game: Game, seed: int, first: int, count: int, checkpoints: np.ndarray, trace: bool = False) -> Log:
    """Plays replications first .. first + count - 1."""
    tables = _tables(game, seed, first, count, checkpoints, trace)
    log = tables[-1]
    horizon = game.problem.spec.horizon
    if game.schedule or horizon > SEGMENT:
        for i in range(count):
            mine = Log(log.checkpoint, *(a[i : i + 1] for a in log[1:]))
            _play_segments(game, (tables[0]._replace(first=first + i, count=1), *tables[1:-1], mine))
    else:
        _call(game, tables)(tables[0])
    return log


def _call(game: Game, tables: tuple[Any, ...]) -> Any:
    if game.entry is not None:
        from .kernels.rows import flatten

        flat = tuple(flatten(a) for a in tables[1:])
        entry = game.entry
        return lambda job: entry(tuple(job), *flat)
    return lambda job: game.play(job, *tables[1:])


def _play_segments(game: Game, tables: tuple[Any, ...]) -> None:
    """One replication, returning to Python before each scheduled round and every SEGMENT rounds."""
    job, instance, _, state, memory, view, _, work, log = tables
    horizon = game.problem.spec.horizon
    play = _call(game, tables)
    stops = sorted({*game.schedule, *range(SEGMENT, horizon, SEGMENT), horizon})
    planned = set(game.schedule)
    observe_plain, state_r, left_r, view_r = game.problem.observe, frozen(state), frozen(work.left), frozen(view)
    for k, until in enumerate(stops):
        play(job._replace(until=until, fresh=k == 0))
        if log.ended[0] != RUNNING:
            return
        if until in planned:
            shown = view_r
            if observe_plain is not None:
                key = nature_key(job.seed, job.first, until, ROUND)
                shown = chosen_view(observe_plain(instance, state_r, until, key, view), view_r)
            game.policy.replan(memory, game.params, shown, left_r, until)
