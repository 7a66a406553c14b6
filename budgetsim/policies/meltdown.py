"""Meltdown: any vendor, until it loses the thread."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadType, BadValue, number
from ..model import VECTOR, Nothing, Policy
from ..shared.vending import machine_of, on_its_way

_SLOT = 1 << 31  # beyond what wrapped rules draw from


class Memory(NamedTuple):
    inner: Any
    lost: np.ndarray  #: (1,) 1 in a meltdown


class Params(NamedTuple):
    inner: Any
    hazard: float
    growth: float
    recovery: float


def drift(memory, params, t, key):
    """Whether the agent is lost today."""
    luck = draws.uniform(key, _SLOT)
    if memory.lost[0] == 0.0:
        memory.lost[0] = 1.0 if luck < params.hazard * (1.0 + params.growth * t) else 0.0
    elif luck < params.recovery:
        memory.lost[0] = 0.0
    return memory.lost[0] != 0.0


def top_up_act(memory, params, view, left, t, key, chosen):
    """Reference prices, and the machine filled up."""
    k = params.unit_cost.size
    for i in range(k):
        chosen[i], chosen[k + i] = params.reference_price[i], params.capacity[i] - on_its_way(view, i)
    chosen[2 * k] = 1.0


def learn_nothing_more(memory, params, view, action, outcome, t):
    pass


def meltdown(rule: Policy | None = None, hazard: float = 0.002, growth: float = 0.01, recovery: float = 0.0) -> Policy:
    """Plays a rule until it derails; from then on it does nothing: no order, no price, no collection.

    On day t an agent that is not lost gets lost with probability min(hazard (1 + growth t), 1), before it acts; one that is lost finds
    back with probability `recovery`. The wrapped rule sees every day, also those on which it does not act.

    Parameters
    ----------
    rule
        The rule to wrap. None for one that posts the reference prices and fills the machine up.
    hazard
        Of day 0, in [0, 1].
    growth
        By how much of itself the hazard grows each day, >= 0.
    recovery
        In [0, 1]. With 0 nobody ever recovers.

    Returns
    -------
    Policy
        For `vending_machine`.

    Raises
    ------
    BadType, BadValue
        If rule is no Policy with a vector of numbers as its action, or a number is out of range; on other problems.

    Departures from the paper
    -------------------------
    The paper reports that runs derail and seldom recover, not why; the hazard that grows with time is ours, and stands for that variance only.

    Examples
    --------
    >>> meltdown().name
    'meltdown(top up at reference prices, hazard=0.002, growth=0.01, recovery=0)'

    References
    ----------
    [Backlund2025]_, for the meltdowns.
    """
    if rule is None:
        rule = Policy(VECTOR, lambda spec: (Nothing(), machine_of("meltdown", spec)), top_up_act, learn_nothing_more, name="top up at reference prices")
    if not isinstance(rule, Policy):
        raise BadType(f"rule: got {type(rule).__name__}; allowed: a Policy, such as what the functions of budgetsim.policies return")
    if rule.kind != VECTOR:
        raise BadValue(f"rule: got {rule.name}, whose action is a {rule.kind.name}; allowed: a rule for vending_machine")
    hazard, growth, recovery = number("hazard", hazard, 0.0, 1.0), number("growth", growth, 0.0), number("recovery", recovery, 0.0, 1.0)
    inner_act, inner_update, inner_begin, inner_replan = rule.act, rule.update, rule.begin, rule.replan

    def init(spec):
        machine_of("meltdown", spec)
        made = rule.init(spec)
        memory, params = made if type(made) is tuple and len(made) == 2 else (made, Nothing())
        return Memory(Nothing() if memory is None else memory, np.zeros(1)), Params(params, hazard, growth, recovery)

    def act(memory, params, view, left, t, key, chosen):
        inner_act(memory.inner, params.inner, view, left, t, key, chosen)
        if drift(memory, params, t, key):
            for i in range(chosen.size):
                chosen[i] = 0.0

    def update(memory, params, view, action, outcome, t):
        inner_update(memory.inner, params.inner, view, action, outcome, t)

    def begin(memory, params, key):
        inner_begin(memory.inner, params.inner, key)

    def replan(memory, params, view, left, t):
        inner_replan(memory.inner, params.inner, view, left, t)

    name = f"meltdown({rule.name}, hazard={hazard:g}, growth={growth:g}, recovery={recovery:g})"
    return Policy(VECTOR, init, act, update, begin=begin if inner_begin else None, replan=replan if inner_replan else None, schedule=rule.schedule, name=name)
