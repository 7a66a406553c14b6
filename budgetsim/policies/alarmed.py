"""Alarmed: any index rule, and the best mean while the stock is low."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, BadValue, number
from ..confidence import Means, best, means, record
from ..model import ARM, Nothing, Outcome, Policy
from ..shared.survival import bounds, most_optimistic, one_stock, record_bounds, reward_range


class Memory(NamedTuple):
    inner: Any
    reward: Means
    untried: np.ndarray


class Params(NamedTuple):
    inner: Any
    omega: float
    low: float
    width: float  #: 1 / (high - low)


def override(memory, params, view, left, arm):
    """The best mean where the stock is low, an untried arm where there is one, else what the wrapped rule says."""
    if left[0] <= params.omega:
        return best(view, memory.reward.mean)
    if memory.untried[0] > 0.0:
        first = best(view, memory.reward.mean)
        if memory.reward.mean[first] == math.inf:
            return first
    return arm


def note_reward(memory, action, reward):
    if record(memory.reward, action, reward) == 1.0:
        memory.untried[0] -= 1.0


def ucb1_act(memory, params, view, left, t, key):
    return most_optimistic(memory, view, 1.0, t)


def ucb1_update(memory, params, view, action, outcome, t):
    record_bounds(memory, action, outcome.reward)


def alarmed(rule: Policy | None = None, omega: float = 1.0, low: float = -1.0, high: float = 1.0) -> Policy:
    """A rule that is overruled while the stock is at most omega: then the best mean is pulled.

    Each arm once, in order; then, where the stock is at most omega, the arm of greatest mean reward (ties go to the lower
    arm), else what the wrapped rule says. That rule is told every reward, also those of rounds in which it was overruled, as
    ``(reward - low) / (high - low)``.

    Parameters
    ----------
    rule
        The rule to wrap, one whose choice follows from the rewards of arms alone, for rewards in [0, 1]: `ucb1`, `kl_ucb`, `epsilon_greedy`.
        None for UCB1.
    omega
        The alarm, >= 0, in units of the stock; 0 never rings, and leaves the wrapped rule on mapped rewards.
    low, high
        The range of rewards, mapped to [0, 1].

    Returns
    -------
    Policy
        For problems with one stock that ends the run when it is gone.

    Raises
    ------
    BadType, BadValue
        If rule is not a Policy whose action is an arm, omega not a number >= 0, or low < high does not hold; on a problem
        without such a stock.

    Departures from the paper
    -------------------------
    Of the authors' code, whose default omega is 1 (a notebook of theirs takes K). Ties there are broken at random.

    Examples
    --------
    >>> alarmed(omega=10).name
    'alarmed(ucb1(radius=2), omega=10, rewards in [-1, 1])'

    References
    ----------
    [Perotto2019]_, for the problem; the rule is in the authors' code.
    """
    if rule is None:
        rule = Policy(ARM, lambda spec: bounds(spec.n_actions), ucb1_act, ucb1_update, name="ucb1(radius=2)")
    if not isinstance(rule, Policy):
        raise BadType(f"rule: got {type(rule).__name__}; allowed: a Policy, such as what the functions of budgetsim.policies return")
    if rule.kind != ARM:
        raise BadValue(f"rule: got {rule.name}, whose action is a {rule.kind.name}; allowed: a rule that pulls an arm")
    omega, (low, high) = number("omega", omega, 0.0), reward_range(low, high)
    inner_act, inner_update = rule.act, rule.update

    def init(spec):
        one_stock("alarmed", spec)
        made = rule.init(spec)
        memory, params = made if type(made) is tuple and len(made) == 2 else (made, Nothing())
        own = Params(params, omega, low, 1.0 / (high - low))
        return Memory(Nothing() if memory is None else memory, means(spec.n_actions), np.full(1, float(spec.n_actions))), own

    def act(memory, params, view, left, t, key):
        return override(memory, params, view, left, inner_act(memory.inner, params.inner, view, left, t, key))

    def update(memory, params, view, action, outcome, t):
        note_reward(memory, action, outcome.reward)
        told = Outcome((outcome.reward - params.low) * params.width, outcome.cost, outcome.seen, outcome.status)
        inner_update(memory.inner, params.inner, view, action, told, t)

    def begin(memory, params, key):
        inner_begin(memory.inner, params.inner, key)

    def replan(memory, params, view, left, t):
        inner_replan(memory.inner, params.inner, view, left, t)

    inner_begin, inner_replan = rule.begin, rule.replan
    name = f"alarmed({rule.name}, omega={omega:g}, rewards in [{low:g}, {high:g}])"
    return Policy(ARM, init, act, update, begin=begin if inner_begin else None, replan=replan if inner_replan else None, schedule=rule.schedule, name=name)
