"""What an agent that lives on its stock costs a principal who pays for what the stock cannot."""

from typing import Any, NamedTuple

import numpy as np

from .. import arguments
from ..arguments import BadValue, array, whole
from ..model import Optimum
from ..shared.stock_tables import best_table, followed_table
from .ruin_dp import lattice, ruin_dp, steps

_EPS = float(np.finfo(float).eps)


class PrincipalPlan(NamedTuple):
    """Row k: k steps left; column i: a stock of i steps."""

    agent: np.ndarray  #: U, what the agent's optimal rule is worth to the principal
    principal: np.ndarray  #: W, what the principal's own optimum is worth
    gap: np.ndarray  #: W - U >= 0
    agent_action: np.ndarray
    principal_action: np.ndarray
    step: float


def principal_gap(outcomes: Any, probabilities: Any, budget: Any, horizon: Any, stocks: float | None = None) -> Optimum:
    """How much more a rule that counts unpaid losses would bring its principal than the rule that maximises the final stock.

    The agent plays the optimum of `ruin_dp(objective="wealth")`; the principal gets every raw gain, also that part of a loss
    which the stock could not pay. At a stock of 0 the game ends for both. With a_k(b) the agent's choice,

        U_k(b) = E[R_a + U_{k-1}((b + R_a)^+)],  a = a_k(b),    W_k(b) = max_a E[R_a + W_{k-1}((b + R_a)^+)].

    Parameters
    ----------
    outcomes, probabilities : (K, S), as in `ruin_dp`; stock and outcomes must have a common step.
    budget : the stock at the start, >= 0. horizon : rounds, at least 1.
    stocks : the largest stock that `plan` is to hold; None for what can be reached.

    Returns
    -------
    Optimum; `value` is the gap W_T(budget) - U_T(budget) >= 0, `plan` a `PrincipalPlan` of all tables.

    Raises
    ------
    BadType, BadValue : as `ruin_dp`; amounts without a common step, since U need not grow with the stock and so has no bracket.

    Departures from the paper
    -------------------------
    The paper names the misalignment; this measure of it is ours.

    Examples
    --------
    >>> coins = [[1, -1], [3, -3], [10, -8]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]
    >>> gap = principal_gap(*coins, budget=1, horizon=30)
    >>> [round(float(gap.plan.gap[k, 1]), 2) for k in (1, 3, 10, 30)]
    [2.9, 3.05, 3.46, 0.87]

    References
    ----------
    [JarneOrnia2025]_ for the asymmetries of liability and horizon
    """
    x = array("outcomes", outcomes, (None, None))
    p = arguments.probabilities("probabilities", probabilities, x.shape)
    agent = ruin_dp(x, p, budget, whole("horizon", horizon, 1), stocks=stocks)
    grid, fits = lattice(x[p > 0.0], float(np.ravel(budget)[0]), None)
    if not fits:
        raise BadValue("outcomes, budget: got amounts that have no common step; allowed: multiples of one step")
    # the induction needs the agent's choices as far as one can get from the last column
    arms = steps(x, p, grid, "split")
    rows, width = agent.plan.action.shape[0], agent.plan.action.shape[1] - 1
    far = min((rows - 1) * arms.loss + 1, width + (rows - 1) * arms.gain)
    wide = ruin_dp(x, p, budget, rows - 1, stocks=max(far, width) * grid).plan.action if far > width else agent.plan.action
    u, w, choices = np.zeros(wide.shape), np.zeros(wide.shape), np.full(wide.shape, -1, np.int16)
    means = (arms.move * arms.chance).sum(axis=(1, 2)) * grid
    law = arms.move.reshape(len(x), -1), arms.chance.reshape(len(x), -1), np.repeat(means[:, None], wide.shape[1], axis=1)
    best_table(*law, w, choices)  # beyond the last column all is calm, and the gains to come are the same
    followed_table(*law, wide, u)
    keep = slice(0, width + 1)
    plan = PrincipalPlan(u[:, keep], w[:, keep], (w - u)[:, keep], agent.plan.action, choices[:, keep], grid)
    at = round(float(np.ravel(budget)[0]) / grid)
    value, slack = float(plan.gap[-1, at]), 4 * (arms.chance[0].size + 4) * rows * rows * _EPS * grid * max(arms.loss, arms.gain)
    return Optimum(
        "principal_gap", "certified", value, value - slack, value + slack, plan, None, "mean raw gain of the principal's optimum less that of the agent's"
    )


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    coins = {"outcomes": [[1, -1], [3, -3], [10, -8]], "probabilities": [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]}
    return [{"outcomes": [[1, -1]], "probabilities": [[0.5, 0.5]], "budget": 2, "horizon": 4}, {**coins, "budget": 1, "horizon": 4}]
