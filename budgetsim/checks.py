"""Conformance, for authors inside and outside: does a rule, or a problem, keep to the contract of the loop?

`check_policy` and `check_problem` play small games and return one Verdict a property. An error inside a rule is a
verdict too. A property that could not be looked at is "unresolved", and its detail says why.
"""

import inspect
import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from . import contract, draws, engine, folders
from .arguments import BadType, BudgetsimError, whole
from .exercises import exercises, probe
from .kernels.content import Survey
from .loop import frozen
from .model import REQUEST, TOLERANCE, UNANSWERED, VECTOR, Kind, Policy, Problem, Verdict

PLAYS, LEGAL, OWNS = "plays to the end without an error", "every action is legal", "writes only what it owns"
PURE, SLOTS = "each call depends on its arguments alone", "no slot is drawn twice in a round"
ALONE, TRAVELS = "a replication is the same alone, in a block and in a second run", "travels to other processes"
PATHS, PORTABLE, CAPTURED = "compiled code and plain Python give the same bits", "same bits on every machine", "no number is compiled in"
RULE, FINITE, BUDGET = "is a policy", "memory holds no NaN", "spends at most the budget"
NATURE, COSTS, CHOICE = "is a problem", "rewards and costs are finite, no cost is negative", "some action is always legal"
MEAN, LUCK = "expected is the mean reward", "luck does not depend on earlier actions"
IDLE, LOSS = "doing nothing costs nothing", "loss is finite and not negative"

OF_A_POLICY = (RULE, PLAYS, LEGAL, OWNS, PURE, SLOTS, FINITE, BUDGET, ALONE, PATHS, PORTABLE, CAPTURED, TRAVELS)
OF_A_PROBLEM = (NATURE, PLAYS, COSTS, CHOICE, OWNS, PURE, SLOTS, LUCK, MEAN, IDLE, LOSS, ALONE, PATHS, PORTABLE, CAPTURED, TRAVELS)

# positions of the arguments that a function may write
_RULE_OWNS = {"begin": (0,), "act": (0, 6), "update": (0,), "replan": (0,), "stop": (), "recommend": ()}
_NATURE_OWNS = {"begin": (1,), "observe": (4,), "step": (7, 8), "advance": (1,), "allowance": (3,), "expected": (), "loss": ()}

SIGMAS, LEVEL = 4.0, 6.334e-5  #: standard errors of MEAN, and how often a true one is missed


# ------------------------------------------------------------------------------------------------ what is recorded
class Call(NamedTuple):
    hook: str
    arguments: tuple[Any, ...]  #: as they came
    result: Any
    owned: tuple[Any, ...]  #: what it owns, afterwards
    written: tuple[str, ...]  #: what it wrote and does not own


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, draws.Key):
        return draws.Key(value.x0, value.x1, value.seed, value.replication, value.where)
    if isinstance(value, tuple):
        return type(value)(*map(_copy, value)) if hasattr(value, "_fields") else tuple(map(_copy, value))
    return value


def _bytes(value: Any) -> bytes:
    if isinstance(value, tuple):
        return b"".join(map(_bytes, value))
    return b"" if value is None or isinstance(value, draws.Key) else np.asarray(value).tobytes()


