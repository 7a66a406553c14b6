"""Conformance, for authors inside and outside: does a rule, or a problem, keep to the contract of the loop?

`check_policy` and `check_problem` play small games and return one Verdict a property: each is a function in `laws`, `of_rules` or
`of_problems`, and the relations between games are those of `budgetsim.relations`. An error inside a rule is a verdict too. A property that could
not be looked at, or that is not claimed, is "unresolved", and its detail says why.
"""

import contextlib
import importlib
import logging
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .. import contract, exercises, folders, shrinking
from ..arguments import BadType, BudgetsimError, flag, whole
from ..model import Kind, Policy, Problem, Spec, Verdict
from ..relations import RELATIONS
from .laws import ALONE, CAPTURED, MOOT, NAMES, OWNS, PATHS, PORTABLE, PURE, TRAVELS, Finding, Law, every_path_agrees
from .of_problems import CHOICE, IDLE, LOSS, LUCK, MEAN, OF_PROBLEMS
from .of_problems import LEVEL as MEAN_LEVEL
from .of_rules import BUDGET, FAIR, FAIR_LEVEL, FINITE, FRESH, MASKS, OF_RULES, earns_no_more_than_chance, fair_coins, reads_mask, starts_afresh
from .tape import raw
from .trial import Trial, message, pickled

PLAYS, LEGAL, SLOTS = "plays to the end without an error", "every action is legal", "no slot is drawn twice in a round"
RULE, NATURE, COSTS = "is a policy", "is a problem", "rewards and costs are finite, no cost is negative"

BETWEEN = {r.claim: r for r in RELATIONS}  #: relations between games
OF_A_POLICY = (RULE, PLAYS, LEGAL, MASKS, OWNS, PURE, FRESH, SLOTS, NAMES, FAIR, FINITE, BUDGET, ALONE, PATHS, PORTABLE, CAPTURED, TRAVELS, *BETWEEN)
OF_A_PROBLEM = (NATURE, PLAYS, COSTS, CHOICE, OWNS, PURE, SLOTS, NAMES, LUCK, MEAN, IDLE, LOSS, ALONE, PATHS, PORTABLE, CAPTURED, TRAVELS)
STATISTICAL = {FAIR: FAIR_LEVEL, MEAN: MEAN_LEVEL} | {c: r.level for c, r in BETWEEN.items() if r.kind == "statistical"}
IN_A_ROUND = (PLAYS, COSTS, CHOICE, OWNS, PURE, SLOTS, LUCK, IDLE, LOSS)  #: claims about a problem that fewer rounds may break as well
INSTANCES = (
    PLAYS,
    LEGAL,
    MASKS,
    OWNS,
    PURE,
    SLOTS,
    FINITE,
    BUDGET,
    ALONE,
    *(c for c, r in BETWEEN.items() if r.kind == "exact"),
)  #: claims that a smaller instance may break as well


# ------------------------------------------------------------------------------------------------ the report
class _Board:
    """What was found, claim by claim."""

    def __init__(self, claims: Iterable[str]) -> None:
        self.notes: dict[str, list[tuple[str, Any, str]]] = {claim: [] for claim in claims}

    def note(self, claim: str, where: str, holds: Any, why: str = "") -> None:
        self.notes[claim].append((where, holds, " ".join(why.split())))

    def verdicts(self, witness: Callable[[str], str]) -> list[Verdict]:
        """One a claim, its worst; `witness` is asked for the smallest instance on which a claim fails."""
        return [self._verdict(claim, notes, witness) for claim, notes in self.notes.items()]

    def _verdict(self, claim: str, notes: list[tuple[str, Any, str]], witness: Callable[[str], str]) -> Verdict:
        where, holds, why = min(notes, key=lambda n: [False, None, True, MOOT].index(n[1]), default=("", MOOT, "not reached"))
        kind, level = ("statistical", STATISTICAL[claim]) if claim in STATISTICAL else ("exact", 0.0)
        broken = sum(n[1] is False for n in notes)
        if holds is True:
            kept = sum(n[1] is True for n in notes)
            told = f"; {why}" if why and (claim == PATHS or kind == "statistical") else ""
            return Verdict(claim, kind, True, 0.0, level=level, detail=f"on {kept} problem{'s' * (kept != 1)}{told}")
        why = "; ".join(filter(None, (": ".join(filter(None, (where, why))), witness(claim) if broken else "")))
        return Verdict(claim, kind, False if broken else "unresolved", -float(broken) if broken else math.nan, level=level, detail=why)


