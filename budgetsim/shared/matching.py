"""Online Bayesian matching: its arrays, its arrivals, and the two linear programs that rules and optima share.

Offline nodes i = 0..I-1 are there from the start, one unit each. In round t at most one online node arrives, of type j with probability
p_tj; matching it to i earns w_itj. With x_itj the chance that t is of type j and matched to i, every online policy has

    sum_i x_itj <= p_tj,   x_itj <= p_tj (1 - sum over t' < t and j' of x_it'j'),   x >= 0,

because whether i is still free is independent of what arrives at t. Without the second family, and with sum_tj x_itj <= 1 instead,
the same holds of matchings made in hindsight.
"""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, array
from ..model import Kind, Law, Spec
from .highs import best_plan


class Market(NamedTuple):
    weight: np.ndarray  #: (I, T, J)
    probability: np.ndarray  #: (T, J)
    upto: np.ndarray  #: (T, J), its sums over types; nobody arrives beyond the last


class Arrival(NamedTuple):
    """What an online node offers: option i is to match it to node i, for one unit of resource i. Where nobody comes all is 0."""

    reward: np.ndarray  #: (I,)
    cost: np.ndarray  #: (I, I)
    type: np.ndarray  #: -1: nobody


def market(weight: Any, probability: Any) -> Market:
    """The arrays, checked; probabilities of a round may sum to less than 1."""
    p = array("probability", probability, (None, None), 0.0, 1.0)
    total = p.sum(axis=1)
    if np.any(total > 1.0 + 1e-9):
        raise BadValue(f"probability: sums to {total.max():.12g} in round {int(total.argmax())}; allowed: at most 1, nobody arrives with what is left")
    p /= np.maximum(total, 1.0)[:, None]
    return Market(array("weight", weight, (None, *p.shape), 0.0), p, np.minimum(np.cumsum(p, axis=1), 1.0))


def arrive(instance, state, t, key, view):
    """One uniform number a round decides who comes."""
    u, types = draws.uniform(key, 0), instance.probability.shape[1]
    j = 0
    while j < types and u >= instance.upto[t, j]:
        j += 1
    here = j < types
    view.type[0] = j if here else -1.0
    for i in range(view.reward.size):
        view.reward[i] = instance.weight[i, t, j] if here else 0.0
        view.cost[i, i] = 1.0 if here else 0.0


def match(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    cost[action] = view.cost[action, action]
    return view.reward[action]


def matched(instance, state, view, action, t):
    return view.reward[action] if action >= 0 else 0.0


def nodes_and_types(n: int, horizon: int) -> Spec:
    """The spec of a market of n offline nodes."""
    view = Arrival(np.zeros(n), np.zeros((n, n)), np.zeros(1))
    return Spec(Kind.REQUEST, n, horizon, idle=True, budget=np.ones(n), law=Law.SKIP, view=view)


def told_market(rule: str, spec: Spec, weight: Any, probability: Any) -> Market:
    """What a rule is told of a market, if the problem is one: as many nodes, and at least as many rounds."""
    told = market(weight, probability)
    if not hasattr(spec.view, "type") or not hasattr(spec.view, "cost") or spec.law != Law.SKIP or np.any(spec.budget != 1.0):
        raise BadValue(f"{rule}: got another problem; allowed: nodes of one unit and requests of known types, as in bayesian_matching")
    n, horizon = told.weight.shape[0], told.weight.shape[1]
    if n != spec.n_actions or horizon < spec.horizon:
        raise BadValue(f"{rule}: weight: got {n} nodes and {horizon} rounds; allowed: {spec.n_actions} nodes and at least {spec.horizon} rounds")
    return told


# ------------------------------------------------------------------------------------------------ the linear programs
def online_plan(weight: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A feasible x (I, T, J) of the online program, optimal as far as HiGHS can tell, and prices >= 0 of its second family."""
    from scipy import sparse

    n, horizon, types = weight.shape
    p = probability.ravel()
    rounds = np.arange(horizon).repeat(types)
    before = np.where(rounds[None, :] < rounds[:, None], p[:, None], 0.0) + np.eye(p.size)  # x_tj + p_tj (all before t) <= p_tj
    at_most = sparse.vstack([sparse.kron(np.ones((1, n)), sparse.eye_array(p.size)), sparse.kron(sparse.eye_array(n), before)], "csr")
    x, price = _highs(weight, at_most, np.concatenate([p, np.tile(p, n)]))
    return feasible(x, weight, probability), np.maximum(price[p.size :], 0.0).reshape(weight.shape)


def offline_plan(weight: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of the program of hindsight, with prices (I,) of the nodes."""
    from scipy import sparse

    n, size = weight.shape[0], probability.size
    at_most = sparse.vstack([sparse.kron(np.ones((1, n)), sparse.eye_array(size)), sparse.kron(sparse.eye_array(n), np.ones((1, size)))], "csr")
    x, price = _highs(weight, at_most, np.concatenate([probability.ravel(), np.ones(n)]))
    return feasible_offline(x, weight, probability), np.maximum(price[size:], 0.0)


def _highs(weight: np.ndarray, at_most: Any, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    unit = float(weight.max()) or 1.0
    solved = best_plan("matching_lp", weight.ravel() / unit, at_most, limits)
    return solved.x.reshape(weight.shape), -unit * solved.ineqlin.marginals


def _shared_out(x: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Scaled down until sum_i x_itj <= p_tj."""
    used = x.sum(axis=0)
    return x * np.divide(probability, used, out=np.ones(used.shape), where=used > probability)


def feasible(x: np.ndarray, weight: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """The nearest smaller plan that keeps every constraint of the online program; nothing goes where nothing is earned."""
    x = _shared_out(np.maximum(x, 0.0) * (weight > 0.0), probability)
    gone = np.zeros(weight.shape[0])
    for t, p in enumerate(probability):
        x[:, t] = np.minimum(x[:, t], p * np.maximum(1.0 - gone, 0.0)[:, None])
        gone += x[:, t].sum(axis=1)
    return x


def feasible_offline(x: np.ndarray, weight: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """The same of the program of hindsight."""
    x = _shared_out(np.maximum(x, 0.0) * (weight > 0.0), probability)
    return x / np.maximum(x.sum(axis=(1, 2)), 1.0)[:, None, None]


def proposals(plan: np.ndarray, probability: np.ndarray, c: float) -> np.ndarray:
    """r_itj = c x_itj / (p_tj (1 - c y_it)) as (T, J, I), y_it being what x has used of i before t; 0 where p is 0."""
    gone = np.cumsum(plan.sum(axis=2), axis=1)
    before = np.concatenate([np.zeros((len(plan), 1)), gone[:, :-1]], axis=1)
    free = probability * (1.0 - c * np.minimum(before, 1.0))[:, :, None]
    return np.minimum(np.divide(c * plan, free, out=np.zeros(plan.shape), where=free > 0.0), 1.0).transpose(1, 2, 0).copy()


def by_weight(weight: np.ndarray) -> np.ndarray:
    """(T, J, I): nodes by falling weight, ties in their own order."""
    return np.argsort(-weight, axis=0, kind="stable").transpose(1, 2, 0).copy()