class _Spy:
    """A hook that notes each call: what came, what went, what was written. What is `constant`, and may be large, is noted once."""

    def __init__(self, function: Callable[..., Any], hook: str, owned: tuple[int, ...], constant: int, tape: list[Call]) -> None:
        self.function, self.hook, self.owned, self.constant, self.tape = function, hook, owned, constant, tape
        self.names = list(inspect.signature(function).parameters)
        self.first: Any = None  #: the constant argument as it first came

    def __call__(self, *args: Any) -> Any:
        self.first = self.first or (args[self.constant], frozen(_copy(args[self.constant])))
        came = tuple(self.first[1] if i == self.constant else _copy(a) for i, a in enumerate(args))
        result = self.function(*args)
        written = tuple(self.names[i] for i, a in enumerate(args) if i not in (*self.owned, self.constant) and _bytes(a) != _bytes(came[i]))
        self.tape.append(Call(self.hook, came, _copy(result), tuple(_copy(args[i]) for i in self.owned if i < len(args)), written))
        return args[4] if self.hook == "observe" and result is None else result  # `loop.bind` takes a hook that returns at its word

    def spoiled(self) -> str:
        """What it wrote into its constant argument."""
        return f"{self.hook} writes {self.names[self.constant]}" if self.first and _bytes(self.first[0]) != _bytes(self.first[1]) else ""

    def listening(self) -> Callable[..., Any]:
        def listen(*args):
            return self(*args)

        return listen

    def again(self, call: Call) -> Call:
        """The same call once more, with fresh copies of what came."""
        args = tuple(a if i == self.constant else _copy(a) if i in self.owned else frozen(_copy(a)) for i, a in enumerate(call.arguments))
        result = self.function(*args)
        return call._replace(result=_copy(result), owned=tuple(args[i] for i in self.owned if i < len(args)))


def _spied(value: Any, owned: dict[str, tuple[int, ...]], tape: list[Call]) -> tuple[Any, dict[str, _Spy]]:
    constant = 0 if isinstance(value, Problem) else 1
    spies = {hook: _Spy(getattr(value, hook), hook, own, constant, tape) for hook, own in owned.items() if getattr(value, hook) is not None}
    return value._replace(**{hook: spy.listening() for hook, spy in spies.items()}), spies


class _Board:
    """What was found, claim by claim."""

    def __init__(self, claims: tuple[str, ...]) -> None:
        self.notes: dict[str, list[tuple[str, bool | None, str]]] = {claim: [] for claim in claims}

    def note(self, claim: str, where: str, holds: bool | None, why: str = "") -> None:
        self.notes[claim].append((where, holds, "" if holds else " ".join(why.split())))

    def verdicts(self) -> list[Verdict]:
        out = []
        for claim, notes in self.notes.items():
            worst = min(notes, key=lambda n: {False: 0, None: 1, True: 2}[n[1]], default=("", None, "not reached"))
            kind, level = ("statistical", LEVEL) if claim == MEAN else ("exact", 0.0)
            margin = {True: 0.0, False: -float(sum(n[1] is False for n in notes)), None: math.nan}[worst[1]]
            detail = ": ".join(part for part in worst[::2] if part) if worst[1] is not True or worst[2] else f"on {len(notes)} problem{'s' * (len(notes) != 1)}"
            out.append(Verdict(claim, kind, "unresolved" if worst[1] is None else worst[1], margin, level=level, detail=detail))
        return out


def _blamed(error: Exception, otherwise: str) -> str:
    """The claim that an error of a game refutes."""
    said = str(error)
    for part, claim in (("drawn twice", SLOTS), ("does not own", OWNS), ("no seed of a run controls", PURE)):
        if part in said:
            return claim
    if " raised " in said:
        return PLAYS
    return {"step": COSTS, "act": CHOICE if "legal mask" in said and otherwise == NATURE else LEGAL, "recommend": LEGAL}.get(said.split(":")[0], otherwise)


# ------------------------------------------------------------------------------------------------ what both share
def _shortened(problem: Problem, rounds: int) -> Problem:
    return problem._replace(spec=problem.spec._replace(horizon=min(problem.spec.horizon, rounds)))


def _played(game: engine.Game, seed: int, first: int, count: int) -> Any:
    log = engine.play_block(game, seed, first, count, engine.default_checkpoints(game.problem.spec.horizon), trace=True)
    engine.raise_fault(game, log, first)
    return log


def _differs(a: Any, b: Any) -> str:
    """The first field in which two logs differ."""
    return next((name for name in a._fields if name != "checkpoint" and _bytes(getattr(a, name)) != _bytes(getattr(b, name))), "")


def _part(log: Any, start: int) -> Any:
    return type(log)(log.checkpoint, *(a[start:] for a in log[1:]))


