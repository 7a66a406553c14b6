"""LagrangeBwK: exponential weights for the arms against exponential weights for the resources."""

from typing import Any

from ..model import ARM, Policy
from ..shared.exponential_weights import game_arguments, learn_game, new_game, play_game


def lagrange_bwk(eta: float | None = None, mixing: float | None = None, dual_eta: float | None = None, largest_cost: Any = 1.0) -> Policy:
    """LagrangeBwK: EXP3 draws an arm, or the null arm; Hedge weighs what it costs.

    A zero-sum game with payoff ``L(a, i) = r + 1 - (T/B) c_i`` of the round's reward r and costs c: the primal player
    chooses the arm a, the dual player the resource i. Time is a resource with cost B/T a round. All budgets are rescaled to
    the smallest, B. The primal player is EXP3 on gains over K options, the null arm included: option k has probability ``p_k =
    (1 - mixing) w_k / sum w + mixing / K``, and the one drawn ``w *= exp(eta g / p)``, g being the mean of L over the dual player's
    mixture, brought to [0, 1]. The dual player is Hedge over d resources, time included: ``v_i *= exp(-dual_eta L(a, i))``.
    Defaults: ``eta = sqrt(log K / (K T))``, ``mixing = sqrt(K log K / T)``, at most 1, ``dual_eta = sqrt(8 log d / T)``.

    Parameters
    ----------
    eta, mixing, dual_eta
        Rates per unit of g and of L, >= 0, and a probability; None for the values above.
    largest_cost
        The most that a round can cost, a number or (d,), > 0, in units of each resource; what is beyond counts as this.

    Returns
    -------
    Policy
        For problems whose action is an arm, with rewards in [0, 1].

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; on a problem without a finite budget, with one that is 0, or one that
        is renewed every round.

    Departures from the paper
    -------------------------
    EXP3 stands where the analysis asks for a learner with high-probability regret, and sees L at the dual's mixture where
    the paper draws a resource; the rates are ours: with ``dual_eta`` divided by 1 + T/B, the length of L's range, Hedge's bound is best,
    and more regret was seen. Without an idle action there is no null arm. A resource without a cap
    costs nothing. A round that the budget made void counts as one with reward 0 and cost 0.

    Examples
    --------
    >>> lagrange_bwk().name
    'lagrange_bwk(eta=auto, mixing=auto, dual_eta=auto, largest_cost=1; told the horizon and budget)'

    References
    ----------
    [Immorlica2019]_, algorithm LagrangeBwK; [Slivkins2019]_, chapter 10.
    """
    rates, largest, said = game_arguments(eta, mixing, dual_eta, largest_cost)

    def init(spec):
        return new_game("lagrange_bwk", spec, largest, rates, True)

    return Policy(ARM, init, play_game, learn_game, name=f"lagrange_bwk({said}; told the horizon and budget)")
