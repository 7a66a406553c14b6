"""AdWords: queries arrive, advertisers bid from budgets, each query goes to one of them at once."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, array, choice, flag
from ..model import Kind, Law, Problem, Spec, Units


class Instance(NamedTuple):
    bids: np.ndarray  #: (T, n)
    budgets: np.ndarray  #: (n,)
    partial: int


class State(NamedTuple):
    order: np.ndarray  #: (T,) the query that comes as number 0, 1, ...
    left: np.ndarray  #: (n,)


class Bids(NamedTuple):
    reward: np.ndarray  #: (n,)
    cost: np.ndarray  #: (n, n)


def init(instance):
    return State(np.arange(len(instance.bids), dtype=float), instance.budgets.copy())


def shuffled(instance, state, key):
    draws.shuffle(key, 0, state.order)


def observe(instance, state, t, key, view):
    query = int(state.order[t])
    for i in range(view.reward.size):
        bid = instance.bids[query, i]
        view.reward[i] = min(bid, state.left[i]) if instance.partial else bid
        view.cost[i, i] = view.reward[i]


def step(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    cost[action] = view.cost[action, action]
    return view.reward[action]


def advance(instance, state, view, action, outcome, left, t, key):
    for i in range(state.left.size):
        state.left[i] = left[i]
    return False


def expected(instance, state, view, action, t):
    return view.reward[action] if action >= 0 else 0.0


def adwords(bids: Any, budgets: Any, arrivals: str = "as_given", partial: bool = True) -> Problem:
    """n advertisers with budgets B_i; query t, given to i, earns the bid b_ti and takes it from B_i.

    Parameters
    ----------
    bids : (T, n) >= 0, money.
    budgets : (n,) > 0, money.
    arrivals : "as_given": queries come in the order of `bids`; "random_order": in one drawn anew for each replication.
    partial : whether an advertiser who cannot pay his bid pays what he has left, as the literature has it; otherwise his bid
        does not fit and earns nothing (law SKIP).

    Returns
    -------
    Problem of kind REQUEST with options = advertisers = resources. The view shows `reward` (n,) and `cost` (n, n), diagonal. Bids of 1
    and whole budgets make it online b-matching.

    Raises
    ------
    BadType, BadValue : wrong shapes, negative bids, budgets that are not above 0.

    Examples
    --------
    >>> adwords([[1.0, 0.5], [1.0, 0.0]], [1.0, 1.0]).name
    'adwords(2 queries, 2 advertisers, as_given)'

    References
    ----------
    [Mehta2007]_.
    """
    bids = array("bids", bids, (None, None), 0.0)
    horizon, n = bids.shape
    caps = array("budgets", budgets, (n,), 0.0)
    if not caps.all():
        raise BadValue(f"budgets: got 0 at [{int(np.argmin(caps))}]; allowed: numbers above 0")
    choice("arrivals", arrivals, ("as_given", "random_order"))
    partial = flag("partial", partial)
    spec = Spec(Kind.REQUEST, n, horizon, idle=True, budget=caps, law=Law.SKIP, view=Bids(np.zeros(n), np.zeros((n, n))),
                units=Units("money", ("money",) * n, "query"))  # fmt: skip
    name = f"adwords({horizon} queries, {n} advertisers, {arrivals}{'' if partial else ', whole bids only'})"
    begin = shuffled if arrivals == "random_order" else None
    return Problem(spec, Instance(bids, caps, int(partial)), step, init, begin, observe, advance, expected=expected, name=name)


def triangle(nodes: int, copies: int = 1) -> Problem:
    """The worst instance of fractional Balance: advertisers of budget `copies`; the k-th group of `copies` queries bids 1 with nodes k, k + 1, ...

    The optimum is nodes * copies.

    >>> triangle(3, 2).instance.bids[::2].tolist()
    [[1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
    """
    return adwords(np.repeat(np.triu(np.ones((nodes, nodes))), copies, axis=0), np.full(nodes, float(copies)))


def examples() -> list[Problem]:
    """As given, in random order, and with whole bids only.

    >>> [p.spec.horizon for p in examples()]
    [60, 80, 80]
    """
    bids = np.random.default_rng(2).uniform(0.1, 1.0, (80, 4))
    return [triangle(6, 10), adwords(bids, [8.0, 5.0, 3.0, 2.0], "random_order"), adwords(bids, [8.0, 5.0, 3.0, 2.0], partial=False)]