def _spoken(hook: str, arguments: tuple[Any, ...]) -> str:
    key = next((a for a in arguments if isinstance(a, draws.Key)), None)
    rounds = [a for a in arguments if isinstance(a, int) and not isinstance(a, bool)]
    return hook + (f" at replication {key.replication}" if key else "") + (f", round {rounds[-1]}" if rounds else "")


def _pure(tape: list[Call], spies: dict[str, _Spy]) -> str:
    """Every call once more, the last first: what answers differently has a memory of its own."""
    for call in reversed(tape):
        where = _spoken(call.hook, call.arguments)
        try:
            again = spies[call.hook].again(call)
        except Exception as error:
            return f"{where} raises {type(error).__name__} when it is called again: {error}"
        if _bytes(again.result) != _bytes(call.result) or _bytes(again.owned) != _bytes(call.owned):
            return f"{where} answers differently when it is called again with the same arguments"
    return ""


def _message(error: Exception) -> str:
    return str(error) if isinstance(error, BudgetsimError) else f"{type(error).__name__}: {error}"


def _common(board: _Board, where: str, problem: Problem, policy: Policy, spied: tuple[Problem, Policy], tape: list[Call], spies: dict[str, _Spy],
            seed: int, count: int, otherwise: str) -> Any:  # fmt: skip
    """The claims that rules and problems share; the log of the plain Python path, or None where there is none."""
    try:
        game = engine.prepare(problem, policy, path="python")
        log = _played(game, seed, 0, count)
        _played(engine.prepare(spied[0], spied[1], path="python"), seed, 0, count)
    except Exception as error:
        board.note(_blamed(error, otherwise), where, False, _message(error))
        return None
    board.note(PLAYS, where, True)
    board.note(SLOTS, where, True)
    written = next((f"{_spoken(c.hook, c.arguments)} writes {c.written[0]}" for c in tape if c.written), "")
    written = written or next((s.spoiled() for s in spies.values() if s.spoiled()), "")
    board.note(OWNS, where, not written, written)
    impure = _pure(tape, spies)
    board.note(PURE, where, not impure, impure)
    native = game.grade != "portable"
    board.note(PORTABLE, where, None if native else True, game.reasons)
    try:
        game = game if written or impure else engine.prepare(problem, policy)
        block, last = _played(game, seed, 0, count), _played(game, seed, count - 1, 1)
        field = _differs(log, block) if game.path == "python" else _differs(block, _played(engine.prepare(problem, policy), seed, 0, count))
        field = field or _differs(_part(block, count - 1), last)
        board.note(ALONE, where, not field, f"{field} differs")
        if game.path == "python":
            board.note(PATHS, where, None, "not compiled, because it breaks a promise above" if written or impure else f"runs in plain Python: {game.why}")
        else:
            field = _differs(log, block)
            board.note(PATHS, where, None if field and native else not field, f"{field} differs" + native * f": {game.reasons}")
    except Exception as error:
        board.note(ALONE, where, False, _message(error))
    try:
        import cloudpickle

        there = cloudpickle.loads(cloudpickle.dumps((problem, policy)))
        field = _differs(log, _played(engine.prepare(there[0], there[1], path="python"), seed, 0, count))
        board.note(TRAVELS, where, not field, f"{field} differs")
    except Exception as error:
        board.note(TRAVELS, where, False, _message(error))
    return log


def _captured(board: _Board, where: str, value: Any, hooks: dict[str, Any]) -> None:
    names = [h for h in hooks if h != "replan" and getattr(value, h) is not None]
    found = Survey([getattr(value, h) for h in names]).captured
    board.note(CAPTURED, where, not found, "; ".join(found) + ": each value compiles anew; pass it through params or instance" if found else "")