def _findings(trial: Trial, laws: dict[str, Law], claims: Iterable[str]) -> Iterator[tuple[str, Finding]]:
    """What a trial says of each claim; where the game cannot be played, of the one that this refutes."""
    try:
        trial.log  # noqa: B018
    except Exception as error:
        yield _blamed(error, trial.of_problem), (False, message(error))
        return
    for claim in claims:
        if claim in (FRESH, FAIR):
            continue
        try:
            yield claim, laws[claim](trial) if claim in laws else (True, "")
        except Exception as error:
            yield claim, (False, message(error))


def _blamed(error: Exception, of_problem: bool) -> str:
    """The claim that an error of a game refutes."""
    said = str(error)
    for part, claim in (("drawn twice", SLOTS), ("does not own", OWNS), ("read-only", OWNS), ("no seed of a run controls", PURE), (" raised ", PLAYS)):
        if part in said:
            return claim
    if "legal mask" in said:
        return CHOICE if of_problem else MASKS
    return {"step": COSTS, "act": LEGAL, "recommend": LEGAL}.get(said.split(":")[0], NATURE if of_problem else RULE)


def _shortened(problem: Problem, rounds: int) -> Problem:
    return problem._replace(spec=problem.spec._replace(horizon=min(problem.spec.horizon, rounds)))


def _copier(thing: Any) -> Callable[[], Any]:
    """Copies of a thing as it is now, before anything is asked of it; one that cannot be pickled raises when a copy is asked for."""
    try:
        start = pickled(thing)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"

        def refuse() -> Any:
            raise BadType(f"cannot be pickled: {said}; allowed: what travels to other processes")

        return refuse
    import cloudpickle

    return lambda: cloudpickle.loads(start)


# ------------------------------------------------------------------------------------------------ policies
def check_policy(policy: Any, problems: Any = None, *, seed: int = 0, replications: int = 3, rounds: int = 60, shrink: bool = True) -> list[Verdict]:
    """Whether a rule keeps to the contract: one verdict a property.

    Parameters
    ----------
    policy : a Policy, or a factory of policies; what a factory requires is taken from each problem, as `folders.bind` does.
    problems : what to try it on, a Problem or several; by default the `exercises` of its kind and, for a rule that declines them all, the first
        examples of the house's problems that it accepts. A problem that the rule declines (its `init` raises a BudgetsimError) is left out.
    seed, replications, rounds : of each trial; longer problems are cut to `rounds`.
    shrink : whether to look for the smallest exercise on which a broken promise is broken.

    Returns
    -------
    list of Verdict. `holds` is False where the rule breaks a promise, and "unresolved" where nothing was found out (a rule
    that cannot be compiled, say) or the promise is not made (libm may differ between machines); `detail` says why.

    Examples
    --------
    >>> def init(spec): return None
    >>> def act(memory, params, view, left, t, key): return t % 4
    >>> def update(memory, params, view, action, outcome, t): pass
    >>> verdicts = check_policy(Policy(Kind.ARM, init, act, update, name="round robin"), exercises.exercises(Kind.ARM)[:1], shrink=False)
    >>> [v.detail for v in verdicts if v.holds is False]
    ['arms: act: round robin returned 3; allowed: 0 to 2; at replication 0, round 3']
    """
    seed, count, rounds = whole("seed", seed, 0, 2**64 - 1), whole("replications", replications, 1), whole("rounds", rounds, 1)
    shrink = flag("shrink", shrink)
    board, copy, tried = _Board(OF_A_POLICY), _copier(policy), list[Trial]()
    with _quietly():
        for problem, rule in _accepted(policy, problems, rounds, board):
            trial = _trial(policy, copy, problem, rule, seed, count)
            every_path = {PATHS: every_path_agrees} if problems is None and not tried else {}  # rows take seconds more: on one problem
            for claim, finding in _findings(trial, OF_RULES | _between(policy) | every_path, OF_A_POLICY):
                board.note(claim, problem.name, *finding)
            tried.append(trial)
        if tried:
            board.note(FRESH, "", *_of_sizes(copy, tried[0].problem, tried[0].rule, [t.problem.spec for t in tried]))
            board.note(FAIR, "", *_of_coins(policy, seed))
        return board.verdicts(lambda claim: _smallest(claim, policy, copy, tried[0].problem.spec.kind, seed, rounds) if shrink and tried else "")


