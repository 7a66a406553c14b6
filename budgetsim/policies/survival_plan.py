"""The best rule of a stock that may run out, told the laws: a table looked up."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, choice, number
from ..model import ARM, Nothing, Policy
from ..optima.ruin_dp import ruin_dp
from ..shared.survival import laws, one_stock, or_first


class Params(NamedTuple):
    action: np.ndarray  #: (steps left, stock in steps of the grid)
    step: float
    horizon: int


def act(memory, params, view, left, t, key):
    i = int(min(math.ceil(left[0] / params.step - 1e-9), params.action.shape[1] - 1))
    arm = int(params.action[params.horizon - t, i])
    return or_first(view, arm)


def update(memory, params, view, action, outcome, t):
    pass


def survival_plan(outcomes: Any, probabilities: Any, objective: str = "wealth", penalty: float = 0.0) -> Policy:
    """The optimal arm for the present stock and the steps that are left, told the laws.

    Plays ``argmax_a E V_(k-1)((b + R_a)^+)`` of `ruin_dp`, k steps being left and b the stock; ties go to the lower arm.

    Parameters
    ----------
    outcomes, probabilities
        The hidden truth of `survival_bandit`, (K, S): gains of each arm, and how likely they are.
    objective
        "wealth": mean final stock; "survival": probability not to be ruined; "penalised": mean final stock less the
        penalty times the probability of ruin.
    penalty
        Of ruin, >= 0, in units of stock; for "penalised" only.

    Returns
    -------
    Policy
        For problems with these K arms and one stock that ends the run when it is gone. Its memory is a table of horizon times
        stocks. Where stocks are on no lattice, the grid is that of `ruin_dp`, and the rule is optimal to that grid's error.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on a problem without such a stock, with another number of arms, or too
        large for tables.

    Examples
    --------
    >>> survival_plan([[1, -1], [3, -3]], [[0.6, 0.4], [0.55, 0.45]]).name
    'survival_plan(wealth; told the outcomes, probabilities, stock and horizon)'

    References
    ----------
    [JarneOrnia2025]_, for the model.
    """
    x, p = laws(outcomes, probabilities)
    choice("objective", objective, ("wealth", "survival", "penalised"))
    penalty = number("penalty", penalty, 0.0)
    if penalty and objective != "penalised":
        raise BadValue(f"penalty: got {penalty:g} with the objective {objective!r}; allowed: 0, or objective='penalised'")

    def init(spec):
        stock = one_stock("survival_plan", spec, len(x))
        plan = ruin_dp(x, p, stock, spec.horizon, objective, penalty).plan
        return Nothing(), Params(np.maximum(plan.action, 0), plan.step, spec.horizon)

    name = objective if objective != "penalised" else f"penalised, penalty={penalty:g}"
    return Policy(ARM, init, act, update, name=f"survival_plan({name}; told the outcomes, probabilities, stock and horizon)")
