"""One problem, one rule, and everything that is known of their games."""

import sys
import time
from collections.abc import Callable
from functools import cached_property
from types import FunctionType
from typing import Any

from .. import engine
from ..arguments import BudgetsimError
from ..model import Policy, Problem
from .tape import Tape, raw, tape


def message(error: Exception) -> str:
    return str(error) if isinstance(error, BudgetsimError) else f"{type(error).__name__}: {error}"


def played(game: engine.Game, seed: int, first: int, count: int) -> Any:
    log = engine.play_block(game, seed, first, count, engine.default_checkpoints(game.problem.spec.horizon), trace=True)
    engine.raise_fault(game, log, first)
    return log


def differs(a: Any, b: Any) -> str:
    """The first field in which two logs differ."""
    return next((name for name in a._fields if name != "checkpoint" and raw(getattr(a, name)) != raw(getattr(b, name))), "")


def part(log: Any, start: int) -> Any:
    return type(log)(log.checkpoint, *(a[start:] for a in log[1:]))


def pickled(value: Any) -> bytes:
    """A problem, a rule or a factory, as it travels: with the files of its functions by value, as another process may not have them."""
    import cloudpickle

    functions = value if isinstance(value, tuple) else (value,)
    names = {f.__module__ for f in functions if isinstance(f, FunctionType)} - {"__main__"} - set(cloudpickle.list_registry_pickle_by_value())
    modules = [sys.modules[n] for n in names if n in sys.modules]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(value))
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)


class Trial:
    """A rule on a problem, of which one is examined; `anew` makes the pair as it was before anything was asked of it."""

    def __init__(self, problem: Problem, rule: Policy, seed: int, count: int, anew: Callable[[], tuple[Problem, Policy]], of_problem: bool) -> None:
        self.problem, self.rule, self.seed, self.count, self.anew, self.of_problem = problem, rule, seed, count, anew, of_problem
        self.nature, self.player = tape(problem), tape(rule)
        self.ready = ""  #: the fast path, and how long it took to compile or to load

    @property
    def mine(self) -> Tape:
        return self.nature if self.of_problem else self.player

    @property
    def examined(self) -> Any:
        return self.problem if self.of_problem else self.rule

    @property
    def hooks(self) -> dict[str, Any]:
        return {name: f for name, f in self.examined._asdict().items() if isinstance(f, FunctionType)}

    @cached_property
    def game(self) -> engine.Game:
        return engine.prepare(self.problem, self.rule, path="python")

    @cached_property
    def log(self) -> Any:
        """What happened, in plain Python: once alone, once with every call noted."""
        log = played(self.game, self.seed, 0, self.count)
        played(engine.prepare(self.nature.listening, self.player.listening, path="python"), self.seed, 0, self.count)
        return log

    @cached_property
    def compiled(self) -> engine.Game:
        began = time.perf_counter()
        game = engine.prepare(self.problem, self.rule)
        self.ready = f"{game.path}, ready in {time.perf_counter() - began:.1f} s"
        return game

    @cached_property
    def block(self) -> Any:
        return self.log if self.compiled.path == "python" else played(self.compiled, self.seed, 0, self.count)

    @cached_property
    def owns(self) -> str:
        """What it wrote and does not own."""
        written = next((f"{c.spoken} writes {c.written[0]}" for c in self.mine.calls if c.written), "")
        return written or next((s.spoiled() for s in self.mine.spies.values() if s.spoiled()), "")

    @cached_property
    def impure(self) -> str:
        """Every call once more, the last first: what answers differently has a memory of its own."""
        for call in reversed(self.mine.calls):
            try:
                again = self.mine.spies[call.hook].again(call)
            except Exception as error:
                return f"{call.spoken} raises {type(error).__name__} when it is called again: {error}"
            if raw(again.result) != raw(call.result) or raw(again.owned) != raw(call.owned):
                return f"{call.spoken} answers differently when it is called again with the same arguments"
        return ""
