"""Load balance by biases that move in proportion to what is missing."""

from ..arguments import number
from ..model import VECTOR, Policy
from ..shared.expert_choice import Step, experts_of, no_biases, offer_bias


def update(memory, params, view, action, outcome, t):
    load = outcome.seen.load
    for k in range(load.size):
        memory.bias[k] += params.u * (params.target - load[k]) / params.target


def proportional_bias(u: float = 0.01) -> Policy:
    """``p_k += u (L - A_k) / L`` after each batch, from p = 0: subgradient descent on the dual D(p) / L with a constant step.

    A step is the smaller the nearer the loads are to balance: with fixed affinities and small u it can reach balance and stay.

    Parameters
    ----------
    u : > 0, in units of affinity.

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
    >>> proportional_bias().name
    'proportional_bias(u=0.01)'

    References
    ----------
    [Han2025]_, the primal-dual iteration.
    """
    u = number("u", u, 1e-300)

    def init(spec):
        batch = experts_of("proportional_bias", spec)
        return no_biases(batch.experts), Step(u, batch.target)

    return Policy(VECTOR, init, offer_bias, update, name=f"proportional_bias(u={u:.10g})")
