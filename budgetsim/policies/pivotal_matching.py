"""Pivotal sampling for online Bayesian matching: negatively correlated proposals from nodes that are discarded by design."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import choice, number
from ..model import REQUEST, Policy
from ..shared.matching import by_weight, online_plan, proposals, told_market


class Memory(NamedTuple):
    free: np.ndarray  #: (I,) 1.0 where a node was neither matched nor discarded


class Params(NamedTuple):
    proposal: np.ndarray  #: (T, J, I) r, the chance that a free node proposes to an arrival
    order: np.ndarray  #: (T, J, I) nodes by falling weight
    arrival: np.ndarray  #: (T,) chance that somebody comes
    label: np.ndarray  #: (T, J) law of the type of who comes, summed up
    coupled: int


def act(memory, params, view, left, t, key):
    j = int(view.type[0])
    arrived = j >= 0
    p = params.arrival[t] if params.coupled else 1.0
    if not arrived:
        if not params.coupled or p <= 0.0:
            return -1
        j = draws.categorical(key, 0, params.label[t])
    order, r = params.order[t, j], params.proposal[t, j]
    action = first(memory.free, order, r, draws.uniform(key, 0)) if arrived else -1
    top = action
    if action < 0 and params.coupled:
        top = first_of_rest(memory.free, order, r, p, draws.uniform(key, 1))
    if top >= 0:
        discard(memory.free, order, r, p, top, key)
    return action


def first(free, order, r, u):
    """The heaviest proposer, -1 without one: one of the first k proposes with probability min(1, r_1 + ... + r_k)."""
    total = 0.0
    for i in order:
        if free[i] != 0.0:
            total += r[i]
            if u < total:
                return i
    return -1


def first_of_rest(free, order, r, p, u):
    """The heaviest node to be discarded, given that it is not matched: as often as min(1, p R_k) - p min(1, R_k) has grown."""
    total = 0.0
    for i in order:
        if free[i] != 0.0:
            total += r[i]
    u *= 1.0 - p * min(1.0, total)
    total = 0.0
    for i in order:
        if free[i] != 0.0:
            total += r[i]
            if u < min(1.0, p * total) - p * min(1.0, total):
                return i
    return -1


def discard(free, order, r, p, top, key):
    """Ordered pivotal sampling of masses p r, given that its first item is `top`: what it takes is no longer free.

    A carrier of mass m is taken in the end with probability m, whatever came before; so one that must be taken stays through every merger,
    and one that must not be is never the one taken where masses meet. Which one it is then does not matter.
    """
    free[top] = 0.0
    mass, carrier, bound = 0.0, -1, 0  # bound: 1 must be taken in the end, -1 must not
    met = False  # whether masses have met, which decides about the first item
    for k in range(order.size):
        i = order[k]
        if (free[i] == 0.0 and i != top) or r[i] <= 0.0:
            continue
        x = p * r[i]
        if not met:
            if i == top:
                carrier, bound = i, 1
            if mass + x <= 1.0 or carrier < 0:  # the second by rounding alone: the first item is among those that meet
                mass = min(mass + x, 1.0)
                continue
            met = True
            if i == top:  # it is the later one that was taken
                bound = -1
                mass += x - 1.0
                continue
        u = draws.uniform(key, 2 + k)
        if mass + x <= 1.0:
            if bound == 0 and u * (mass + x) < x:
                carrier = i
            elif bound < 0 and u * (mass + x) * (1.0 - mass) < x:
                carrier, bound = i, 0
            mass += x
        else:
            taken = bound >= 0 and u * (2.0 - mass - x) * (mass if bound > 0 else 1.0) < 1.0 - x
            if taken or (bound >= 0 and mass >= 1.0):
                free[carrier] = 0.0
                carrier, bound = i, 0
            else:
                free[i] = 0.0
            mass += x - 1.0
    if met and bound >= 0 and (bound > 0 or draws.uniform(key, 2 + order.size) < mass):
        free[carrier] = 0.0


def update(memory, params, view, action, outcome, t):
    pass


def pivotal_matching(weight: Any, probability: Any, c: float = 0.7931, discard: str = "coupled") -> Policy:
    """Follows the online linear program, scaled by c, so that free nodes are negatively correlated.

    With x a solution of `matching_lp` and y_it = sum of x_is'j over earlier rounds, node i is free at t with probability 1 - c y_it. Of the free
    nodes, i proposes to an arrival of type j with probability r_i = c x_itj / (p_tj (1 - c y_it)); proposers are drawn by pivotal
    sampling in the order of falling weight, so that one of the first k proposes with probability min(1, r_1 + ... + r_k), and the heaviest is matched.
    Whether somebody comes or not, a set Q drawn by pivotal sampling with masses p r, p = sum_j p_tj, is discarded;
    it is drawn so that whoever is matched is the first of Q. A round costs O(I).

    Parameters
    ----------
    weight, probability : (I, T, J), (T, J), as `bayesian_matching` has them.
    c : scale in (0, 1].
    discard : "coupled", as above; "arrivals": nothing where nobody comes, all proposers where somebody does. Marginals and the chance of a match
        given who is free are the same, but the free nodes need not be negatively correlated.

    Returns
    -------
    Policy for `bayesian_matching` and `single_item_prophet`; it declines other problems.

    Raises
    ------
    BadType, BadValue : c outside (0, 1], an unknown discard, wrong shapes.

    Departures from the paper
    -------------------------
    A reconstruction: of the paper we had the abstract. Scale, coupling and the order of nodes are ours. With several types a round a label is
    drawn for who does not come, by the law of who does, and the round is played as one of that type with p = sum_j p_tj: marginals
    stay exact; negative correlation is then measured, not claimed (`theory.pivotal`).

    Examples
    --------
    >>> pivotal_matching([[[1.0], [5.0]]], [[1.0], [0.5]]).name
    'pivotal_matching(c=0.7931, discard coupled; told the weights and probabilities)'

    References
    ----------
    [Braverman2024]_; pivotal sampling as in [Srinivasan2001]_.
    """
    c = number("c", c, 0.0, 1.0)
    coupled = choice("discard", discard, ("coupled", "arrivals")) == "coupled"

    def init(spec):
        told = told_market("pivotal_matching", spec, weight, probability)
        plan, _ = online_plan(told.weight, told.probability)
        some = told.probability.sum(axis=1)
        label = np.divide(told.upto, some[:, None], out=np.ones(told.upto.shape), where=some[:, None] > 0.0)
        return Memory(np.ones(len(plan))), Params(proposals(plan, told.probability, c), by_weight(told.weight), np.minimum(some, 1.0), label, int(coupled))

    return Policy(REQUEST, init, act, update, name=f"pivotal_matching(c={c:g}, discard {discard}; told the weights and probabilities)")
