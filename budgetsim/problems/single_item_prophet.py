"""One item, offers one after the other from known distributions: take one, or none."""

from typing import Any

import numpy as np

from ..arguments import array, probabilities, whole
from ..model import Problem, Units
from ..shared.matching import arrive, market, match, matched, nodes_and_types


def single_item_prophet(value: Any, value_probability: Any, horizon: int | None = None) -> Problem:
    """In round t an offer v_tj is made with probability p_tj; the first that is taken ends the sale.

    Parameters
    ----------
    value : (T, m) >= 0, reward; or (m,) for identically distributed offers, and then `horizon` is needed.
    value_probability : of the same shape, each round sums to 1.
    horizon : rounds; None for the T of `value`.

    Returns
    -------
    Problem of kind REQUEST: `bayesian_matching` with one node, so that its rules and optima apply; `instance.weight` (1, T, m) and
    `instance.probability` (T, m) are the hidden truth.

    Raises
    ------
    BadType, BadValue : wrong shapes, negative offers, probabilities that do not sum to 1, a horizon that is not that of `value`.

    Examples
    --------
    >>> problem = single_item_prophet([[1.0, 1.0], [100.0, 0.0]], [[1.0, 0.0], [0.01, 0.99]])
    >>> problem.name
    'single_item_prophet(2 offers, 2 values each)'

    References
    ----------
    [Samuel1984]_.
    """
    axes = (None,) if np.ndim(value) == 1 else (None, None)
    v = array("value", value, axes, 0.0)
    p = probabilities("value_probability", value_probability, v.shape)
    if v.ndim == 1:
        rounds = whole("horizon", horizon, 1)
        v, p = np.tile(v, (rounds, 1)), np.tile(p, (rounds, 1))
    instance = market(v[None], p)
    rounds, many = p.shape
    whole("horizon", rounds if horizon is None else horizon, rounds, rounds)
    spec = nodes_and_types(1, rounds)._replace(units=Units(resource=("item",), round="offer"))
    return Problem(spec, instance, match, observe=arrive, expected=matched, name=f"single_item_prophet({rounds} offers, {many} values each)")


def examples() -> list[Problem]:
    """The tight pair, and thirty alike offers.

    >>> [p.spec.horizon for p in examples()]
    [2, 30]
    """
    return [single_item_prophet([[1.0, 1.0], [10.0, 0.0]], [[1.0, 0.0], [0.1, 0.9]]), single_item_prophet([1.0, 2.0, 4.0, 8.0], [0.6, 0.25, 0.1, 0.05], 30)]
