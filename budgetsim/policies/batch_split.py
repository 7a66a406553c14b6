"""Batch split: a program for each batch of queries, with what is thought to be left."""

from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, choice, number, whole
from ..kernels import available
from ..model import REQUEST, Policy
from ..shared.requests import purse
from ..shared.routing import sample_program, whole_program


class Memory(NamedTuple):
    plan: np.ndarray  #: (block,) the option of each query of the batch, -1 none
    left: np.ndarray  #: (d,) the budget less the estimated costs of all that was routed


class Params(NamedTuple):
    gap: float  #: of the 0-1 program; negative: the linear program, rounded


def act(memory, params, view, left, t, key):
    planned = int(memory.plan[t % memory.plan.size])
    return planned if planned >= 0 and available(view, planned) else -1


def update(memory, params, view, action, outcome, t):
    if action >= 0:
        for j in range(memory.left.size):
            memory.left[j] = max(memory.left[j] - view.cost[action, j], 0.0)


def replan(memory, params, view, left, t):
    block = memory.plan.size
    reward, cost = view.ahead_reward[:block], view.ahead_cost[:block]
    x = sample_program(reward, cost, memory.left)[0] if params.gap < 0.0 else whole_program(reward, cost, memory.left, params.gap)
    best = x.argmax(axis=1)
    memory.plan[: len(x)] = np.where(x[np.arange(len(x)), best] > 1e-9, best, -1)


def batch_split(block: int = 256, program: str = "whole", gap: float = 1e-4) -> Policy:
    """Every `block` queries: the best plan for these by their estimates, as if they were the last.

    Before rounds 0, L, 2L, ... the rule sees the estimates d, g of the next L queries and solves

        max sum d_ji x_ji   subject to   sum_ji g_ji x_ji <= b,  sum_i x_ji <= 1,

    b being the budget less the estimated costs of all that it routed so far, served or not, and at least 0. Query j goes to
    the i with x_ji = 1, or to none.

    Parameters
    ----------
    block
        L, at least 1; no more than the problem lets a rule look ahead.
    program
        "whole": x is 0 or 1; "linear": x in [0, 1], and query j goes to the i of greatest x_ji > 0.
    gap
        Relative gap at which the 0-1 program may stop, in [0, 1).

    Returns
    -------
    Policy
        For requests that show estimates, and those of the next L requests as `ahead_reward` (L, n) and `ahead_cost` (L, n, d).

    Raises
    ------
    BadValue, BadType
        If an argument is out of range; on a problem that shows no estimates, no look ahead or too short a one.

    Departures from the paper
    -------------------------
    The published code lacks this baseline's file: that lost queries count as paid, and the gap, are ours.

    Examples
    --------
    >>> batch_split().name
    'batch_split(256, whole, gap=0.0001; told the budget, sees 256 queries ahead)'

    References
    ----------
    [Wu2025]_, where it is a baseline.
    """
    block, program, gap = whole("block", block, 1), choice("program", program, ("whole", "linear")), number("gap", gap, 0.0, 1.0)

    def init(spec):
        purse("batch_split", spec)
        shown = len(getattr(spec.view, "ahead_reward", ()))
        if shown < block or not hasattr(spec.view, "ahead_cost"):
            raise BadValue(f"batch_split: the problem shows {shown} requests ahead; allowed: at least block = {block}")
        return Memory(np.full(block, -1.0), spec.budget.copy()), Params(gap if program == "whole" else -1.0)

    def schedule(spec):
        return range(0, spec.horizon, block)

    kind = f"whole, gap={gap:g}" if program == "whole" else program
    return Policy(REQUEST, init, act, update, replan=replan, schedule=schedule, name=f"batch_split({block}, {kind}; told the budget, sees {block} queries ahead)")
