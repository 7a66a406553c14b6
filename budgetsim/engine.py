"""`run` plays a policy on a problem, in blocks of replications, and returns an xarray.Dataset.

Blocks run on threads (compiled code lets go of the interpreter) or on any `concurrent.futures.Executor`; nothing in a
result depends on how replications were cut into blocks or on where a block ran.
"""

import copy
import functools
import hashlib
import json
import logging
import os
import platform
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from . import arguments, contract
from .arguments import BadType, BadValue, BudgetsimError
from .draws import ROUND, nature_key
from .loop import (
    AHEAD,
    FAULT_ACTION,
    FAULT_COST,
    FAULT_NEGATIVE,
    FAULT_RECOMMENDATION,
    FAULT_REWARD,
    FAULT_UNAVAILABLE,
    FAULTY,
    RUNNING,
    WAITING,
    Job,
    Log,
    Work,
    bind,
    frozen,
)
from .model import REQUEST, RUIN, VECTOR, Nothing, Policy, Problem, Spec
from .summary import ended_names, resource_names, summarise

_log = logging.getLogger("budgetsim")
_told: set[str] = set()
PATHS = ("lanes", "rows", "python")
FEW, SHORT = 8, 100_000  #: replications from which lanes pay; rounds in all below which nothing matters but the time to compile
SEGMENT = 1 << 23  #: rounds between returns to Python: progress, Ctrl-C


class Game(NamedTuple):
    """A problem and a policy, checked, bound and compiled: what a block of replications needs."""

    problem: Problem
    policy: Policy
    instance: Any
    params: Any
    state: Any
    memory: Any
    schedule: tuple[int, ...]
    play: Any  #: the bound loop in plain Python
    entry: Any = None  #: the compiled entry
    path: str = "python"  #: lanes | rows | python
    why: str = "asked for"
    grade: str = "portable"
    reasons: str = ""

    def _on(self, path: str | None) -> "Game":
        """The same game, if it runs on the path that was asked for."""
        if path not in (None, self.path):
            others = "'rows', 'python' or None" if path == "lanes" else "'python' or None"
            raise BadValue(f"path: got {path!r}, but {self.why}; allowed: {others}")
        return self


# ------------------------------------------------------------------------------------------------ before playing
def prepare(problem: Problem, policy: Policy, path: str | None = None, replications: int | None = None) -> Game:
    """Checks, binds and compiles for so many replications (None: many); nothing is played."""
    from .kernels.content import Survey

    problem, policy = contract.checked_pair(problem, policy)
    if path is not None:
        arguments.choice("path", path, PATHS)
    spec = problem.spec
    instance = frozen(contract.leaves(problem.instance, "instance", True))
    state = contract.leaves(_asked(problem.name, problem.init, instance) if problem.init else Nothing(), "state", False)
    made = _asked(policy.name, policy.init, _told_to_rules(spec))
    memory, params = made if type(made) is tuple and len(made) == 2 else (made, Nothing())
    memory = contract.leaves(Nothing() if memory is None else memory, "memory", False)
    params = frozen(contract.leaves(params, "params", True))
    game = Game(problem, policy, instance, params, state, memory, contract.checked_schedule(policy, _told_to_rules(spec)), bind(problem, policy))
    survey = Survey([game.play])
    if survey.hidden:
        raise BadValue(f"{policy.name} on {problem.name}: {survey.hidden[0]}, which no seed of a run controls; allowed: the draws of budgetsim.draws")
    for note in dict.fromkeys(survey.captured):
        if note not in _told:
            _told.add(note)
            _log.warning("%s: %s: compiled in; a sweep over it compiles each value (pass it through params)", policy.name, note)
    reasons = survey.native + survey.foreign + (["replan is plain Python"] if policy.replan else [])
    game = game._replace(grade="native" if reasons else "portable", reasons="; ".join(dict.fromkeys(reasons)))
    if path == "python":
        return game
    entry, why = (
        (None, survey.foreign[0]) if survey.foreign else (None, "rows were asked for") if path == "rows" else _on_lanes(game, survey, path, replications)
    )
    if entry is None and path != "lanes" and not survey.foreign:
        entry, how = _on_rows(game, survey)
        return game._replace(entry=entry, path="rows" if entry else "python", why=f"compiles; not on lanes: {why}" if entry else how)._on(path)
    return game._replace(entry=entry, path="lanes" if entry else "python", why=why)._on(path)


