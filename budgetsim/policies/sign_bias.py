"""Load balance without an auxiliary loss: every bias moves by u towards balance."""

from ..arguments import number
from ..model import VECTOR, Policy
from ..shared.expert_choice import Step, experts_of, no_biases, offer_bias


def update(memory, params, view, action, outcome, t):
    load = outcome.seen.load
    for k in range(load.size):
        if load[k] < params.target:
            memory.bias[k] += params.u
        elif load[k] > params.target:
            memory.bias[k] -= params.u


def sign_bias(u: float = 0.001) -> Policy:
    """``p_k += u sign(L - A_k)`` after each batch, from p = 0: A_k tokens chose expert k, L is their mean.

    A step of subgradient descent on the dual D(p) with its own step size for each expert, u / |A_k - L|. No token ever moves from an expert
    below its target to one above. With constant u it ends in a cycle: the loads stay unequal by what a change of 2u moves.

    Parameters
    ----------
    u : > 0, in units of affinity; 0.001 is what is said to be used in practice.

    Returns
    -------
    Policy for `expert_routing`.

    Raises
    ------
    BadType, BadValue : u not positive; on other problems.

    Departures from the paper
    -------------------------
    The abstract is all that was available: the form of the iteration is a reconstruction.

    Examples
    --------
    >>> sign_bias(0.01).name
    'sign_bias(u=0.01)'

    References
    ----------
    [WangGao2024]_ for the rule, [Han2025]_ for its analysis.
    """
    u = number("u", u, 1e-300)

    def init(spec):
        batch = experts_of("sign_bias", spec)
        return no_biases(batch.experts), Step(u, batch.target)

    return Policy(VECTOR, init, offer_bias, update, name=f"sign_bias(u={u:.10g})")