# ------------------------------------------------------------------------------------------------ policies
def check_policy(policy: Any, problems: Any = None, *, seed: int = 0, replications: int = 3, rounds: int = 60) -> list[Verdict]:
    """Whether a rule keeps to the contract: one verdict a property.

    Parameters
    ----------
    policy : a Policy, or a factory of policies; what a factory requires is taken from each problem, as `folders.bind` does.
    problems : what to try it on, a Problem or several; by default the `exercises` of its kind. A problem that the
        rule declines (its `init` raises a BudgetsimError) is left out.
    seed, replications, rounds : of each trial; longer problems are cut to `rounds`.

    Returns
    -------
    list of Verdict. `holds` is False where the rule breaks a promise, and "unresolved" where nothing was found out (a rule
    that cannot be compiled, say) or the promise is not made (libm may differ between machines); `detail` says why.

    Examples
    --------
    >>> from .model import ARM
    >>> def init(spec): return None
    >>> def act(memory, params, view, left, t, key): return t % 4
    >>> def update(memory, params, view, action, outcome, t): pass
    >>> verdicts = check_policy(Policy(ARM, init, act, update, name="round robin"), exercises(ARM)[:1])
    >>> [v.detail for v in verdicts if v.holds is False]
    ['arms: act: round robin returned 3; allowed: 0 to 2; at replication 0, round 3']
    """
    seed, count, rounds = whole("seed", seed, 0, 2**64 - 1), whole("replications", replications, 1), whole("rounds", rounds, 1)
    trials = [p for kind in Kind for p in exercises(kind)] if problems is None else [problems] if isinstance(problems, Problem) else list(problems)
    board, declined = _Board(OF_A_POLICY), []
    for problem in trials:
        where = getattr(problem, "name", "?")
        try:
            problem, rule = _ready(policy, problem, rounds, problems is None)
        except _Declined as error:
            declined += [f"{where}: {error}"] if str(error) else []
            continue
        except Exception as error:
            board.note(RULE, where, False, _message(error))
            continue
        board.note(RULE, where, True)
        told = _bytes(problem.spec.budget)
        if _bytes(rule.init(problem.spec)) != _bytes(rule.init(problem.spec)):
            board.note(PURE, where, False, "init returns something else when it is called again")
        if _bytes(problem.spec.budget) != told:
            board.note(OWNS, where, False, "init writes the spec")
        _captured(board, where, rule, _RULE_OWNS)
        tape: list[Call] = []
        spied, spies = _spied(rule, _RULE_OWNS, tape)
        log = _common(board, where, problem, rule, (problem, spied), tape, spies, seed, count, RULE)
        if log is not None:
            board.note(LEGAL, where, True)
            broken = next((_spoken(c.hook, c.arguments) for c in tape if c.hook in ("act", "update") and _holds_nan(c.owned[0])), "")
            board.note(FINITE, where, not broken, f"{broken} leaves a NaN")
            if problem.spec.budget.size and not problem.spec.renew:
                board.note(BUDGET, where, bool(np.all(log.spent <= problem.spec.budget * (1 + TOLERANCE))))
    if not board.notes[RULE]:
        board.note(RULE, "", None, declined[0] if declined else "no problem of its kind was given")
    elif board.notes[PLAYS] and not board.notes[BUDGET]:
        board.note(BUDGET, "", None, "no problem here has a budget")
    return board.verdicts()


class _Declined(Exception):
    """This problem is not for this rule, and that is no fault."""


def _ready(policy: Any, problem: Any, rounds: int, default: bool) -> tuple[Problem, Policy]:
    """The problem, cut, and the rule, built for it."""
    try:
        rule = _built(policy, problem)
    except folders.Missing as error:
        raise _Declined(str(error)) from None
    if default and isinstance(rule, Policy) and (rule.kind != problem.spec.kind or (hasattr(problem.spec.view, "legal") and not _reads_mask(rule))):
        raise _Declined("")
    problem, rule = contract.checked_pair(_shortened(problem, rounds), rule)
    if not (isinstance(rule.name, str) and rule.name.strip() and "\n" not in rule.name):
        raise BadType(f"name: got {rule.name!r}; allowed: a label of one line")
    try:
        _bytes(rule.init(contract.checked_spec(problem.spec)))  # a copy, which it may spoil
    except BudgetsimError as error:
        raise _Declined(str(error)) from None
    except Exception as error:
        raise BadType(f"init: raised {type(error).__name__}: {error}; allowed: memory, or (memory, params)") from error
    return problem, rule


