"""Whittle's rule for volunteers: those of greatest index in this context, as many as the round allows."""

from typing import Any

from ..model import VECTOR, Nothing, Policy
from ..shared.volunteers import declined, learn_nothing, notify, priorities, told
from ..theory.volunteer_index import every_index


def whittle(context_probability: Any, acceptance: Any, reactivation: Any, reward: Any, discount: float | None = None) -> Policy:
    """The active volunteers of greatest Whittle index in the context that is shown, as many as the round allows.

    The index W_ik is that of `theory.volunteer_index`: the price of a notification at which notifying volunteer i in
    context k and leaving him alone are worth the same. It weighs his acceptance now against what he would earn if he were
    kept for other contexts, and is at most p_ik w_k. A volunteer whose index is not positive is not notified, even where
    notifications are left over. Ties go to the lower number.

    Parameters
    ----------
    context_probability, acceptance, reactivation, reward
        The hidden truth of `volunteer_rescue`, (K,), (N, K), (N,), (K,). To rank by an index that ignores rewards, as the
        authors' development code does, pass ones.
    discount
        In (0, 1), of the index; None for the average reward.

    Returns
    -------
    Policy
        For `volunteer_rescue`.

    Raises
    ------
    BadValue, BadType
        If an argument is not of the allowed kind; if a volunteer is not indexable, which only unequal rewards can cause:
        such volunteers are never ranked silently.

    Departures from the paper
    -------------------------
    A reconstruction: the closed form of the index is ours.

    Examples
    --------
    >>> whittle([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [0.2, 0.2], [1, 1], discount=0.98).name
    'whittle(discount=0.98; told the context probabilities, acceptance, reactivation and rewards)'

    References
    ----------
    [Whittle1988]_; [Tang2025]_ for its use within contexts.
    """
    f, p, q, w, name = told(context_probability, acceptance, reactivation, reward)
    indices = every_index(f, p, q, w, discount)

    def init(spec):
        declined("whittle", spec, p.shape)
        return Nothing(), priorities(indices, above=0.0)

    kind = "average reward" if discount is None else f"discount={discount:g}"
    return Policy(VECTOR, init, notify, learn_nothing, name=f"whittle({kind}; {name})")