def _told_to_rules(spec: Spec) -> Spec:
    """A copy, read-only: whatever `init` does with it, the ledger keeps the budget that the problem gave."""
    arrays = {name: frozen(copy.deepcopy(getattr(spec, name))) for name in ("budget", "low", "high", "whole", "view", "seen", "public")}
    return spec._replace(**arrays)


def _asked(whose: str, init: Callable[..., Any], argument: Any) -> Any:
    """What `init` makes; an exception inside becomes one line."""
    try:
        return init(argument)
    except BudgetsimError:
        raise
    except Exception as error:
        raise BadValue(f"init: raised {type(error).__name__}: {' '.join(str(error).split())}; in {whose}") from error


def _on_lanes(game: Game, survey: Any, path: str | None, replications: int | None) -> tuple[Any, str]:
    """The entry of the vector code, or None and the reason."""
    try:
        from .kernels import lanes
    except ImportError:
        return None, "budgetsim.kernels.lanes is not there"
    spec = game.problem.spec
    if game.schedule or spec.horizon > SEGMENT:
        return None, "it replans" if game.schedule else f"it is longer than {SEGMENT} rounds"
    if path is None and replications is not None and replications < FEW and replications * spec.horizon > SHORT:
        return None, f"fewer than {FEW} replications"
    return lanes.compile_loop(game.play, survey, spec, _tables(game, 0, 0, 1, np.array([1]), False), path is not None)


def _on_rows(game: Game, survey: Any) -> tuple[Any, str]:
    """The direct entry, or None and the reason."""
    from .kernels import rows

    tables = _tables(game, 0, 0, 1, np.array([1]), False)
    names = ("job", "instance", "params", "state", "memory", "view", "seen", "work", "log")
    return rows.compile_loop(game.play, survey, dict(zip(names, tables, strict=True)), f"{game.policy.name} on {game.problem.name}")


