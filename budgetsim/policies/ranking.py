"""RANKING, with weights: every node draws a rank once, and arrivals go to the free neighbour of least discount."""

from typing import NamedTuple

import numpy as np

from ..arguments import BadValue
from ..draws import exp, uniform
from ..kernels import available
from ..model import REQUEST, TOLERANCE, Policy


class Memory(NamedTuple):
    discount: np.ndarray  #: (n,) 1 - e^(y - 1)


class Params(NamedTuple):
    budget: np.ndarray


def begin(memory, params, key):
    for i in range(memory.discount.size):
        memory.discount[i] = 1.0 - exp(uniform(key, i) - 1.0)


def act(memory, params, view, left, t, key):
    action, greatest = -1, 0.0
    for i in range(view.reward.size):
        if view.reward[i] * memory.discount[i] > greatest and available(view, i):
            fits = True
            for j in range(left.size):
                fits = fits and view.cost[i, j] <= left[j] + TOLERANCE * params.budget[j]
            if fits:
                action, greatest = i, view.reward[i] * memory.discount[i]
    return action


def update(memory, params, view, action, outcome, t):
    pass


def ranking() -> Policy:
    """Draws y_i uniform on [0, 1] for every node at the start; an arrival is matched to the free i of greatest reward_i (1 - e^(y_i - 1)).

    With rewards of 0 and 1 that is the free neighbour of least y: RANKING. On graphs whose weights are those of the nodes it earns at least 1 - 1/e of
    the offline optimum in expectation, whatever the order of arrival.

    Returns
    -------
    Policy
        For requests whose view shows `reward` (n,) and `cost` (n, d); option i is node i in every round.

    Raises
    ------
    BadValue
        In `init`, on requests that do not show both.

    Examples
    --------
    >>> ranking().name
    'ranking'

    References
    ----------
    [Karp1990]_; with weights [Aggarwal2011]_.
    """

    def init(spec):
        if not (hasattr(spec.view, "reward") and hasattr(spec.view, "cost")):
            raise BadValue("ranking: got requests without reward and cost; allowed: a view that shows both")
        return Memory(np.zeros(spec.n_actions)), Params(spec.budget)

    return Policy(REQUEST, init, act, update, begin, name="ranking")