class _Declined(Exception):
    """This problem is not for this rule, and that is no fault."""


HOUSE = 3  #: how many of the house's examples are tried where every exercise is declined


def _accepted(policy: Any, problems: Any, rounds: int, board: _Board) -> Iterator[tuple[Problem, Policy]]:
    """The problems, cut, and the rule built for each of them; what is declined or is no rule at all is noted."""
    grounds = [problems] if isinstance(problems, Problem) else problems
    declined = []
    for ground, most in ((_all_exercises(), None), (_all_examples(), HOUSE)) if problems is None else ((grounds, None),):
        taken = 0
        for problem in ground:
            where = getattr(problem, "name", "?")
            try:
                problem, rule = _ready(policy, problem, rounds, problems is None)
            except _Declined as error:
                declined += [f"{where}: {error}"] if str(error) else []
                continue
            except Exception as error:
                board.note(RULE, where, False, message(error))
                continue
            if hasattr(problem.spec.view, "legal") and not reads_mask(rule):
                board.note(MASKS, where, None, "does not claim masks: it never reads `legal`")
                continue
            yield problem, rule
            taken += 1
            if taken == most:
                break
        if board.notes[RULE]:
            return
    board.note(RULE, "", None, declined[0] if declined else "no problem of its kind was given")


def _all_exercises() -> Iterator[Problem]:
    for kind in Kind:
        yield from exercises.exercises(kind)
        yield from (exercises.exercise(kind, actions=n, horizon=30) for n in (2, 4))


def _all_examples() -> Iterator[Problem]:
    for name in folders.names("problems"):
        yield from importlib.import_module(f"budgetsim.problems.{name}").examples()


def _ready(policy: Any, problem: Any, rounds: int, default: bool) -> tuple[Problem, Policy]:
    try:
        rule = _built(policy, problem)
    except folders.Missing as error:
        raise _Declined(str(error)) from None
    if default and isinstance(rule, Policy) and rule.kind != problem.spec.kind:
        raise _Declined("")
    problem, rule = contract.checked_pair(_shortened(problem, rounds), rule)
    if not (isinstance(rule.name, str) and rule.name.strip() and "\n" not in rule.name):
        raise BadType(f"name: got {rule.name!r}; allowed: a label of one line")
    try:
        spec = contract.checked_spec(problem.spec)  # a copy, which it may spoil
        raw(rule.init(spec))
    except BudgetsimError as error:
        raise _Declined(str(error)) from None
    except Exception as error:
        raise BadType(f"init: raised {type(error).__name__}: {error}; allowed: memory, or (memory, params)") from error
    return problem, rule


def _built(thing: Any, problem: Problem) -> Any:
    """A policy, from itself or from its factory."""
    if isinstance(thing, Policy) or not callable(thing):
        return thing
    made = folders.bind(thing, problem)
    if not isinstance(made, Policy):
        raise BadType(f"{getattr(thing, '__name__', 'factory')}: returned {type(made).__name__}; allowed: a Policy")
    return made


def _of_sizes(copy: Callable[[], Any], problem: Problem, rule: Policy, specs: list[Spec]) -> Finding:
    """The rule that was built for the first problem, asked about all of them, and about smaller and larger exercises."""
    try:
        copy()
    except Exception:
        return MOOT, "it cannot be copied"
    others = [exercises.exercise(rule.kind, actions=n, resources=problem.spec.budget.size).spec for n in (2, 5)]
    return starts_afresh(rule, lambda: _built(copy(), problem), [*specs, *others])


def _of_coins(policy: Any, seed: int) -> Finding:
    try:
        _, rule = _ready(policy, fair_coins(), 10**6, True)
    except Exception as error:
        return MOOT, f"plays no fair coins: {error}"
    try:
        return earns_no_more_than_chance(rule, seed)
    except Exception as error:
        return MOOT, f"plays no fair coins: {error}"