def _reads_mask(rule: Policy) -> bool:
    return any(name in ("available", "legal") for f in Survey([rule.act]).functions for name in f.__code__.co_names)


def _holds_nan(value: Any) -> bool:
    return any(map(_holds_nan, value)) if isinstance(value, tuple) else bool(np.isnan(value).any())


def _built(thing: Any, problem: Problem) -> Any:
    """A policy, from itself or from its factory."""
    if isinstance(thing, Policy) or not callable(thing):
        return thing
    made = folders.bind(thing, problem)
    if not isinstance(made, Policy):
        raise BadType(f"{getattr(thing, '__name__', 'factory')}: returned {type(made).__name__}; allowed: a Policy")
    return made


# ------------------------------------------------------------------------------------------------ problems
def check_problem(problem: Any, *, seed: int = 0, replications: int = 3, rounds: int = 200) -> list[Verdict]:
    """Whether a problem keeps to the contract: one verdict a property, played by a rule that tries every action.

    Parameters
    ----------
    problem : a Problem, or several, or a factory: one that can be called without arguments, or whose file defines
        `examples() -> list[Problem]`.
    seed, replications, rounds : of each trial; longer problems are cut to `rounds`.

    Returns
    -------
    list of Verdict, as `check_policy`. "expected is the mean reward" is statistical: 4 standard errors, action by action.

    Examples
    --------
    >>> [v.claim for v in check_problem(exercises(REQUEST)[0]) if v.holds is not True]
    ['loss is finite and not negative']
    """
    seed, count, rounds = whole("seed", seed, 0, 2**64 - 1), whole("replications", replications, 1), whole("rounds", rounds, 1)
    board = _Board(OF_A_PROBLEM)
    try:
        trials = _examples(problem)
    except Exception as error:
        board.note(NATURE, "", False if isinstance(error, BudgetsimError) else None, f"{type(error).__name__}: {error}")
        return board.verdicts()
    for trial in trials:
        where = getattr(trial, "name", "?")
        try:
            rule, other = probe(trial.spec.kind), probe(trial.spec.kind, detour=True)
            trial, rule = contract.checked_pair(_shortened(trial, rounds), rule)
            units = trial.spec.units.resource
            if len(units) not in (0, trial.spec.budget.size):
                raise BadType(f"units: got {len(units)} names of resources; allowed: {trial.spec.budget.size}, or none")
        except Exception as error:
            board.note(NATURE, where, False, str(error))
            continue
        tape: list[Call] = []
        spied, spies = _spied(trial, _NATURE_OWNS, tape)
        _captured(board, where, trial, _NATURE_OWNS)
        log = _common(board, where, trial, rule, (spied, rule), tape, spies, seed, count, NATURE)
        if log is None:
            continue
        for claim in (NATURE, COSTS):
            board.note(claim, where, True)
        steps = [c for c in tape if c.hook == "step"]
        blocked = next((_spoken("observe", c.arguments) for c in steps if hasattr(c.arguments[2], "legal") and not c.arguments[2].legal.any()), "")
        board.note(CHOICE, where, not blocked, f"{blocked} allows no action")
        for claim, look in ((LUCK, _luck), (MEAN, _mean), (IDLE, _idle), (LOSS, _loss)):
            try:
                detour: list[Call] = []
                if claim == LUCK:
                    _played(engine.prepare(_spied(trial, _NATURE_OWNS, detour)[0], other, path="python"), seed, 0, count)
                board.note(claim, where, *look(trial, steps, spies, [c for c in detour if c.hook == "step"]))
            except Exception as error:
                board.note(claim, where, False, str(error))
    return board.verdicts()


