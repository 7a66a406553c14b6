"""What is recorded of a game: every call of a hook, with copies of what came and what went."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..loop import frozen
from ..model import Problem

#: positions of the arguments that a function may write
RULE_OWNS = {"begin": (0,), "act": (0, 6), "update": (0,), "replan": (0,), "stop": (), "recommend": ()}
NATURE_OWNS = {"begin": (1,), "observe": (4,), "step": (7, 8), "advance": (1,), "allowance": (3,), "expected": (), "loss": ()}


class Call(NamedTuple):
    hook: str
    arguments: tuple[Any, ...]  #: as they came
    result: Any
    owned: tuple[Any, ...]  #: what it owns, afterwards
    written: tuple[str, ...]  #: what it wrote and does not own

    @property
    def spoken(self) -> str:
        key = next((a for a in self.arguments if isinstance(a, draws.Key)), None)
        rounds = [a for a in self.arguments if isinstance(a, int) and not isinstance(a, bool)]
        return self.hook + (f" at replication {key.replication}" if key else "") + (f", round {rounds[-1]}" if rounds else "")


def copied(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, draws.Key):
        return draws.Key(value.x0, value.x1, value.seed, value.replication, value.where)
    if isinstance(value, tuple):
        return type(value)(*map(copied, value)) if hasattr(value, "_fields") else tuple(map(copied, value))
    return value


def raw(value: Any) -> bytes:
    """All that a value holds, to compare bit for bit."""
    if isinstance(value, tuple):
        return b"".join(map(raw, value))
    return b"" if value is None or isinstance(value, draws.Key) else np.asarray(value).tobytes()


class Spy:
    """A hook that notes each call: what came, what went, what was written. What is `constant`, and may be large, is noted once."""

    def __init__(self, function: Callable[..., Any], hook: str, owned: tuple[int, ...], constant: int, tape: list[Call]) -> None:
        self.function, self.hook, self.owned, self.constant, self.tape = function, hook, owned, constant, tape
        self.names = list(inspect.signature(function).parameters)
        self.first: Any = None  #: the constant argument as it first came

    def __call__(self, *args: Any) -> Any:
        self.first = self.first or (args[self.constant], frozen(copied(args[self.constant])))
        came = tuple(self.first[1] if i == self.constant else copied(a) for i, a in enumerate(args))
        result = self.function(*args)
        written = tuple(self.names[i] for i, a in enumerate(args) if i not in (*self.owned, self.constant) and raw(a) != raw(came[i]))
        self.tape.append(Call(self.hook, came, copied(result), tuple(copied(args[i]) for i in self.owned if i < len(args)), written))
        return args[4] if self.hook == "observe" and result is None else result  # `loop.bind` takes a hook that returns at its word

    def spoiled(self) -> str:
        """What it wrote into its constant argument."""
        return f"{self.hook} writes {self.names[self.constant]}" if self.first and raw(self.first[0]) != raw(self.first[1]) else ""

    def listening(self) -> Callable[..., Any]:
        def listen(*args):
            return self(*args)

        return listen

    def again(self, call: Call, **changes: Any) -> Call:
        """The same call once more, with fresh copies of what came; `changes` go by the names in the contract."""
        args = [a if i == self.constant else copied(a) if i in self.owned else frozen(copied(a)) for i, a in enumerate(call.arguments)]
        for name, value in changes.items():
            args[STEP.index(name)] = value
        result = self.function(*args)
        return call._replace(result=copied(result), owned=tuple(args[i] for i in self.owned if i < len(args)))


STEP = ("instance", "state", "view", "action", "left", "t", "key", "cost", "seen")


class Tape(NamedTuple):
    """All calls of one problem's or one rule's hooks."""

    listening: Any  #: the problem or the rule, to be played in place of the real one
    calls: list[Call]
    spies: dict[str, Spy]

    def of(self, *hooks: str) -> list[Call]:
        return [c for c in self.calls if c.hook in hooks]


def tape(value: Any) -> Tape:
    """A problem or a rule whose every call is noted."""
    nature = isinstance(value, Problem)
    calls: list[Call] = []
    owns = NATURE_OWNS if nature else RULE_OWNS
    spies = {hook: Spy(getattr(value, hook), hook, own, 1 - nature, calls) for hook, own in owns.items() if getattr(value, hook) is not None}
    return Tape(value._replace(**{hook: spy.listening() for hook, spy in spies.items()}), calls, spies)
