"""The secretary problem: candidates come in random order, only ranks among those seen are known, one is hired at once or never."""

from typing import NamedTuple

import numpy as np

from .. import draws
from ..arguments import whole
from ..model import Kind, Law, Problem, Spec, Units


class Instance(NamedTuple):
    candidates: int
    top: int


class State(NamedTuple):
    quality: np.ndarray  #: (n,) of the candidate who comes as number 0, 1, ...; n - 1 is the best


class View(NamedTuple):
    rank: np.ndarray  #: of this candidate among those seen, 1 the best


def init(instance):
    return State(np.arange(instance.candidates, dtype=float))


def shuffled(instance, state, key):
    draws.shuffle(key, 0, state.quality)


def observe(instance, state, t, key, view):
    rank = 1.0
    for s in range(t):
        if state.quality[s] > state.quality[t]:
            rank += 1.0
    view.rank[0] = rank


def step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    cost[0] = 1.0
    return expected(instance, state, view, action, t)


def advance(instance, state, view, action, outcome, left, t, key):
    return left[0] < 1.0


def expected(instance, state, view, action, t):
    return 1.0 if action == 0 and state.quality[t] >= instance.candidates - instance.top else 0.0


def secretary(candidates: int, top: int = 1) -> Problem:
    """n candidates in uniformly random order; hiring (action 0) earns 1 where the candidate is among the `top` best of all, and ends the run.

    Parameters
    ----------
    candidates : n, at least 1.
    top : 1 for the classical problem, which wants the best and nobody else.

    Returns
    -------
    Problem of kind REQUEST with one option and one unit to give; the view shows `rank`, that of this candidate among those seen
    so far (1 is the best). A round costs O(t).

    Raises
    ------
    BadType, BadValue : no candidates, top outside 1 to n.

    Examples
    --------
    >>> secretary(20).name
    'secretary(20 candidates, top 1)'

    References
    ----------
    [Ferguson1989]_.
    """
    n = whole("candidates", candidates, 1)
    top = whole("top", top, 1, n)
    spec = Spec(Kind.REQUEST, 1, n, idle=True, budget=np.ones(1), law=Law.SKIP, view=View(np.ones(1)), units=Units("hired the best", ("post",), "candidate"))
    return Problem(spec, Instance(n, top), step, init, shuffled, observe, advance, expected=expected, name=f"secretary({n} candidates, top {top})")


def examples() -> list[Problem]:
    """The classical problem, and one of the best three.

    >>> [p.spec.horizon for p in examples()]
    [20, 50]
    """
    return [secretary(20), secretary(50, 3)]
