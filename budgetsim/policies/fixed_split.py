"""A split of the budget that never changes: equal, by weight, equal money, or told."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, choice
from ..model import VECTOR, Nothing, Policy
from ..shared.learning_curves import groups_of


class Params(NamedTuple):
    split: np.ndarray  #: samples for one unit of money
    horizon: int


def act(memory, params, view, left, t, key, chosen):
    money = left[0] / (params.horizon - t)
    for g in range(chosen.size):
        chosen[g] = money * params.split[g]


def update(memory, params, view, action, outcome, t):
    pass


def fixed_split(split: Any = "equal") -> Policy:
    """Samples in fixed proportions, the budget spent evenly over the rounds.

    Parameters
    ----------
    split : "equal": as many samples of every group; "weight": in proportion to the weights, which stand for shares of the
        population; "money": as much money for every group; or (G,) >= 0, proportions of samples that were told, such as the plan of `concave_split`.

    Returns
    -------
    Policy for `equitable_sampling`, told the horizon.

    Raises
    ------
    BadType, BadValue : another word, proportions that are negative, all 0, or not G many; on other problems.

    Examples
    --------
    >>> fixed_split("weight").name, fixed_split([3, 1]).name
    ('fixed_split(weight; told the horizon)', 'fixed_split(told 3, 1; told the horizon)')

    References
    ----------
    [Cai2022]_, the baselines equal and proportional sampling.
    """
    word, told = "", np.zeros(0)
    if isinstance(split, str):
        word = choice("split", split, ("equal", "weight", "money"))
    else:
        told = array("split", split, (None,), 0.0)
        if not told.any():
            raise BadValue("split: got only zeros; allowed: at least one positive proportion")

    def init(spec):
        public = groups_of("fixed_split", spec)
        n = public.cost.size
        part = {"equal": np.ones(n), "weight": public.weight, "money": 1.0 / public.cost}[word] if word else array("split", told, (n,))
        return Nothing(), Params(part / (part @ public.cost), spec.horizon)

    name = word or "told " + ", ".join(f"{x:.6g}" for x in told[:6]) + (", ..." if told.size > 6 else "")
    return Policy(VECTOR, init, act, update, name=f"fixed_split({name}; told the horizon)")
