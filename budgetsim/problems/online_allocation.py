"""Requests that are written down beforehand, in the order given or in a random one."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, choice
from ..model import Problem
from ..shared.requests import Offer, promised, serve, shown, tables


class Requests(NamedTuple):
    """Request t."""

    reward: np.ndarray  #: (T, n)
    cost: np.ndarray  #: (T, n, d)


class Order(NamedTuple):
    order: np.ndarray  #: (T,) which request comes when


def observe_as_given(instance, state, t, key, view):
    return Offer(instance.reward[t], instance.cost[t])


def observe_in_order(instance, state, t, key, view):
    k = int(state.order[t])
    return Offer(instance.reward[k], instance.cost[k])


def first_order(instance):
    return Order(np.arange(float(len(instance.reward))))


def shuffle_order(instance, state, key):
    draws.shuffle(key, 0, state.order)


def online_allocation(reward: Any, cost: Any, budget: Any, arrivals: str = "as_given") -> Problem:
    """T requests, each decided when it is seen: option i of request t earns reward[t, i] and pays cost[t, i], none is -1.

    The budget is for all rounds. A choice that does not fit into what is left is void (law SKIP): it earns and pays nothing.
    `typed_allocation` draws requests on the fly; `adversarial_allocation` stops when nobody knows.

    Parameters
    ----------
    reward : (T, n), >= 0. An option that a request does not have is one of reward 0 and cost 0; a request may have none.
    cost : (T, n, d) or, for one resource, (T, n); >= 0, units of each resource. A cost above the budget is allowed: that
        option can never be paid.
    budget : (d,) or a number for one resource, >= 0; infinite where there is no cap. With a budget of 0 only what is free fits.
    arrivals : "as_given": round t holds request t; "random_order": a uniform permutation of the requests, drawn anew for
        each replication, fewer than 2**24 requests.

    Returns
    -------
    Problem of kind REQUEST. The view has the round's `reward` (n,) and `cost` (n, d), slices of the arrays: nothing is copied.
    `instance.reward` and `instance.cost` are the requests, whatever their order.

    Raises
    ------
    BadType, BadValue : wrong shapes, negative or NaN rewards and costs.

    Examples
    --------
    >>> problem = online_allocation([[1.0, 0.6], [0.4, 0.0]], [[2.0, 1.0], [1.0, 0.0]], budget=2.0)
    >>> problem.name, problem.spec.budget.tolist(), problem.instance.cost.shape
    ('online_allocation(2 requests, 2 options, 1 resource, as_given)', [2.0], (2, 2, 1))

    References
    ----------
    [Balseiro2023]_ for the model.
    """
    rewards, costs, budgets = tables(reward, cost, budget)
    horizon, n, d = costs.shape
    shuffled = choice("arrivals", arrivals, ("as_given", "random_order")) == "random_order"
    if shuffled and horizon >= 2**24:
        raise BadValue(f"arrivals: got 'random_order' with {horizon} requests; allowed: fewer than 2**24, which is what one shuffle can draw")
    name = f"online_allocation({horizon} request{'s' * (horizon > 1)}, {n} option{'s' * (n > 1)}, {d} resource{'s' * (d > 1)}, {arrivals})"
    problem = Problem(shown(n, d, horizon, budgets), Requests(rewards, costs), serve, observe=observe_as_given, expected=promised, name=name)
    return problem._replace(observe=observe_in_order, init=first_order, begin=shuffle_order) if shuffled else problem


def examples() -> list[Problem]:
    """In the order given, two resources; in random order, one.

    >>> [p.spec.horizon for p in examples()]
    [200, 150]
    """
    g = np.random.default_rng(1)
    return [
        online_allocation(g.random((200, 3)), g.random((200, 3, 2)), [30.0, 40.0]),
        online_allocation(g.random((150, 2)), np.ones((150, 2)), 45.0, "random_order"),
    ]