def _between(policy: Any) -> dict[str, Law]:
    """The relations between games, as laws of one trial; what one of them leaves open another problem may decide."""

    def law(relation: Any) -> Law:
        def examine(trial: Trial) -> Finding:
            holds, why = relation.examine(lambda problem: _built(policy, problem), trial.problem, trial.seed)
            return MOOT if holds is None else holds, why

        return examine

    return {claim: law(relation) for claim, relation in BETWEEN.items()}


def _trial(policy: Any, copy: Callable[[], Any], problem: Problem, rule: Policy, seed: int, count: int) -> Trial:
    return Trial(problem, rule, seed, count, lambda: (problem, _built(copy(), problem)), False)


def _smallest(claim: str, policy: Any, copy: Callable[[], Any], kind: Kind, seed: int, rounds: int) -> str:
    """The smallest exercise that breaks a promise, as the line that shows it."""

    def fails(problem: Problem) -> bool:
        try:
            trial = _trial(policy, copy, *_ready(policy, problem, rounds, True), seed, 3)
        except Exception:
            return False
        return any(broken == claim and holds is False for broken, (holds, _) in _findings(trial, OF_RULES | _between(policy), (claim,)))

    found = shrinking.smallest(fails, kind, seed, tries=100) if claim in INSTANCES else None
    return f"smallest: check_policy({getattr(policy, '__name__', 'rule')}, {found[1]}" + f", seed={seed}" * (seed != 0) + ")" if found else ""


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """That numbers are captured is a verdict, and games that are only played in plain Python capture them as they like."""
    log = logging.getLogger("budgetsim")
    disabled, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = disabled


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
    >>> from budgetsim.model import REQUEST
    >>> [v.claim for v in check_problem(exercises.exercises(REQUEST)[0]) if v.holds is not True]
    ['loss is finite and not negative']
    """
    seed, count, rounds = whole("seed", seed, 0, 2**64 - 1), whole("replications", replications, 1), whole("rounds", rounds, 1)
    board = _Board(OF_A_PROBLEM)
    try:
        natures = _examples(problem)
    except Exception as error:
        board.note(NATURE, "", False if isinstance(error, BudgetsimError) else None, f"{type(error).__name__}: {error}")
        natures = []
    with _quietly():
        for nature in natures:
            where = getattr(nature, "name", "?")
            try:
                trial = _trial_of(nature, _copier(nature), seed, count, rounds)
            except Exception as error:
                board.note(NATURE, where, False, str(error))
                continue
            for claim, finding in _findings(trial, OF_PROBLEMS, OF_A_PROBLEM):
                board.note(claim, where, *finding)
        return board.verdicts(lambda claim: _fewest(claim, natures, seed, count, rounds))


def _trial_of(nature: Any, copy: Callable[[], Any], seed: int, count: int, rounds: int) -> Trial:
    cut, rule = contract.checked_pair(_shortened(nature, rounds), exercises.probe(nature.spec.kind))
    units = cut.spec.units.resource
    if len(units) not in (0, cut.spec.budget.size):
        raise BadType(f"units: got {len(units)} names of resources; allowed: {cut.spec.budget.size}, or none")
    return Trial(cut, rule, seed, count, lambda: (_shortened(copy(), rounds), rule), True)


def _fewest(claim: str, natures: list[Problem], seed: int, count: int, rounds: int) -> str:
    """The fewest rounds, by halving, in which a problem breaks a promise."""
    if claim not in IN_A_ROUND:
        return ""

    def fails(nature: Problem, rounds: int) -> bool:
        try:
            trial = _trial_of(nature, _copier(nature), seed, count, rounds)
        except Exception:
            return False
        return any(broken == claim and holds is False for broken, (holds, _) in _findings(trial, OF_PROBLEMS, (claim,)))

    for number, nature in enumerate(natures):
        if fails(nature, rounds):
            low, high = 0, min(rounds, nature.spec.horizon)
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if fails(nature, middle) else (middle, high)
            of = "problem" if len(natures) == 1 else f"problem {number + 1} of {len(natures)}"
            return f"smallest: check_problem({of}, rounds={high}" + f", seed={seed}" * (seed != 0) + ")"
    return ""


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
