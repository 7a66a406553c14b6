"""The only loop, written once and used twice.

As plain Python it is the reference semantics; compiled (kernels/rows.py) it is the fast path, with the same bits. The
functions of the problem and of the policy are its globals, put there by `bind`.

One round: observe, stop?, act, step, ledger, advance, update, checkpoint. `step` looks, the ledger decides, `advance`
moves.
"""

import dis
import math
import types
from typing import Any, NamedTuple

import numpy as np

from . import ledger
from .arguments import BadType
from .draws import BEGIN_POLICY, BEGIN_PROBLEM, RECOMMEND, ROUND, nature_key, rule_key
from .model import UNANSWERED, VECTOR, Ended, Law, Outcome, Policy, Problem, Status

RUNNING, FAULTY, WAITING = -1, -2, -3
HORIZON, RULE, PROBLEM, RUINED, RESOURCE = (int(e) for e in Ended)
STATUS_CHARGED, STATUS_VOID, STATUS_CLIPPED, STATUS_IGNORED = (int(s) for s in Status)
LAW_STOP, LAW_SKIP, LAW_RUIN = (int(v) for v in Law)

# faults, in the order in which a round meets them; an entry or a resource j is told as fault + 8 j
FAULT_ACTION, FAULT_UNAVAILABLE, FAULT_REWARD, FAULT_COST, FAULT_NEGATIVE, FAULT_RECOMMENDATION = range(1, 7)


AHEAD = 64  #: rounds whose Philox blocks are computed together, a power of two


class Job(NamedTuple):
    """What one call of the loop is to play."""

    seed: Any
    first: int
    many: int
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
    ahead0: np.ndarray  #: Philox words of the 64 rounds around this one
    ahead1: np.ndarray
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
    fault: np.ndarray  #: code, round
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
law, renewing, makes_view = LAW_STOP, False, False


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
    return frozen(left.copy())


def reveal(left_r: Any, left: Any) -> None:
    """Brings the copy up to date; compiled code shows the ledger's own array, under a type that refuses writes."""
    left_r.base[...] = left


def is_true(value: Any) -> Any:
    """What `stop` and `advance` said; nothing said is no."""
    return bool(value)


def enter(work: Any, seed: Any, replication: Any, t: Any) -> None:
    """Before round t of a replication, fresh or taken up again. Compiled: prepares the words of the rounds ahead."""
    work.cursor[0] = t


def round_key(work: Any, seed: Any, replication: Any, t: Any) -> Any:
    """Nature's key of round t. Plain Python notes the round for error messages; compiled code keeps 64 keys ahead."""
    work.cursor[0] = t
    return nature_key(seed, replication, t, ROUND)


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
            return FAULT_ACTION + 8 * i
    return 0


def told_index(action, fault, work):
    return float(action)


def told_vector(action, fault, work):
    return work.chosen[fault >> 3]


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


fault_of, told, taken, null_action, count_pulls, trace_action = fault_index, told_index, taken_index, null_index, count_index, trace_index


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


def costs(cost, law):
    """Whether anything is to be paid, where not there is nothing to check, to charge or to clear; and whether all of it is sound."""
    some, sound = False, True
    lowest = -math.inf if law == LAW_RUIN else 0.0
    for j in range(cost.size):  # without a branch, so that it vectorises
        some |= cost[j] != 0.0
        sound &= (cost[j] >= lowest) & (abs(cost[j]) < math.inf)
    return some, sound


def unsound(reward, cost, sound, law):
    """0, or why a reward or a cost is refused."""
    if reward == UNANSWERED:
        return 0
    if not (reward > -math.inf and reward < math.inf):
        return FAULT_REWARD
    j = 0
    while not sound:
        if not abs(cost[j]) < math.inf:
            return FAULT_COST + 8 * j
        if law != LAW_RUIN and cost[j] < 0.0:
            return FAULT_NEGATIVE + 8 * j
        j += 1
    return 0


def report(log, i, t, fault, value):
    """Notes a fault; the engine raises it when the block is done."""
    log.fault[i, 0], log.fault[i, 1] = fault, t
    log.fault_value[i] = value
    return FAULTY


