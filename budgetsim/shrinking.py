"""Making small what is broken: the smallest exercise on which something fails, and the loop that hunting shares."""

import random
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from .arguments import BudgetsimError, choice, whole
from .exercises import exercise
from .model import Kind, Problem

#: The arguments of `exercise` that are tried, the most telling first, and their values, the simplest first.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "actions": (1, 2, 3, 4),
    "resources": (0, 1, 2),
    "law": ("STOP", "SKIP", "RUIN"),
    "budget": (None, 0, 1000),
    "masked": (False, True),
    "idle": (False, True),
    "renewed": (False, True),
    "whole": (True, False),
    "equal": (False, True),
    "worth": (1.0, -1.0, 1e6),
    "seed": tuple(range(10)),
    "horizon": tuple(range(1, 61)),
}

Thing = TypeVar("Thing")


def shrunk(thing: Thing, simpler: Callable[[Thing], Iterator[Thing]], still: Callable[[Thing], bool], tries: int) -> tuple[Thing, int]:
    """Simplified as long as `still` holds, and how often that was asked: the first simpler thing that keeps it is taken, until none does.

    >>> shrunk(9, lambda n: iter(range(n)), lambda n: n >= 4, 100)
    (4, 9)
    """
    used, going = 0, True
    while going and used < tries:
        going = False
        for less in simpler(thing):
            used += 1
            if still(less):
                thing, going = less, True
                break
            if used >= tries:
                break
    return thing, used


def smallest(broken: Callable[[Problem], Any], kind: Any, seed: int = 0, *, tries: int = 300) -> tuple[Problem, str] | None:
    """The smallest exercise of a kind on which `broken` holds, and the line that builds it; None where it holds on none of those tried.

    Exercises are drawn until one is broken; then, argument by argument in the order of `ARGUMENTS`, the simplest value that leaves it broken is taken,
    until no argument can be made simpler alone. No problem is asked about twice; nothing but `seed` decides which are.

    Parameters
    ----------
    broken : answers for a problem; one that raises an exception is broken there.
    kind : "ARM", "REQUEST", "VECTOR", or a Kind.
    tries : problems that are asked about at most, half of them before the first broken one.

    Examples
    --------
    >>> smallest(lambda problem: problem.spec.n_actions >= 3 and problem.spec.horizon >= 5, "ARM")[1]
    'exercise("ARM", actions=3, resources=0, horizon=5)'
    """
    kind = Kind[choice("kind", getattr(kind, "name", kind), Kind.__members__)]
    luck, tries = random.Random(whole("seed", seed, 0, 2**64 - 1)), whole("tries", tries, 2)
    known: dict[str, bool] = {}

    def asked(values: dict[str, Any], most: int = tries) -> bool:
        try:
            problem = exercise(kind, **values)
        except BudgetsimError:  # these arguments do not go together
            return False
        if problem.name not in known and len(known) < most:
            try:
                known[problem.name] = bool(broken(problem))
            except Exception:
                known[problem.name] = True
        return known.get(problem.name, False)

    drawn = ({name: values[int(luck.random() * len(values))] for name, values in ARGUMENTS.items()} for _ in range(20 * tries))
    first = next((values for values in drawn if asked(values, tries // 2)), None)
    if first is None:
        return None
    problem = exercise(kind, **shrunk(first, _simpler, asked, 20 * tries)[0])
    return problem, problem.name


def _simpler(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, options in ARGUMENTS.items():
        yield from (values | {name: less} for less in options[: options.index(values[name])])