def _examples(problem: Any) -> list[Problem]:
    if isinstance(problem, Problem):
        return [problem]
    if not callable(problem):
        return list(problem)
    examples = getattr(sys.modules.get(problem.__module__), "examples", None)
    if examples is not None:
        return list(examples())
    if folders.required(problem):
        raise TypeError(f"{problem.__name__} requires {', '.join(folders.required(problem))}: pass a Problem, or define examples() in its file")
    return [problem()]


def _luck(problem: Problem, steps: list[Call], spies: dict[str, _Spy], others: list[Call]) -> tuple[bool | None, str]:
    """Where two rules come to the same round, state, view and action, nature answers the same."""

    def place(c: Call) -> tuple[Any, ...]:
        _, state, view, action, _, t, key, _, _ = c.arguments
        return key.replication, t, _bytes(state), _bytes(view), _bytes(action)

    met = {place(c): c for c in steps}
    pairs = [(met[place(c)], c) for c in others if place(c) in met]
    for one, two in pairs:
        if _bytes(one.result) != _bytes(two.result) or _bytes(one.owned) != _bytes(two.owned):
            swapped = one._replace(arguments=(*one.arguments[:4], two.arguments[4], *one.arguments[5:8], two.arguments[8]))
            swapped = spies["step"].again(swapped)  # what is left, and what was seen before, may matter
            if _bytes(swapped.result) != _bytes(two.result) or _bytes(swapped.owned) != _bytes(two.owned):
                return False, f"{_spoken('step', two.arguments)} answers differently after other actions"
    return (True, "") if pairs else (None, "two rules never met the same state")


def _mean(problem: Problem, steps: list[Call], spies: dict[str, _Spy], others: list[Call]) -> tuple[bool | None, str]:
    if problem.expected is None:
        return None, "has no expected"
    gaps: dict[Any, list[float]] = {}
    for c in steps:
        instance, state, view, taken, _, t, *_ = c.arguments
        mask = getattr(view, "legal", None)
        actions = range(problem.spec.n_actions) if problem.spec.kind != VECTOR else [taken]
        for action in actions:
            if mask is not None and not mask[action]:
                continue
            arguments = (*c.arguments[:3], action, *c.arguments[4:7], np.zeros_like(c.arguments[7]), c.arguments[8])
            reward = float(spies["step"].again(c._replace(arguments=arguments)).result)
            if reward != UNANSWERED:
                gaps.setdefault("" if problem.spec.kind == VECTOR else action, []).append(reward - float(problem.expected(instance, state, view, action, t)))
    widest = max((abs(g) for gap in gaps.values() for g in gap), default=0.0)
    for action, gap in gaps.items():
        n, mean = len(gap), float(np.mean(gap))
        error = float(np.std(gap)) / math.sqrt(n)
        allowed = SIGMAS * error + 8.0 * widest / n  # the second term: events too rare to have been seen
        if not abs(mean) <= max(allowed, 1e-12):
            return False, f"action {action} earns {mean:+.3g} beside expected, standard error {error:.2g} over {n} draws"
    return (True, "") if gaps else (None, "no answer was given")


def _idle(problem: Problem, steps: list[Call], spies: dict[str, _Spy], others: list[Call]) -> tuple[bool | None, str]:
    if problem.spec.kind == VECTOR or not (problem.spec.idle or problem.spec.kind == REQUEST):
        return None, "an action is taken in every round"
    for c in steps[:50]:
        arguments = (*c.arguments[:3], -1, *c.arguments[4:7], np.zeros_like(c.arguments[7]), c.arguments[8])
        cost = spies["step"].again(c._replace(arguments=arguments)).owned[0]
        if cost.any():
            return False, f"{_spoken('step', c.arguments)} charges {cost.tolist()} for action -1"
    return True, ""


def _loss(problem: Problem, steps: list[Call], spies: dict[str, _Spy], others: list[Call]) -> tuple[bool | None, str]:
    if problem.loss is None:
        return None, "has no loss"
    for c in steps[:50]:
        for action in range(problem.spec.n_actions):
            value = float(problem.loss(c.arguments[0], c.arguments[1], action))
            if not 0.0 <= value < math.inf:
                return False, f"loss of {action} is {value}"
    return True, ""


