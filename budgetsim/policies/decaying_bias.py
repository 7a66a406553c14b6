"""Load balance by biases whose steps shrink: u / n, or u / sqrt(n)."""

import math

from ..arguments import choice, number
from ..model import VECTOR, Policy
from ..shared.expert_choice import Step, experts_of, no_biases, offer_bias


def update(memory, params, view, action, outcome, t):
    memory.batches[0] += 1.0
    descend(memory, params, outcome.seen.load, params.u / memory.batches[0])


def update_slowly(memory, params, view, action, outcome, t):
    memory.batches[0] += 1.0
    descend(memory, params, outcome.seen.load, params.u / math.sqrt(memory.batches[0]))


def descend(memory, params, load, u):
    for k in range(load.size):
        memory.bias[k] += u * (params.target - load[k]) / params.target


def decaying_bias(u: float = 0.25, decay: str = "n") -> Policy:
    """``p_k += u_n (L - A_k) / L`` after batch n = 1, 2, ..., from p = 0, with u_n = u / n or u / sqrt(n).

    In units of the gradient of D(p) / tokens, which is (A_k - L) / tokens, the step is u E / K: with decay "n" and batches drawn
    independently, regret grows as log N where u E / K >= 1 / mu, mu the strong convexity of the mean of D / tokens; with "sqrt(n)", as sqrt(N) without
    knowing mu (`theory.load_balance.regret_bound`).

    Parameters
    ----------
    u : > 0, in units of affinity.
    decay : "n" or "sqrt(n)".

    Returns
    -------
    Policy for `expert_routing`.

    Raises
    ------
    BadType, BadValue : u not positive, another word; on other problems.

    Departures from the paper
    -------------------------
    The abstract is all that was available: the form of the iteration is a reconstruction.

    Examples
    --------
    >>> decaying_bias().name, decaying_bias(0.5, decay="sqrt(n)").name
    ('decaying_bias(u=0.25, decay=n)', 'decaying_bias(u=0.5, decay=sqrt(n))')

    References
    ----------
    [Han2025]_ for the steps 1 / n and 1 / sqrt(n).
    """
    u, decay = number("u", u, 1e-300), choice("decay", decay, ("n", "sqrt(n)"))

    def init(spec):
        batch = experts_of("decaying_bias", spec)
        return no_biases(batch.experts), Step(u, batch.target)

    return Policy(VECTOR, init, offer_bias, update if decay == "n" else update_slowly, name=f"decaying_bias(u={u:.10g}, decay={decay})")
