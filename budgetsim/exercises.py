"""Tiny problems of every kind and law, and a rule that tries every action: what `checks` plays, for rules that have no problem of their own yet."""

import math
from typing import Any, NamedTuple

import numpy as np

from . import draws
from .kernels import available
from .model import ARM, REQUEST, RUIN, SKIP, VECTOR, Kind, Nothing, Policy, Problem, Spec


class Truth(NamedTuple):
    mean_reward: np.ndarray
    mean_cost: np.ndarray


class Mask(NamedTuple):
    legal: np.ndarray


class Offer(NamedTuple):
    reward: np.ndarray
    cost: np.ndarray


class Demand(NamedTuple):
    demand: np.ndarray


class Day(NamedTuple):
    day: np.ndarray


def coins(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    d = cost.size
    for j in range(d):
        cost[j] = draws.bernoulli(key, action * (d + 1) + 1 + j, instance.mean_cost[action, j])
    return draws.bernoulli(key, action * (d + 1), instance.mean_reward[action])


def mean_coin(instance, state, view, action, t):
    return instance.mean_reward[action] if action >= 0 else 0.0


def gamble(instance, state, view, action, left, t, key, cost, seen):
    won = draws.bernoulli(key, action, instance.mean_reward[action])
    cost[0] = 2.0 - 3.0 * won
    return won


def some_arms(instance, state, t, key, view):
    for k in range(view.legal.size):
        view.legal[k] = draws.bernoulli(key, 100 + k, 0.5)
    view.legal[t % view.legal.size] = 1.0


def first_day(instance):
    return Day(np.zeros(1))


def next_day(instance, state, view, action, outcome, left, t, key):
    state.day[0] = (state.day[0] + 1.0) % 3.0


def ration(instance, state, view, left):
    for j in range(left.size):
        left[j] = state.day[0]


def offer(instance, state, t, key, view):
    n, d = view.cost.shape
    for i in range(n):
        view.reward[i] = draws.uniform(key, i)
        for j in range(d):
            view.cost[i, j] = draws.bernoulli(key, n + i * d + j, 0.5)


def serve(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    for j in range(cost.size):
        cost[j] = view.cost[action, j]
    return view.reward[action]


def offered(instance, state, view, action, t):
    return view.reward[action] if action >= 0 else 0.0


def sell(instance, state, view, action, left, t, key, cost, seen):
    sold = 0.0
    for i in range(seen.demand.size):
        seen.demand[i] = draws.integer(key, i, 4)
        sold += min(action[i], seen.demand[i])
        for j in range(cost.size):
            cost[j] += action[i]
    return sold


def mean_sale(instance, state, view, action, t):
    total = 0.0
    for i in range(action.size):
        for w in range(1, 4):
            total += 0.25 * min(action[i], float(w))
    return total


def exercises(kind: Kind) -> list[Problem]:
    """Small problems of one kind, under each law: what a rule is tried on when nobody says on what.

    >>> [p.name for p in exercises(ARM)]
    ['arms', 'arms, 2 budgets', 'arms, SKIP', 'arms, RUIN', 'arms, sometimes', 'arms, renewed']
    """
    n, horizon = 3, 60
    means = np.linspace(0.3, 0.7, n)
    free, costly = Truth(means, np.zeros((n, 0))), Truth(means, np.array([[0.2, 0.7], [0.5, 0.5], [0.8, 0.3]]))
    budget = np.array([12.5, 20.0])
    base = Spec(kind, n, horizon)
    if kind == ARM:
        bandit = Problem(base, free, coins, expected=mean_coin, name="arms")
        scarce = base._replace(budget=budget)
        return [
            bandit,
            Problem(scarce._replace(idle=True), costly, coins, expected=mean_coin, name="arms, 2 budgets"),
            Problem(scarce._replace(law=SKIP), costly, coins, expected=mean_coin, name="arms, SKIP"),
            Problem(base._replace(law=RUIN, budget=np.array([9.0])), costly, gamble, expected=mean_coin, name="arms, RUIN"),
            bandit._replace(spec=base._replace(view=Mask(np.ones(n))), observe=some_arms, name="arms, sometimes"),
            Problem(scarce._replace(law=SKIP, renew=True), costly, coins, first_day, None, None, next_day, ration, mean_coin, name="arms, renewed"),
        ]
    if kind == REQUEST:
        shown = base._replace(budget=budget, view=Offer(np.zeros(n), np.zeros((n, 2))))
        requests = Problem(shown, costly, serve, observe=offer, expected=offered, name="requests")
        return [requests, requests._replace(spec=shown._replace(law=SKIP), name="requests, SKIP")]
    stock = base._replace(budget=np.array([70.5]), high=np.full(n, 3.0), whole=np.ones(n, bool), feedback="full", seen=Demand(np.zeros(n)))
    amounts = Problem(stock, costly, sell, expected=mean_sale, name="whole amounts")
    return [amounts, amounts._replace(spec=stock._replace(law=SKIP, whole=None, feedback="semi"), name="amounts, SKIP")]


# ------------------------------------------------------------------------------------------------ a rule that tries everything
class Range(NamedTuple):
    """What the probing rule draws from: amounts low + width u; `detour`: other actions in odd rounds."""

    low: np.ndarray
    width: np.ndarray
    whole: np.ndarray
    idle: int
    detour: int


def probe(kind: Kind, detour: bool = False) -> Policy:
    """A rule that tries everything: uniform over what is legal."""

    def init(spec: Spec) -> Any:
        n = spec.n_actions
        low, high = (np.zeros(n), np.zeros(n)) if spec.low is None else (spec.low, spec.high)
        low = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high - 1.0, -1.0))
        integral = np.zeros(n, bool) if spec.whole is None else spec.whole
        low = np.where(integral, np.ceil(low), low)
        return Nothing(), Range(low, np.where(np.isfinite(high), high - low, 2.0), integral, int(spec.idle or spec.kind == REQUEST), int(detour))

    return Policy(kind, init, try_amounts if kind == VECTOR else try_action, learn_nothing, name="any action")


def try_action(memory, params, view, left, t, key):
    n = params.low.size
    k = draws.integer(key, params.detour * (t % 2), n + params.idle) - params.idle
    for _ in range(n):
        if k < 0 or available(view, k):
            break
        k = (k + 1) % n
    return k


def try_amounts(memory, params, view, left, t, key, chosen):
    n = chosen.size
    for i in range(n):
        u = draws.uniform(key, i + n * params.detour * (t % 2))
        chosen[i] = params.low[i] + (math.floor(u * (math.floor(params.width[i]) + 1.0)) if params.whole[i] else u * params.width[i])


def learn_nothing(memory, params, view, action, outcome, t):
    pass
