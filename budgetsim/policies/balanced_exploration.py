"""Balanced exploration: every mixture that may still be the best, each arm as often as any of them allows."""

from typing import Any

from ..arguments import choice, number
from ..model import ARM, Policy
from ..shared.mixtures import FORMS, bounds, draw_arm, largest_costs, note, opened, rounds_to_solve
from ..shared.packing import best_mixture, extreme_mixtures


def act(memory, params, view, left, t, key):
    return draw_arm(memory, params, view, key)


def update(memory, params, view, action, outcome, t):
    note(memory, params, action, outcome)


def replan(memory, params, view, left, t):
    upper, lower, cheap, dear = bounds(memory, params)
    floor = lower @ best_mixture(lower, dear, params.rate)
    memory.mixture[:] = extreme_mixtures(upper, cheap, params.rate, floor).mean(axis=0)


def balanced_exploration(radius: str = "relative", confidence: float = 0.25, resolve: float = 0.01, largest_cost: Any = None) -> Policy:
    """Successive elimination for bandits with knapsacks: mixtures are eliminated, and arms explored as far as the others allow.

    With (L, U) bounding the mean rewards and (l_j, u_j) the mean costs of resource j, the value ``V = max L.x`` subject to
    ``u_j.x <= B_j / T`` is surely reached. What may still be the best are

        {x >= 0, sum x <= 1 : l_j.x <= B_j / T for every j, U.x >= V}.

    In each phase, for every arm b the x of this set with the greatest x_b is found, of several the one with the greatest
    U.x; a round takes one of these K mixtures, each with probability 1/K, and an arm from it; what is missing to 1 is idle.
    The first phase begins when each arm was pulled once; a phase lasts for a twentieth of the rounds before it, but at most
    for the share `resolve` of the horizon. Bounds are mean +- r as in `ucb_bwk`.

    Parameters
    ----------
    radius
        "relative" or "hoeffding".
    confidence
        Multiplies the logarithm in A, >= 0; 0.25 as in `primal_dual`.
    resolve
        The longest phase, as a share of the horizon, in (0, 1].
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
    A reconstruction, in convex form: the paper's set is that of mixtures that are optimal for some instance within the
    bounds, over which nobody knows how to optimise; the set here contains it. The paper's phase is K rounds long, one
    for each arm. Bounds of earlier phases are not intersected. Without the idle action the draw is from x / sum x.

    Examples
    --------
    >>> balanced_exploration().name
    'balanced_exploration(relative, confidence=0.25, resolve=0.01, largest_cost=1; told the horizon and budget)'

    References
    ----------
    [Badanidiyuru2018]_, algorithm BalancedExploration.
    """
    radius, confidence = choice("radius", radius, FORMS), number("confidence", confidence, 0.0)
    resolve, largest = number("resolve", resolve, 1e-9, 1.0), largest_costs(largest_cost)

    def init(spec):
        return opened("balanced_exploration", spec, radius, confidence, largest)

    def schedule(spec):
        return rounds_to_solve(spec, resolve)

    costs = ", ".join(f"{c:g}" for c in largest)
    name = f"balanced_exploration({radius}, confidence={confidence:g}, resolve={resolve:g}, largest_cost={costs}; told the horizon and budget)"
    return Policy(ARM, init, act, update, replan=replan, schedule=schedule, name=name)
