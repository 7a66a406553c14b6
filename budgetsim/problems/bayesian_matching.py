"""Online Bayesian matching: nodes that are there wait for nodes that arrive, one by one, of known types by chance."""

from typing import Any

import numpy as np

from ..model import Problem, Units
from ..shared.matching import arrive, market, match, matched, nodes_and_types


def bayesian_matching(weight: Any, probability: Any) -> Problem:
    """I offline nodes of one unit; in round t a node of type j arrives with probability p_tj, or nobody, and is matched at once or never.

    Matching it to i earns w_itj and takes the unit of i (law SKIP: matching it to a node that is gone does nothing). Rounds are independent.
    The view shows `type` (-1: nobody), `reward` (I,) and `cost` (I, I), unit vectors; where nobody comes both are 0.

    Parameters
    ----------
    weight : (I, T, J) >= 0, reward; 0 where there is no edge.
    probability : (T, J), each round sums to at most 1.

    Returns
    -------
    Problem of kind REQUEST with options = nodes = resources; a round costs O(I). `instance.weight`, `instance.probability` are the
    hidden truth, which `pivotal_matching` and others are told.

    Raises
    ------
    BadType, BadValue : wrong shapes, negative weights, probabilities that sum to more than 1.

    Examples
    --------
    >>> problem = bayesian_matching([[[1.0], [5.0]], [[2.0], [0.0]]], [[1.0], [0.5]])
    >>> problem.name, problem.spec.budget.tolist()
    ('bayesian_matching(2 nodes, 2 rounds, 1 type)', [1.0, 1.0])

    References
    ----------
    [Braverman2024]_.
    """
    instance = market(weight, probability)
    n, horizon, types = instance.weight.shape
    spec = nodes_and_types(n, horizon)._replace(units=Units(resource=tuple(f"node {i}" for i in range(n))))
    name = f"bayesian_matching({n} nodes, {horizon} rounds, {types} type{'s' * (types > 1)})"
    return Problem(spec, instance, match, observe=arrive, expected=matched, name=name)


def examples() -> list[Problem]:
    """Bernoulli arrivals, two types a round, and weights of the nodes alone.

    >>> [p.spec.n_actions for p in examples()]
    [4, 3, 5]
    """
    g = np.random.default_rng(1)
    edges = g.exponential(size=(4, 60, 1)) * (g.random((4, 60, 1)) < 0.6)
    types = g.uniform(size=(3, 50, 2))
    nodes = np.linspace(1.0, 2.0, 5)[:, None, None] * (g.random((5, 40, 3)) < 0.3)
    return [
        bayesian_matching(edges, np.full((60, 1), 0.3)),
        bayesian_matching(types, np.full((50, 2), 0.25)),
        bayesian_matching(nodes, np.full((40, 3), 1 / 3)),
    ]
