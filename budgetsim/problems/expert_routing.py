"""Tokens to experts: a vector of biases a batch steers a top-K choice; what a batch earns is affinity, what it costs is overload."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, number, whole
from ..model import STOP, VECTOR, Problem, Spec, Units
from ..shared.expert_choice import Affinities, Batch, Loads, draw_affinities, overload, routed


class Given(NamedTuple):
    affinity: np.ndarray  #: (n, E), or (T, n, E)
    choices: int
    target: float
    capacity: float  #: tokens an expert keeps


class Drawn(NamedTuple):
    skew: np.ndarray  #: (E,)
    choices: int
    target: float
    capacity: float


def observe(instance, state, t, key, view):
    return Affinities(instance.affinity)


def observe_series(instance, state, t, key, view):
    return Affinities(instance.affinity[t])


def observe_drawn(instance, state, t, key, view):
    draw_affinities(instance.skew, key, view.affinity)


def step(instance, state, view, action, left, t, key, cost, seen):
    score = routed(view.affinity, action, instance.choices, instance.capacity, seen.load)
    cost[0] = overload(seen.load, instance.target)
    return score / view.affinity.shape[0]


def expert_routing(
    affinity: Any = None, choices: Any = 2, horizon: Any = 1000, *, skew: Any = None, tokens: Any = None, capacity: Any = math.inf, budget: Any = math.inf
) -> Problem:
    """Each batch of n tokens takes, token by token, the K of E experts of greatest affinity + bias; the action is the vector of biases.

    A batch earns sum_ik affinity_ik x_ik / n, x being the choice: the biases decide who is chosen and do not count themselves. **Imbalance
    enters in three ways**, and what a rule is good for is read off all of them:

    - as a resource: a batch costs its overload sum_k max(A_k - L, 0), A_k the tokens that chose k, L = n K / E. `budget` is the
      overload that a run may have in all; the run ends before the first batch that does not fit (law STOP);
    - as a loss: an expert keeps its first floor(capacity L) tokens, by index, and later ones earn nothing there;
    - as regret, outside the run: D(p) of `theory.load_balance` for the biases that were played.

    For every vector p, reward x n <= D(p) + (max p - min p) overload, batch by batch; at the price p of `balanced_assignment_lp`, D(p) is the
    value of the best balanced assignment.

    Parameters
    ----------
    affinity : (n, E), the same in every batch, or (T, n, E), one a batch; >= 0, reward. None: drawn anew each batch, sigmoid(skew_k + normal).
    choices : K, 1 to E.
    horizon : batches, at least 1.
    skew : (E,), where affinities are drawn.
    tokens : n, at least 1, where affinities are drawn.
    capacity : >= 0, in units of L; infinite: nothing is dropped.
    budget : overload of the whole run, tokens; infinite: no cap.

    Returns
    -------
    Problem of kind VECTOR, an action being any E finite biases. `view.affinity` (n, E) is shown before the biases are chosen (only rules that say so
    use it then); `seen.load` (E,) after. `public`: tokens, experts, choices, target.

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range, K above E, both or neither of affinity and skew, fewer arrays than rounds.

    Examples
    --------
    >>> problem = expert_routing([[0.9, 0.1], [0.8, 0.3]], choices=1, horizon=10)
    >>> problem.spec.public.target, problem.name
    (1.0, 'expert_routing(2 tokens, 1 of 2 experts)')

    References
    ----------
    [Han2025]_ for the model; overload as a resource is ours.
    """
    if (affinity is None) == (skew is None):
        raise BadValue("affinity: got both or neither of affinity and skew; allowed: one of them")
    horizon = whole("horizon", horizon, 1)
    if affinity is None:
        skew = array("skew", skew, (None,))
        n, e, watch = whole("tokens", tokens, 1), skew.size, observe_drawn
    elif np.ndim(affinity) == 3:
        affinity = array("affinity", affinity, (None, None, None), 0.0)
        (n, e), watch = affinity.shape[1:], observe_series
        if len(affinity) < horizon:
            raise BadValue(f"affinity: got {len(affinity)} batches; allowed: at least as many as the horizon, {horizon}")
    else:
        affinity = array("affinity", affinity, (None, None), 0.0)
        (n, e), watch = affinity.shape, observe
    choices, capacity = whole("choices", choices, 1, e), number("capacity", capacity, 0.0, finite=False)
    target = n * choices / e
    kept = math.floor(capacity * target + 1e-9) if capacity < math.inf else math.inf
    instance = Drawn(skew, choices, target, kept) if affinity is None else Given(affinity, choices, target, kept)
    free = np.full(e, math.inf)
    spec = Spec(
        VECTOR, e, horizon, low=-free, high=free, budget=array("budget", np.atleast_1d(budget), (1,), 0.0, finite=False), law=STOP, feedback="semi",
        view=Affinities(np.zeros((n, e))), seen=Loads(np.zeros(e)), public=Batch(n, e, choices, target), units=Units("affinity per token", ("overload, tokens",), "batch"),
    )  # fmt: skip
    drops = f", capacity {capacity:g} of the target" if capacity < math.inf else ""
    drawn = ", drawn anew each batch" if affinity is None else ", a given series" if affinity.ndim == 3 else ""
    return Problem(spec, instance, step, observe=watch, name=f"expert_routing({n} tokens, {choices} of {e} experts{drawn}{drops})")


def examples() -> list[Problem]:
    """Fixed affinities; drawn ones with a cap on overload; a series with drops.

    >>> [p.name for p in examples()]
    ['expert_routing(12 tokens, 2 of 4 experts)', 'expert_routing(8 tokens, 1 of 4 experts, drawn anew each batch)', 'expert_routing(6 tokens, 2 of 3 experts, a given series, capacity 1 of the target)']
    """
    rng = np.random.default_rng(0)
    fixed = 1.0 / (1.0 + np.exp(-(rng.normal(size=(12, 4)) + np.linspace(-1.0, 1.0, 4))))
    return [
        expert_routing(fixed, 2, 200),
        expert_routing(choices=1, horizon=120, skew=np.linspace(-1.0, 1.0, 4), tokens=8, budget=200.0),
        expert_routing(rng.random((100, 6, 3)) + [0.0, 0.2, 0.4], 2, 100, capacity=1.0),
    ]
