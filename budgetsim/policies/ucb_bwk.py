"""UcbBwK: the best mixture of arms, were rewards as high and costs as low as the data allow."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import choice, number
from ..model import ARM, Policy
from ..shared.mixtures import FORMS, Told, bounds, draw_arm, largest_costs, note, opened, rounds_to_solve
from ..shared.packing import best_mixture


class Params(NamedTuple):
    told: Told
    cap: np.ndarray  #: what a round may cost on average, less the margin


def act(memory, params, view, left, t, key):
    return draw_arm(memory, params.told, view, key)


def update(memory, params, view, action, outcome, t):
    note(memory, params.told, action, outcome)


def replan(memory, params, view, left, t):
    upper, _, lower, _ = bounds(memory, params.told)
    memory.mixture[:] = best_mixture(upper, lower, params.cap)


def ucb_bwk(radius: str = "relative", confidence: float = 0.25, epsilon: float | None = None, resolve: float = 0.01, largest_cost: Any = None) -> Policy:
    """UcbBwK: an arm drawn from the solution of the most optimistic fluid linear program.

    After each arm was pulled once, and again after each share `resolve` of the horizon (early on whenever the rounds grew by
    a twentieth), the rule solves

        max U.x   subject to   L_j.x <= (1 - epsilon) B_j / T for every resource j,  sum x <= 1,  x >= 0,

    and draws its arms from x; what is missing to 1 is idle. U bounds the mean rewards from above and L the mean costs from
    below: mean +- r, within [0, 1], with ``r = sqrt(A mean / n) + A / n`` (relative) or ``r = sqrt(A / n)`` (hoeffding) after
    n pulls, ``A = confidence log(K T (d + 1))``, costs being measured in units of the largest.

    Parameters
    ----------
    radius
        "relative" or "hoeffding".
    confidence
        Multiplies the logarithm in A, >= 0; 0.25, the constant that `primal_dual` has, since the analysis fixes it up to a factor only.
    epsilon
        The share of every budget that is kept back, in [0, 1); None for ``min(1/2, sqrt(K A / B) + K A / B)``, B the
        smallest budget in units of the largest cost.
    resolve
        Greatest share of the horizon between two programs, in (0, 1].
    largest_cost
        The most that a round can cost, a number or (d,), > 0, in units of each resource; None for 1.

    Returns
    -------
    Policy
        For problems whose action is an arm, with rewards in [0, 1] and costs in [0, largest_cost].

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on a problem without a finite budget, with one that is 0, or one that
        is renewed every round.

    Departures from the paper
    -------------------------
    The program is solved after every 1 % of the rounds, or 5 % of those played, instead of in every round. The paper's epsilon is known to us up to
    logarithms only. Without the idle action the draw is from x / sum x. Where arms are not available the draw is
    conditioned on those that are. A round that the budget made void counts as a reward of 0 and shows no cost.

    Examples
    --------
    >>> ucb_bwk().name
    'ucb_bwk(relative, confidence=0.25, epsilon=sqrt(KA/B)+KA/B, resolve=0.01, largest_cost=1; told the horizon and budget)'

    References
    ----------
    [Agrawal2014]_ ; [Slivkins2019]_, chapter 10.
    """
    radius, confidence = choice("radius", radius, FORMS), number("confidence", confidence, 0.0)
    margin = None if epsilon is None else number("epsilon", epsilon, 0.0, 1.0 - 1e-9)
    resolve, largest = number("resolve", resolve, 1e-9, 1.0), largest_costs(largest_cost)

    def init(spec):
        record, told = opened("ucb_bwk", spec, radius, confidence, largest)
        if margin is None:
            share = spec.n_actions * told.level / (spec.horizon * min(float(told.rate.min()), 1.0))
            kept = min(0.5, math.sqrt(share) + share)
        else:
            kept = margin
        return record, Params(told, told.rate * (1.0 - kept))

    def schedule(spec):
        return rounds_to_solve(spec, resolve)

    kept, costs = "sqrt(KA/B)+KA/B" if margin is None else f"{margin:g}", ", ".join(f"{c:g}" for c in largest)
    name = f"ucb_bwk({radius}, confidence={confidence:g}, epsilon={kept}, resolve={resolve:g}, largest_cost={costs}; told the horizon and budget)"
    return Policy(ARM, init, act, update, replan=replan, schedule=schedule, name=name)