def _pool(*templates: Any) -> tuple[np.ndarray, list[Any]]:
    """All arrays of some templates laid into one buffer of 64-bit words, 64 bytes apart, so that a reset is one copy."""

    def length(value: Any) -> int:
        return sum(length(v) for v in value) if isinstance(value, tuple) else -(-value.nbytes // 64) * 8

    total = sum(length(t) for t in templates)
    words = np.zeros(total + 8, np.uint64)
    start = (-words.ctypes.data // 8) % 8
    words = words[start : start + total]
    offset = 0

    def place(value: Any) -> Any:
        nonlocal offset
        if isinstance(value, tuple):
            return type(value)(*(place(v) for v in value))
        home = words[offset : offset + length(value)].view(np.uint8)[: value.nbytes].view(value.dtype).reshape(value.shape)
        home[...] = value
        offset += length(value)
        return home

    return words, [place(t) for t in templates]


def _tables(game: Game, seed: int, first: int, count: int, checkpoints: np.ndarray, trace: bool) -> tuple[Any, ...]:
    """Fresh arguments of the loop."""
    spec = game.problem.spec
    d, n, c = spec.budget.size, spec.n_actions, len(checkpoints)
    vector = spec.kind == VECTOR
    words, (state, memory, view, seen) = _pool(game.state, game.memory, spec.view, spec.seen)
    wide = n if vector else 0
    low, high, integral = (spec.low, spec.high, spec.whole) if vector else (np.zeros(0), np.zeros(0), np.zeros(0, bool))
    zeros, whole = np.zeros, np.int64
    work = Work(words, words.copy(), spec.budget, zeros(d), zeros(d), zeros(d), zeros(d), zeros(d), zeros(wide), low, high, integral, zeros(wide),
                zeros(n), zeros(AHEAD, np.uint64), zeros(AHEAD, np.uint64), zeros(4, whole), zeros(2))  # fmt: skip
    table, rounds = (count, c), spec.horizon if trace else 0
    log = Log(np.asarray(checkpoints, whole), zeros(table), zeros(table), zeros(table), zeros((*table, d)), zeros((*table, n)), zeros(table, whole),
              zeros(table, whole), zeros(table, whole), zeros(table, whole), np.full(count, WAITING), zeros(count), zeros((count, 2), whole), zeros(count),
              zeros((count, rounds, n if vector else 1)), zeros((count, rounds), np.int8))  # fmt: skip
    job = Job(np.uint64(seed), first, count, spec.horizon, True, n, -1 if spec.idle or spec.kind == REQUEST else 0)
    return job, game.instance, game.params, state, memory, view, seen, work, log


# ------------------------------------------------------------------------------------------------ playing
def play_block(game: Game, seed: int, first: int, count: int, checkpoints: Any, trace: bool = False, progress: Any = None) -> Log:
    """Plays replications first .. first + count - 1; the log may hold faults."""
    if game.path == "lanes":
        from .kernels import lanes

        tables = _tables(game, seed, first, -(-count // game.entry.lanes) * game.entry.lanes, checkpoints, trace)
        lanes.call(game.entry, tables)
        return Log(tables[-1].checkpoint, *(a[:count] for a in tables[-1][1:]))
    tables = _tables(game, seed, first, count, checkpoints, trace)
    log = tables[-1]
    if game.schedule or game.problem.spec.horizon > SEGMENT:
        for i in range(count):
            alone = Log(log.checkpoint, *(a[i : i + 1] for a in log[1:]))
            _play_segments(game, (tables[0]._replace(first=first + i, many=1), *tables[1:-1], alone), progress)
    else:
        _caller(game, tables)(tables[0])
    return log


def memory_after(game: Game, seed: int, replication: int = 0) -> Any:
    """What the rule remembers when one replication is over; a run with faults raises."""
    tables = _tables(game, seed, replication, 1, np.array([game.problem.spec.horizon]), False)
    _play_segments(game, tables, None)
    raise_fault(game, tables[-1], replication)
    return tables[4]


def play_once(problem: Problem, policy: Policy, seed: int, replication: int = 0, trace: bool = False) -> Log:
    """One replication to the horizon, for figures whose every run has a problem of its own; a run with faults raises."""
    game = prepare(problem, policy, replications=1)
    log = play_block(game, seed, replication, 1, [problem.spec.horizon], trace)
    raise_fault(game, log, replication)
    return log


def _caller(game: Game, tables: tuple[Any, ...]) -> Callable[[Job], None]:
    """Plays a job, on the game's path; an exception of a rule or a problem becomes one line that says where."""
    log, work = tables[-1], tables[-2]
    if game.path == "lanes":
        game = _beside(game)
    if game.entry is None:

        def plain(job: Job) -> None:
            try:
                game.play(job, *tables[1:])
            except BudgetsimError:
                raise
            except Exception as error:
                i = int(np.flatnonzero(log.ended == RUNNING)[0])
                raise _located(error, job.first + i, int(work.cursor[0])) from error

        return plain
    from .kernels.rows import flatten

    flat = tuple(flatten(a) for a in tables[1:])

    def compiled(job: Job) -> None:
        try:
            game.entry(tuple(job), *flat)
        except Exception as error:
            i = int(np.flatnonzero(log.ended == RUNNING)[0])
            plain = game._replace(entry=None)  # the same bits, slower, and it knows the round
            play_block(plain, int(job.seed), job.first + i, 1, log.checkpoint)
            raise _located(error, job.first + i, None) from error

    return compiled


_rows: dict[int, tuple[Game, Game]] = {}


def _beside(game: Game) -> Game:
    """The same game on rows, which play one replication in parts."""
    if id(game.play) not in _rows:
        _rows.clear()
        _rows[id(game.play)] = game, prepare(game.problem, game.policy, "rows")
    return _rows[id(game.play)][1]


_OWN = ("decide_index", "decide_vector", "fault_index")


def _located(error: Exception, replication: int, t: int | None) -> BudgetsimError:
    names = [f.name for f in traceback.extract_tb(error.__traceback__)]
    inside = [n for n in names[names.index("loop") + 1 :] if n not in _OWN] if "loop" in names else []
    what = f"raised {type(error).__name__}: {error}"
    if "read-only" in str(error):
        what = "writes an array that it does not own (left, view, params, instance, cost and seen come back read-only)"
    if names and names[-1] == "index_fault":
        return BadType(f"act: {error}; at replication {replication}, round {t}")
    return BadValue(f"{inside[0] if inside else 'a function'}: {what}; at replication {replication}" + (f", round {t}" if t is not None else ""))


def _play_segments(game: Game, tables: tuple[Any, ...], progress: Any) -> None:
    """One replication, returning to Python before each scheduled round and every SEGMENT rounds."""
    job, instance, _, state, memory, view, _, work, log = tables
    horizon, observe, replan = game.problem.spec.horizon, game.problem.observe, game.policy.replan
    play = _caller(game, tables)
    state_r, view_r = frozen(state), frozen(view)
    planned = set(game.schedule)
    for k, until in enumerate(sorted({*planned, *range(SEGMENT, horizon, SEGMENT), horizon})):
        play(job._replace(until=until, fresh=k == 0))
        if log.ended[0] != RUNNING:
            return
        if progress is not None and until % SEGMENT == 0:
            progress(0, SEGMENT)
        if until in planned and replan is not None:
            shown = view_r
            if observe is not None:
                made = observe(instance, state_r, until, nature_key(job.seed, job.first, until, ROUND), view)
                shown = view_r if made is None else frozen(made)
            try:
                replan(memory, game.params, shown, frozen(work.left.copy()), until)
            except Exception as error:
                raise BadValue(f"replan: raised {type(error).__name__}: {error}; at replication {job.first}, round {until}") from error


def raise_fault(game: Game, log: Log, first: int) -> None:
    """One readable line for the lowest faulty replication of a block, if there is one."""
    faulty = np.flatnonzero(log.ended == FAULTY)
    if not faulty.size:
        return
    i = int(faulty[0])
    (code, t), value, spec = log.fault[i], float(log.fault_value[i]), game.problem.spec
    j, code = int(code) >> 3, int(code) & 7
    where = f"at replication {first + i}, round {t}"
    actions = f"0 to {spec.n_actions - 1}" + (", or -1" if spec.idle or spec.kind == REQUEST else "")
    if code == FAULT_ACTION and spec.kind == VECTOR:
        entry = f"{spec.low[j]:g} to {spec.high[j]:g}" + (", whole" if spec.whole[j] else "")
        raise BadValue(f"act: {game.policy.name} chose {value:g} for entry {j}; allowed: {entry}; {where}")
    if code == FAULT_ACTION:
        raise BadValue(f"act: {game.policy.name} returned {value:g}; allowed: {actions}; {where}")
    if code == FAULT_UNAVAILABLE:
        raise BadValue(f"act: {game.policy.name} returned {value:g}, which the view's legal mask excludes; allowed: available actions; {where}")
    if code == FAULT_RECOMMENDATION:
        raise BadValue(f"recommend: {game.policy.name} returned {value:g}; allowed: 0 to {spec.n_actions - 1}; {where}")
    names = {FAULT_REWARD: "reward", FAULT_COST: f"cost of resource {j}", FAULT_NEGATIVE: f"cost of resource {j}"}
    allowed = f"costs >= 0 under {spec.law.name}" if code == FAULT_NEGATIVE else "finite numbers"
    raise BadValue(f"step: {game.problem.name} gave {value:g} as {names[code]}; allowed: {allowed}; {where}")


# ------------------------------------------------------------------------------------------------ blocks
_games: dict[bytes, Game] = {}


def _remote(digest: bytes, payload: bytes, seed: int, first: int, count: int, checkpoints: np.ndarray, trace: bool) -> Log:
    """What an executor runs: the game is rebuilt once in each process."""
    if digest not in _games:
        import cloudpickle

        _games[digest] = prepare(*cloudpickle.loads(payload))
    return play_block(_games[digest], seed, first, count, checkpoints, trace)


def block_size(game: Game, replications: int, workers: int) -> int:
    """Replications in a block: enough work to hide the call, enough blocks to share."""
    size = max(1, min(-(-replications // (4 * workers)), 1024, SEGMENT // game.problem.spec.horizon or 1))
    return -(-size // game.entry.lanes) * game.entry.lanes if game.path == "lanes" else size


def blocks(
    game: Game,
    replications: int,
    seed: int,
    checkpoints: np.ndarray,
    threads: int,
    executor: Executor | None,
    trace: bool,
    block: int | None,
    progress: Any = None,
) -> Iterator[tuple[int, Log]]:
    """(first replication, log) in order, whatever finishes first."""
    workers = getattr(executor, "_max_workers", threads) if executor is not None else threads
    size = block or block_size(game, replications, workers)
    starts = list(range(0, replications, size))
    own = None
    if executor is None and game.path != "python" and threads > 1 and len(starts) > 1:
        own = executor = ThreadPoolExecutor(threads)
    try:
        if executor is None:
            for first in starts:
                yield _checked(game, first, play_block(game, seed, first, min(size, replications - first), checkpoints, trace, progress), progress)
            return
        submit: Callable[[int, int], Future[Log]]
        if isinstance(executor, ThreadPoolExecutor):
            submit = lambda first, count: executor.submit(play_block, game, seed, first, count, checkpoints, trace, progress)  # noqa: E731
        else:
            import cloudpickle

            try:
                payload = cloudpickle.dumps((game.problem, game.policy, game.path))
            except Exception as error:
                raise BadType(f"executor: {game.policy.name} on {game.problem.name} cannot travel to another process ({error}); allowed: threads") from error
            digest = hashlib.sha256(payload).digest()
            submit = lambda first, count: executor.submit(_remote, digest, payload, seed, first, count, checkpoints, trace)  # noqa: E731
        waiting: list[tuple[int, Future[Log]]] = []
        ahead = iter(starts)
        try:
            for first in ahead:
                waiting.append((first, submit(first, min(size, replications - first))))
                if len(waiting) < 4 * workers:
                    continue
                first, future = waiting.pop(0)
                yield _checked(game, first, _result(future, first), progress)
            for first, future in waiting:
                yield _checked(game, first, _result(future, first), progress)
        finally:
            for _, future in waiting:
                future.cancel()
    finally:
        if own is not None:
            own.shutdown(cancel_futures=True)


def _result(future: "Future[Log]", first: int) -> Log:
    try:
        return future.result()
    except BrokenExecutor as error:
        raise BadValue(f"executor: lost a worker that had replications from {first} on ({error}); allowed: workers that stay alive") from error


def _checked(game: Game, first: int, log: Log, progress: Any) -> tuple[int, Log]:
    raise_fault(game, log, first)
    if progress is not None:
        rounds = log.rounds[:, -1]
        progress(len(rounds), int((rounds % SEGMENT if game.problem.spec.horizon > SEGMENT else rounds).sum()))  # segments told theirs
    return first, log


# ------------------------------------------------------------------------------------------------ the face
def default_checkpoints(horizon: int) -> np.ndarray:
    """About eight rounds a decade, the horizon last."""
    return np.unique(np.round(np.geomspace(1, horizon, 1 + int(np.ceil(8 * np.log10(max(horizon, 2)))))).astype(np.int64))


def checked_checkpoints(checkpoints: Any, horizon: int) -> np.ndarray:
    """Rounds done, increasing, within the horizon, which is added as the last."""
    if checkpoints is None:
        return default_checkpoints(horizon)
    given = [arguments.whole("checkpoints", t, 1, horizon) for t in np.atleast_1d(np.asarray(checkpoints, dtype=object)).ravel()]
    return np.unique([*given, horizon])


def run(
    problem: Problem,
    policy: Policy,
    *,
    replications: int,
    seed: int,
    checkpoints: Any = None,
    threads: int | None = None,
    executor: Executor | None = None,
    path: str | None = None,
    keep: str = "all",
    trace: bool = False,
    block: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Any:
    """Plays `policy` on `problem` and returns what the ledger counted, as an xarray.Dataset.

    Parameters
    ----------
    replications, seed
        How many independent runs, and the seed (0 to 2**64 - 1). Replication r of a seed is the same run whatever else
        is played, so a longer result starts with the shorter one, and all policies meet the same luck.
    checkpoints
        Rounds (1 to horizon) at which cumulative numbers are kept; by default about eight a decade. The horizon is
        always the last. Values carry forward after a run has ended.
    threads, executor
        Where blocks of replications run: threads of this process (default: all cores), or any
        `concurrent.futures.Executor`. Neither changes a bit.
    path
        "lanes" (compiled, many replications at once in vectors), "rows" (compiled, one at a time), "python" (the
        reference), or None: the fastest that the rule can take; the result says which and why. No bit depends on it.
    keep
        "all": every replication. "summary": count, moments and quantiles in memory that does not grow with replications.
    trace
        Keep the action and the status of every round as well.
    block
        Replications in a block; changes nothing but memory and speed.
    progress
        Called with (replications, rounds) just done.

    Returns
    -------
    xarray.Dataset
        reward, spent, pulls, rounds, void, ignored (replication, checkpoint, ...), ended_by (replication) and, where the
        problem defines them, pseudo_reward, loss and recommendation; attributes say which path ran, how far bits agree,
        and what was played.

    Raises
    ------
    BudgetsimError
        One line: the argument, what came, what is allowed; for what happens inside a run, the replication and the round.

    Examples
    --------
    >>> from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit
    >>> from budgetsim.policies.ucb1 import ucb1
    >>> runs = run(stochastic_bandit(bernoulli([0.4, 0.6]), horizon=100), ucb1(), replications=3, seed=1)
    >>> runs.reward.dims, runs.attrs["path"]
    (('replication', 'checkpoint'), 'lanes')
    """
    replications = arguments.whole("replications", replications, 1, 2**32 - 1)
    seed = arguments.whole("seed", seed, 0, 2**64 - 1)
    threads = os.cpu_count() or 1 if threads is None else arguments.whole("threads", threads, 1, 4096)
    block = None if block is None else arguments.whole("block", block, 1)
    arguments.choice("keep", keep, ("all", "summary"))
    if executor is not None and not isinstance(executor, Executor) and not hasattr(executor, "submit"):
        raise BadType(f"executor: got {type(executor).__name__}; allowed: a concurrent.futures.Executor")
    if arguments.flag("trace", trace) and keep == "summary":
        raise BadValue("trace: got True with keep='summary'; allowed: trace with keep='all'")
    game = prepare(problem, policy, path, replications)
    times = checked_checkpoints(checkpoints, game.problem.spec.horizon)
    pieces = blocks(game, replications, seed, times, threads, executor, trace, block, progress)
    if keep == "summary":
        return summarise(game, pieces, attributes(game, seed, replications))
    return collected(game, pieces, attributes(game, seed, replications), trace)


def collected(game: Game, pieces: Iterator[tuple[int, Log]], attrs: dict[str, Any], trace: bool = False) -> Any:
    """All replications of the blocks as one xarray.Dataset."""
    logs = [log for _, log in pieces]
    joined = Log(logs[0].checkpoint, *(np.concatenate(parts) for parts in zip(*(log[1:] for log in logs), strict=True)))
    return dataset(game, joined, attrs, trace)


@functools.cache
def _versions() -> str:
    import importlib.metadata as metadata

    return json.dumps({name: metadata.version(name) for name in ("numpy", "numba", "xarray")} | {"python": platform.python_version()}, sort_keys=True)


def attributes(game: Game, seed: int, replications: int) -> dict[str, Any]:
    """What a result says of itself: plain numbers and strings, so that it can be saved as netCDF."""
    spec = game.problem.spec
    return {
        "problem": game.problem.name,
        "policy": game.policy.name,
        "seed": str(seed),
        "replications": replications,
        "horizon": spec.horizon,
        "law": spec.law.name,
        "objective": game.problem.objective,
        "capped": int(bool(np.isfinite(spec.budget).any()) or spec.renew),
        "path": game.path,
        "path_reason": game.why,
        "grade": game.grade,
        "grade_reason": game.reasons,
        "spec": repr(spec._replace(view=type(spec.view).__name__, seen=type(spec.seen).__name__)),
        "versions": _versions(),
    }


def dataset(game: Game, log: Log, attrs: dict[str, Any], trace: bool = False) -> Any:
    """A log as an xarray.Dataset."""
    import xarray

    spec = game.problem.spec
    at = ("replication", "checkpoint")
    variables: dict[str, Any] = {
        "reward": (at, log.reward, {"units": spec.units.reward}),
        "spent": ((*at, "resource"), log.spent),
        "pulls": ((*at, "action"), log.pulls),
        "rounds": (at, log.rounds),
        "void": (at, log.void),
        "ignored": (at, log.ignored),
        "ended_by": ("replication", log.ended, {"flag_values": list(range(len(ended_names(spec)))), "flag_meanings": ended_names(spec)}),
    }
    if game.problem.expected is not None:
        variables["pseudo_reward"] = (at, log.pseudo, {"units": spec.units.reward})
    if game.policy.recommend is not None:
        variables["recommendation"] = (at, log.recommended)
        if game.problem.loss is not None:
            variables["loss"] = (at, log.loss)
    if spec.law == RUIN:
        variables["clipped"] = ("replication", log.clipped)
    if trace:
        entry = ("entry",) if spec.kind == VECTOR else ()
        variables["action"] = (("replication", "round", *entry), log.action if entry else log.action[:, :, 0].astype(np.int64))
        variables["status"] = (("replication", "round"), log.status)
    coords = {"replication": np.arange(len(log.ended)), "checkpoint": log.checkpoint, "resource": resource_names(spec), "budget": ("resource", spec.budget)}
    return xarray.Dataset(variables, coords, attrs)
