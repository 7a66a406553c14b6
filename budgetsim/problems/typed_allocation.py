"""Requests drawn on the fly from a table of types: i.i.d., drifting, periodic, Markov or corrupted."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, choice, probabilities, whole
from ..model import Problem
from ..shared.requests import Offer, pick, promised, serve, shown, tables

ARRIVALS = ("iid", "phases", "periodic", "markov", "corrupted")


class Types(NamedTuple):
    """J types, L laws."""

    type_reward: np.ndarray  #: (J, n)
    type_cost: np.ndarray  #: (J, n, d)
    type_probability: np.ndarray  #: (J,) share of each type that a run expects
    law_probability: np.ndarray  #: (L, J)
    transition: np.ndarray  #: (L, L), or (0, 0)
    law_upto: np.ndarray  #: (L, J) cumulative
    transition_upto: np.ndarray
    start_upto: np.ndarray  #: (L,)
    horizon: int
    corruption: int


class Law(NamedTuple):
    """Which law this round's type follows, and how many corrupted rounds are still to come after it."""

    law: np.ndarray
    corrupt: np.ndarray


def type_of(instance, law, key):
    k = pick(instance.law_upto[law], draws.uniform(key, 0))
    return Offer(instance.type_reward[k], instance.type_cost[k])


def observe_iid(instance, state, t, key, view):
    return type_of(instance, 0, key)


