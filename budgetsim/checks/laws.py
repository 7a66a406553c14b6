"""The laws that rules and problems share: each looks at one Trial and says whether it holds, and why not."""

from collections.abc import Callable
from typing import Any

from .. import engine
from ..kernels.content import Survey
from .behind import reached_behind
from .trial import Trial, differs, message, part, played

MOOT = "moot"  #: what does not apply to a problem; another problem may decide
Finding = tuple[Any, str]  #: True | False | None, not found out or not claimed | MOOT
Law = Callable[[Trial], Finding]

OWNS, PURE, NAMES = "writes only what it owns", "each call depends on its arguments alone", "reaches for nothing behind the scenes"
ALONE, TRAVELS = "a replication is the same alone, in a block and in a second run", "travels to other processes"
PATHS, PORTABLE, CAPTURED = "compiled code and plain Python give the same bits", "same bits on every machine", "no number is compiled in"


def writes_its_own(trial: Trial) -> Finding:
    return not trial.owns, trial.owns


def calls_are_pure(trial: Trial) -> Finding:
    return not trial.impure, trial.impure


def names_are_open(trial: Trial) -> Finding:
    found = reached_behind(trial.hooks.values())
    return not found, found


def no_number_is_captured(trial: Trial) -> Finding:
    played = [f for name, f in trial.hooks.items() if name in trial.mine.spies and name != "replan"]
    found = Survey(played).captured
    return not found, "; ".join(found) + ": each value compiles anew; pass it through params or instance"


def replications_are_alone(trial: Trial) -> Finding:
    """The last replication is the same when a copy that never played another plays it; so is the block when it is played again."""
    try:
        problem, rule = trial.anew()
    except Exception:  # it does not travel, which is said elsewhere
        problem, rule = trial.problem, trial.rule
    field = differs(part(trial.log, trial.count - 1), played(_plain(problem, rule), trial.seed, trial.count - 1, 1))
    if not field and not (trial.owns or trial.impure):
        game = trial.compiled
        field = differs(trial.block, played(game, trial.seed, 0, trial.count))
        field = field or differs(part(trial.block, trial.count - 1), played(game, trial.seed, trial.count - 1, 1))
    return not field, f"{field} differs"


def paths_agree(trial: Trial) -> Finding:
    if trial.owns or trial.impure:
        return None, "not compiled, because it breaks a promise above"
    if trial.compiled.path == "python":
        return None, f"runs in plain Python: {trial.compiled.why}"
    field, native = differs(trial.log, trial.block), trial.compiled.grade != "portable"
    if not field:
        return True, trial.ready
    return None if native else False, f"{trial.compiled.path}: {field} differs" + native * f": {trial.compiled.reasons}"


def every_path_agrees(trial: Trial) -> Finding:
    """And where lanes are the fast path, rows as well."""
    holds, why = paths_agree(trial)
    if holds is not True or trial.compiled.path != "lanes":
        return holds, why
    field = differs(trial.log, played(engine.prepare(trial.problem, trial.rule, path="rows"), trial.seed, 0, trial.count))
    return (False, f"rows: {field} differs") if field else (True, f"{why}; rows as well")


def bits_are_portable(trial: Trial) -> Finding:
    return (True, "") if trial.game.grade == "portable" else (None, trial.game.reasons)


def it_travels(trial: Trial) -> Finding:
    try:
        played(_plain(*trial.anew()), trial.seed, 0, 1)
    except Exception as error:
        return False, message(error)
    return True, ""


def _plain(problem: Any, rule: Any) -> Any:
    return engine.prepare(problem, rule, path="python")


SHARED: dict[str, Law] = {
    OWNS: writes_its_own,
    PURE: calls_are_pure,
    NAMES: names_are_open,
    ALONE: replications_are_alone,
    PATHS: paths_agree,
    PORTABLE: bits_are_portable,
    CAPTURED: no_number_is_captured,
    TRAVELS: it_travels,
}