def keep(log, i, c, work, renewing, t, total, pseudo, void, ignored, verdict, recommendation):
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
    """Plays `many` replications from `first`, each up to round `until`; a fresh one starts at round 0."""
    state_r, memory_r, seen_r, cost_r, left_r = frozen(state), frozen(memory), frozen(seen), frozen(work.cost), exposed(work.left)
    cap, left, cost, null, checkpoint = work.cap, work.left, work.cost, null_action(work), log.checkpoint
    view_r = frozen(view)
    tracing = log.status.shape[1] > 0
    for i in range(job.many):
        replication = job.first + i
        t, c, void, ignored = 0, 0, 0, 0
        total, pseudo = 0.0, 0.0
        clear(cost)
        some = False
        if job.fresh:
            restore(work.words, work.template)
            ledger.open_account(work.budget, cap, left, work.spent, work.carry)
            clear(work.pulls)
            log.ended[i] = RUNNING
            work.cursor[0] = 0
            begin_problem(instance, state, nature_key(job.seed, replication, 0, BEGIN_PROBLEM))
            begin_rule(memory, params, rule_key(nature_key(job.seed, replication, 0, BEGIN_POLICY)))
        else:
            t, c, void, ignored = work.cursor[0], work.cursor[1], work.cursor[2], work.cursor[3]
            total, pseudo = work.sums[0], work.sums[1]
        ended = RUNNING
        enter(work, job.seed, replication, t)
        while ended == RUNNING and t < job.until:
            until = min(job.until, checkpoint[c])
            while ended == RUNNING and t < until:
                key = round_key(work, job.seed, replication, t)
                if makes_view:  # a constant when compiled: the other branch is gone
                    view_r = frozen(observe(instance, state_r, t, key, view))
                else:
                    observe(instance, state_r, t, key, view)
                if renewing:
                    allowance(instance, state_r, view_r, left)
                    ledger.renew(cap, left)
                reveal(left_r, left)
                if is_true(stop(memory_r, params, left_r, t)):
                    ended = RULE
                    break
                raw = decide(memory, params, view_r, left_r, t, rule_key(key), work)
                fault = fault_of(raw, job.lowest, job.n_actions, view_r, work)
                if fault != 0:
                    ended = report(log, i, t, fault, told(raw, fault, work))
                    break
                action = taken(raw, work)
                if some:
                    clear(cost)
                reward = float(step(instance, state_r, view_r, action, left_r, t, key, cost, seen))
                some, sound = costs(cost, law)
                fault = unsound(reward, cost, sound, law)
                if fault != 0:
                    ended = report(log, i, t, fault, reward if fault == FAULT_REWARD else cost[fault >> 3])
                    break
                status, counted, resource = ledger.settle(law, renewing, reward, cost, cap, left, work.spent, work.carry, some)
                done = action
                if status in (STATUS_CHARGED, STATUS_CLIPPED):
                    count_pulls(action, work.pulls)
                    pseudo += expected(instance, state_r, view_r, action, t)
                    if status == STATUS_CLIPPED:
                        log.clipped[i] = counted - reward
                    if law == LAW_RUIN and left[0] <= 0.0:
                        ended = RUINED
                elif law == LAW_STOP and status == STATUS_VOID:
                    ended = RESOURCE + resource
                    break
                else:
                    void += status == STATUS_VOID
                    ignored += status == STATUS_IGNORED
                    blank(seen)
                    clear(cost)
                    done = null
                total += counted
                if tracing:
                    trace_action(action, log.action[i, t])
                    log.status[i, t] = status
                reveal(left_r, left)
                outcome = Outcome(counted, cost_r, seen_r, status)
                if is_true(advance(instance, state, view_r, done, outcome, left_r, t, key)) and ended == RUNNING:
                    ended = PROBLEM
                if status != STATUS_IGNORED:
                    update(memory, params, view_r, action, outcome, t)
                t += 1
            if ended == RUNNING and t == checkpoint[checkpoint.size - 1]:
                ended = HORIZON
            if ended != FAULTY and (ended != RUNNING or t == checkpoint[c]):
                reveal(left_r, left)
                advice = int(recommend(memory_r, params, left_r, t, rule_key(nature_key(job.seed, replication, t, RECOMMEND))))
                if not 0 <= advice < job.n_actions:
                    ended = report(log, i, t, FAULT_RECOMMENDATION, advice)
                    break
                verdict = float(loss(instance, state_r, advice))
                keep(log, i, c, work, renewing, t, total, pseudo, void, ignored, verdict, advice)
                c += 1
                while ended != RUNNING and c < checkpoint.size:  # carried forward
                    keep(log, i, c, work, renewing, t, total, pseudo, void, ignored, verdict, advice)
                    c += 1
        work.cursor[0], work.cursor[1], work.cursor[2], work.cursor[3] = t, c, void, ignored
        work.sums[0], work.sums[1] = total, pseudo
        log.ended[i] = ended


# ------------------------------------------------------------------------------------------------ binding
_BOUND = ("decide_index", "decide_vector", "loop")


def _returns(function: Any) -> bool:
    """Whether a function returns something: an `observe` that makes its view instead of filling it."""
    code = getattr(getattr(function, "py_func", function), "__code__", None)
    if code is None:
        raise BadType(f"observe: got {type(function).__name__}; allowed: a plain function")
    before = None
    for op in dis.get_instructions(code):
        if (op.opname == "RETURN_CONST" and op.argval is not None) or (op.opname == "RETURN_VALUE" and not (before and before.opname == "LOAD_CONST" and before.argval is None)):
            return True
        before = op
    return False


def bind(problem: Problem, policy: Policy) -> Any:
    """The loop with the functions of one problem and one policy as its globals."""
    space = dict(globals())
    space.update(law=int(problem.spec.law), renewing=bool(problem.spec.renew), act=policy.act, update=policy.update, step=problem.step,
                 makes_view=problem.observe is not None and _returns(problem.observe))  # fmt: skip
    hooks = {"begin_problem": problem.begin, "begin_rule": policy.begin, "observe": problem.observe, "allowance": problem.allowance,
             "stop": policy.stop, "advance": problem.advance, "expected": problem.expected, "recommend": policy.recommend,
             "loss": problem.loss if policy.recommend else None}  # fmt: skip
    space.update({name: f for name, f in hooks.items() if f is not None})
    kind = "vector" if problem.spec.kind == VECTOR else "index"
    for name in _BOUND:
        space[name] = types.FunctionType(globals()[name].__code__, space, name)
    for role, stem in (("decide", "decide"), ("told", "told"), ("fault_of", "fault"), ("taken", "taken"), ("null_action", "null"), ("count_pulls", "count"), ("trace_action", "trace")):
        space[role] = space[f"{stem}_{kind}"]
    return space["loop"]