def observe_phases(instance, state, t, key, view):
    return type_of(instance, t * len(instance.law_upto) // instance.horizon, key)


def observe_periodic(instance, state, t, key, view):
    return type_of(instance, t % len(instance.law_upto), key)


def observe_state(instance, state, t, key, view):
    return type_of(instance, int(state.law[0]), key)


def first_law(instance):
    return Law(np.zeros(1), np.array([float(instance.corruption)]))


def begin_markov(instance, state, key):
    state.law[0] = pick(instance.start_upto, draws.uniform(key, 0))


def advance_markov(instance, state, view, action, outcome, left, t, key):
    state.law[0] = pick(instance.transition_upto[int(state.law[0])], draws.uniform(key, 1))
    return False


# one round after the other, each set of `corruption` rounds equally likely
def corrupt(state, rounds, u):
    state.law[0] = 1.0 if u * rounds < state.corrupt[0] else 0.0
    state.corrupt[0] -= state.law[0]


def begin_corrupted(instance, state, key):
    corrupt(state, instance.horizon, draws.uniform(key, 0))


def advance_corrupted(instance, state, view, action, outcome, left, t, key):
    corrupt(state, instance.horizon - t - 1, draws.uniform(key, 1))
    return False


def typed_allocation(
    type_reward: Any,
    type_cost: Any,
    type_probability: Any,
    budget: Any,
    horizon: int,
    arrivals: str = "iid",
    transition: Any = None,
    corruption: int = 0,
) -> Problem:
    """Requests of J types: option i of a request of type k earns type_reward[k, i] and pays type_cost[k, i], none is -1.

    The type of round t is drawn from one of L laws, the rows of `type_probability`. Memory does not grow with the horizon.
    A choice that does not fit into what is left is void (law SKIP), as in `online_allocation`.

    =========== ===========================================================================================
    arrivals    the law of round t
    =========== ===========================================================================================
    iid         the only one
    phases      law floor(t L / T), one after the other; with L = T each round has its own
    periodic    law t mod L
    markov      a chain on the laws with this `transition`; it starts where it is in the long run
    corrupted   law 1 in `corruption` rounds, each set of so many equally likely; law 0 in the others
    =========== ===========================================================================================

    Parameters
    ----------
    type_reward : (J, n), >= 0. An option that a type does not have is one of reward 0 and cost 0; a type may have none.
    type_cost : (J, n, d) or, for one resource, (J, n); >= 0, units of each resource. A cost above the budget is allowed:
        that option can never be paid.
    type_probability : (J,) or (L, J), each row sums to 1; None for equally likely types. Rows of a log are types too, and a
        request that is certain to come is a law with a single 1: np.eye(q) with "periodic" repeats q requests.
    budget : (d,) or a number for one resource, >= 0; infinite where there is no cap.
    horizon : rounds T, 1 to 2**40.
    arrivals : as above.
    transition : (L, L), rows sum to 1; for "markov" only.
    corruption : rounds, 0 to T; for "corrupted" only.

    Returns
    -------
    Problem of kind REQUEST. The view has the round's `reward` (n,) and `cost` (n, d), slices of the tables.
    `instance.type_probability` (J,) is the expected share of each type over the whole run, `instance.law_probability` the laws.

    Raises
    ------
    BadType, BadValue : wrong shapes, negative or NaN rewards and costs, probabilities that do not sum to 1, a number of
        laws or an argument that the arrival model has no use for.

    Examples
    --------
    >>> problem = typed_allocation([[1.0], [0.2]], [[1.0], [1.0]], [[0.5, 0.5], [0.0, 1.0]], budget=30.0, horizon=100, arrivals="periodic")
    >>> problem.name, problem.instance.type_probability.tolist()
    ('typed_allocation(2 types, 1 option, 1 resource, periodic, 2 laws)', [0.25, 0.75])
    >>> typed_allocation([[1.0], [0.2]], [[1.0], [1.0]], np.eye(2), 30.0, 100, "corrupted", corruption=10).instance.type_probability.tolist()
    [0.9, 0.1]

    References
    ----------
    [Balseiro2023]_ for the model and the arrival models.
    """
    rewards, costs, budgets = tables(type_reward, type_cost, budget, "type_")
    j, n, d = costs.shape
    horizon, corruption = whole("horizon", horizon, 1, 2**40), whole("corruption", corruption)
    choice("arrivals", arrivals, ARRIVALS)
    given = np.full(j, 1.0 / j) if type_probability is None else type_probability
    laws = np.atleast_2d(probabilities("type_probability", given, (j,) if np.ndim(given) == 1 else (None, j)))
    many = len(laws)
    allowed = {"iid": (1, 1), "corrupted": (2, 2)}.get(arrivals, (1, horizon))
    if not allowed[0] <= many <= allowed[1]:
        raise BadValue(f"type_probability: got {many} law{'s' * (many > 1)} with {arrivals!r}; allowed: {allowed[0]} to {allowed[1]}")
    if (transition is None) == (arrivals == "markov"):
        raise BadValue(f"transition: got {'nothing' if transition is None else 'something'} with {arrivals!r}; allowed: rows (L, L) for 'markov', only there")
    if corruption > (horizon if arrivals == "corrupted" else 0):
        raise BadValue(f"corruption: got {corruption} with {arrivals!r}; allowed: 0 to T for 'corrupted', only there")

    moves = np.zeros((0, 0)) if transition is None else probabilities("transition", transition, (many, many))
    start = _long_run(moves)
    first = -(-np.arange(many + 1) * horizon // many)  # round in which each law of "phases" begins
    share = {
        "markov": start,
        "corrupted": np.array([horizon - corruption, corruption]) / horizon,
        "periodic": (horizon - np.arange(many) + many - 1) // many / horizon,
    }.get(arrivals, np.diff(first) / horizon)
    instance = Types(rewards, costs, share @ laws, laws, moves, _upto(laws), _upto(moves), _upto(start), horizon, corruption)
    note = {"iid": "iid", "corrupted": f"corrupted in {corruption} rounds"}.get(arrivals, f"{arrivals}, {many} law{'s' * (many > 1)}")
    name = f"typed_allocation({j} type{'s' * (j > 1)}, {n} option{'s' * (n > 1)}, {d} resource{'s' * (d > 1)}, {note})"
    problem = Problem(shown(n, d, horizon, budgets), instance, serve, observe=observe_iid, expected=promised, name=name)
    if arrivals == "markov":
        return problem._replace(init=first_law, begin=begin_markov, observe=observe_state, advance=advance_markov)
    if arrivals == "corrupted":
        return problem._replace(init=first_law, begin=begin_corrupted, observe=observe_state, advance=advance_corrupted)
    return problem._replace(observe={"iid": observe_iid, "phases": observe_phases, "periodic": observe_periodic}[arrivals])


def examples() -> list[Problem]:
    """One with each arrival model.

    >>> [p.name.split(", ")[3].rstrip(")") for p in examples()]
    ['iid', 'phases', 'periodic', 'markov', 'corrupted in 20 rounds']
    """
    g = np.random.default_rng(2)
    reward, cost, budget = g.random((4, 3)), g.random((4, 3, 2)), [25.0, 30.0]
    laws = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7]])
    return [
        typed_allocation(reward, cost, laws[0], budget, 150),
        typed_allocation(reward, cost, laws, budget, 151, "phases"),
        typed_allocation(reward, cost, laws, budget, 151, "periodic"),
        typed_allocation(reward, cost, laws, budget, 150, "markov", [[0.9, 0.1], [0.2, 0.8]]),
        typed_allocation(reward, cost, laws, budget, 150, "corrupted", corruption=20),
    ]


def _upto(table: np.ndarray) -> np.ndarray:
    """Cumulative along the last axis, 1 from the last possible entry on."""
    total = np.cumsum(table, axis=-1)
    return np.where(total >= total[..., -1:], 1.0, total) if table.size else table


def _long_run(transition: np.ndarray) -> np.ndarray:
    """Where a chain that starts anywhere is on average: the limit of its lazy version, which exists for every chain."""
    power = 0.5 * (transition + np.eye(len(transition)))
    for _ in range(60):
        power = power @ power
        power /= power.sum(axis=1, keepdims=True)
    return power.mean(axis=0) if len(transition) else np.zeros(0)
