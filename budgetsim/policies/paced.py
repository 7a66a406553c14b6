"""Paced: any rule, held to an even spending line."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, BadValue
from ..confidence import best, best_mean, means, record, spending_rate
from ..kernels import available
from ..model import ARM, VOID, Nothing, Policy

NO_COST_SEEN = int(VOID)
INNER = -2  # not an action: the wrapped rule decides


class Memory(NamedTuple):
    inner: Any
    charged: np.ndarray
    cost: np.ndarray  #: mean, priced
    forced: np.ndarray  #: 1 where this round's action was not the wrapped rule's


class Params(NamedTuple):
    inner: Any
    rate: np.ndarray  #: budget / horizon; 0 where there is no cap
    price: np.ndarray
    horizon: int
    idle: bool


def override(memory, params, view, left, t):
    """INNER while spending is behind the line, or while no arm is known to be cheap."""
    ahead = False
    for j in range(left.size):
        if left[j] < params.rate[j] * (params.horizon - t - 1):
            ahead = True
    arm, least = INNER, math.inf
    if ahead and params.idle:
        arm = -1
    elif ahead:
        for k in range(memory.cost.size):
            if available(view, k) and memory.charged[k] > 0.0 and memory.cost[k] < least:
                arm, least = k, memory.cost[k]
    memory.forced[0] = 0.0 if arm == INNER else 1.0
    return arm


def account(memory, params, action, outcome):
    if action >= 0 and outcome.status != NO_COST_SEEN:
        cost = 0.0
        for j in range(params.price.size):
            cost += params.price[j] * outcome.cost[j]
        memory.charged[action] += 1.0
        memory.cost[action] += (cost - memory.cost[action]) / memory.charged[action]


def greedy_act(memory, params, view, left, t, key):
    return best(view, memory.mean)


def greedy_update(memory, params, view, action, outcome, t):
    record(memory, action, outcome.reward)


def greedy_recommend(memory, params, left, t, key):
    return best_mean(memory)


def paced(rule: Policy | None = None) -> Policy:
    """A rule that is overruled in the rounds in which spending is ahead of its line.

    The line is ``budget (t + 1) / horizon`` in each resource, t rounds being over. Where more is spent, the round is
    idle if the problem allows it, else it goes to the arm of least mean priced cost ``sum_j cost_j horizon / budget_j``
    among those charged before; everywhere else the wrapped rule decides. It is told the outcomes of its own decisions
    only, so that rules which weigh by their own probabilities stay correct. Recommends what the wrapped rule does.
    This rule is ours.

    Parameters
    ----------
    rule
        The rule to wrap; None for the greatest mean reward, each arm being tried once.

    Returns
    -------
    Policy
        For problems whose action is an arm; without budgets it is the wrapped rule.

    Raises
    ------
    BadType, BadValue
        If rule is not a Policy whose action is an arm; on a problem that renews its budget every round.

    Examples
    --------
    >>> paced().name
    'paced(greedy; told the horizon and budget)'
    """
    if rule is None:
        rule = Policy(ARM, lambda spec: means(spec.n_actions), greedy_act, greedy_update, recommend=greedy_recommend, name="greedy")
    if not isinstance(rule, Policy):
        raise BadType(f"rule: got {type(rule).__name__}; allowed: a Policy, such as what the functions of budgetsim.policies return")
    if rule.kind != ARM:
        raise BadValue(f"rule: got {rule.name}, whose action is a {rule.kind.name}; allowed: a rule that pulls an arm")
    inner_act, inner_update = rule.act, rule.update

    def init(spec):
        made = rule.init(spec)
        memory, params = made if type(made) is tuple and len(made) == 2 else (made, Nothing())
        rate = spending_rate("paced", spec)
        zeros = np.zeros(spec.n_actions)
        own = Params(params, np.where(np.isinf(rate), 0.0, rate), 1.0 / rate, spec.horizon, spec.idle)
        return Memory(Nothing() if memory is None else memory, zeros, zeros.copy(), np.zeros(1)), own

    def act(memory, params, view, left, t, key):
        arm = override(memory, params, view, left, t)
        if arm == INNER:
            arm = inner_act(memory.inner, params.inner, view, left, t, key)
        return arm

    def update(memory, params, view, action, outcome, t):
        account(memory, params, action, outcome)
        if memory.forced[0] == 0.0:
            inner_update(memory.inner, params.inner, view, action, outcome, t)

    return Policy(ARM, init, act, update, schedule=rule.schedule, name=f"paced({rule.name}; told the horizon and budget)", **_passed_on(rule))


def _passed_on(rule: Policy) -> dict[str, Any]:
    """The wrapped rule's other functions, on its own part of the memory."""

    def begin(memory, params, key):
        inner_begin(memory.inner, params.inner, key)

    def replan(memory, params, view, left, t):
        inner_replan(memory.inner, params.inner, view, left, t)

    def stop(memory, params, left, t):
        return inner_stop(memory.inner, params.inner, left, t)

    def recommend(memory, params, left, t, key):
        return inner_recommend(memory.inner, params.inner, left, t, key)

    inner_begin, inner_replan, inner_stop, inner_recommend = rule.begin, rule.replan, rule.stop, rule.recommend
    mine = {"begin": begin, "replan": replan, "stop": stop, "recommend": recommend}
    return {name: f for name, f in mine.items() if getattr(rule, name) is not None}
