"""Adversarial bandits with knapsacks: LagrangeBwK at a price level guessed once."""

from typing import Any

from ..arguments import whole
from ..draws import integer
from ..model import ARM, Policy
from ..shared.exponential_weights import game_arguments, learn_game, new_game, play_game


def begin(memory, params, key):
    for _ in range(integer(key, 0, params.scales)):
        memory.scale[0] *= 0.5


def adversarial_bwk(
    scales: int | None = None, eta: float | None = None, mixing: float | None = None, dual_eta: float | None = None, largest_cost: Any = 1.0
) -> Policy:
    """LagrangeBwK without the time resource, its weight on costs drawn before the first round.

    The game of `lagrange_bwk` with payoff ``L(a, i) = r + 1 - gamma c_i`` over the d resources, where gamma is one of T/B, T/(2B),
    T/(4B), ..., each with the same probability: what a unit of budget can earn is guessed, since a rule cannot know whether the best
    is over or still to come.

    Parameters
    ----------
    scales
        How many values gamma has, >= 1; None for 1 + floor(log2 T), the last of which is 1/B or a little more.
    eta, mixing, dual_eta
        As in `lagrange_bwk`.
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
    Those of `lagrange_bwk`; how many scales is ours. With one resource there is nothing for the dual player to weigh: gamma
    is the price.

    Examples
    --------
    >>> adversarial_bwk(scales=3).name
    'adversarial_bwk(scales=3, eta=auto, mixing=auto, dual_eta=auto, largest_cost=1; told the horizon and budget)'

    References
    ----------
    [Immorlica2019]_, the adversarial version; [Slivkins2019]_, chapter 10.
    """
    scales = None if scales is None else whole("scales", scales, 1, 1000)
    rates, largest, said = game_arguments(eta, mixing, dual_eta, largest_cost)

    def init(spec):
        memory, params = new_game("adversarial_bwk", spec, largest, rates, False)
        return memory, params._replace(scales=spec.horizon.bit_length() if scales is None else scales)

    told = "scales=auto" if scales is None else f"scales={scales}"
    return Policy(ARM, init, play_game, learn_game, begin=begin, name=f"adversarial_bwk({told}, {said}; told the horizon and budget)")
