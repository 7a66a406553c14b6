"""The secretary rule: reject the first r, then hire the first who is better than all before."""

from typing import NamedTuple

from ..arguments import BadValue, whole
from ..model import REQUEST, Nothing, Policy
from ..theory.stopping import secretary_best


class Params(NamedTuple):
    rejected: int


def act(memory, params, view, left, t, key):
    return 0 if t >= params.rejected and view.rank[0] == 1.0 and left[0] >= 1.0 else -1


def update(memory, params, view, action, outcome, t):
    pass


def secretary_rule(rejected: int | None = None) -> Policy:
    """Lets r candidates pass and hires the next who is the best so far; with the best r it wins with probability above 1/e.

    Parameters
    ----------
    rejected
        r >= 0; None for the r that wins most often among n, n the horizon.

    Returns
    -------
    Policy
        For `secretary`; it declines problems whose view shows no rank.

    Raises
    ------
    BadType, BadValue
        r is no whole number >= 0.

    Examples
    --------
    >>> secretary_rule().name, secretary_rule(7).name
    ('secretary_rule(told the number of candidates)', 'secretary_rule(rejected=7)')

    References
    ----------
    [Ferguson1989]_.
    """
    rejected = None if rejected is None else whole("rejected", rejected)

    def init(spec):
        if not hasattr(spec.view, "rank") or spec.n_actions != 1:
            raise BadValue("secretary_rule: got another problem; allowed: one whose view shows ranks, as secretary")
        return Nothing(), Params(secretary_best(spec.horizon)[1] if rejected is None else rejected)

    return Policy(REQUEST, init, act, update, name=f"secretary_rule({'told the number of candidates' if rejected is None else f'rejected={rejected}'})")
