"""Volunteers at random: the control that looks at who is active and at nothing else."""

from typing import NamedTuple

import numpy as np

from ..draws import integer
from ..model import VECTOR, Policy
from ..shared.volunteers import declined, learn_nothing


class Memory(NamedTuple):
    waiting: np.ndarray  #: (N,) the active volunteers of this round come first


def act(memory, params, view, left, t, key, chosen):
    waiting, n = memory.waiting, 0
    for i in range(chosen.size):
        chosen[i] = 0.0
        waiting[n] = i
        n += int(view.active[i])
    for j in range(int(min(left[0], float(n)))):  # the first steps of a shuffle
        at = j + integer(key, j, n - j)
        i, waiting[at] = waiting[at], waiting[j]
        chosen[i] = 1.0


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
        return Memory(np.zeros(spec.n_actions, np.int64))

    return Policy(VECTOR, init, act, learn_nothing, name="random")
