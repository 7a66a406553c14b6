"""Volunteers at random: the control that looks at who is active and at nothing else."""

from ..draws import uniform
from ..model import VECTOR, Nothing, Policy
from ..volunteers import declined, learn_nothing


def act(memory, params, view, left, t, key, chosen):
    n, waiting = chosen.size, 0.0
    for i in range(n):
        chosen[i] = 0.0
        waiting += view.active[i]
    room = min(left[0], waiting)
    i = 0
    while room >= 1.0:  # each of those still waiting has the same chance room / waiting
        if view.active[i] != 0.0:
            if uniform(key, i) * waiting < room:
                chosen[i] = 1.0
                room -= 1.0
            waiting -= 1.0
        i += 1


def random() -> Policy:
    """As many active volunteers as the round allows, each set of them with the same probability; all where that is enough.

    Returns
    -------
    Policy
        For `volunteer_rescue`.

    Departures from the paper
    -------------------------
    The authors' development code draws from all volunteers, of whom those who are away cannot accept: a weaker control.

    Examples
    --------
    >>> random().name
    'random'

    References
    ----------
    [Tang2025]_, where it is a baseline.
    """

    def init(spec):
        declined("random", spec)
        return Nothing()

    return Policy(VECTOR, init, act, learn_nothing, name="random")
