"""Whittle's rule with one budget for all contexts: what a budget that depends on the context is compared with."""

import math
from typing import Any

from ..model import VECTOR, Nothing, Policy
from ..shared.volunteers import declined, learn_nothing, notify, priorities, told
from ..theory.volunteer_index import every_index


def vanilla_whittle(context_probability: Any, acceptance: Any, reactivation: Any, reward: Any, discount: float | None = None) -> Policy:
    """As `whittle`, but never more than floor(B) in a round, B the average budget: B_k = B for every context.

    On a `volunteer_rescue` whose allocation has equal entries this is `whittle` itself, and that is how the two are to be
    compared: each on the allocation that it stands for. Elsewhere it leaves unused what a context is allowed above the
    average, and cannot have what another is allowed below it.

    Parameters
    ----------
    context_probability, acceptance, reactivation, reward
        The hidden truth of `volunteer_rescue`, (K,), (N, K), (N,), (K,).
    discount
        In (0, 1), of the index; None for the average reward.

    Returns
    -------
    Policy
        For `volunteer_rescue`.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; if a volunteer is not indexable.

    Departures from the paper
    -------------------------
    A reconstruction after the authors' development code, where B is whole; floor is ours.

    Examples
    --------
    >>> vanilla_whittle([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [0.2, 0.2], [1, 1]).name
    'vanilla_whittle(average reward; told the context probabilities, acceptance, reactivation and rewards)'

    References
    ----------
    [Tang2025]_, where it is a baseline.
    """
    f, p, q, w, name = told(context_probability, acceptance, reactivation, reward)
    indices = every_index(f, p, q, w, discount)

    def init(spec):
        declined("vanilla_whittle", spec, p.shape)
        return Nothing(), priorities(indices, above=0.0, most=math.floor(spec.budget[0] + 1e-9))

    kind = "average reward" if discount is None else f"discount={discount:g}"
    return Policy(VECTOR, init, notify, learn_nothing, name=f"vanilla_whittle({kind}; {name})")
