"""Load balance of top-K routing as a dual problem: D(p), its steps, what a change of biases moves, and bounds.

n tokens, E experts, affinities a (n, E), K a token, L = n K / E. Of the linear program ``max sum a_ik x_ik`` subject to ``sum_k x_ik = K``,
``sum_i x_ik = L``, ``0 <= x <= 1``, the Lagrangian is ``Lag(x, p) = sum a_ik x_ik + sum_k p_k (A_k(x) - L)`` and the dual ``D(p) = max_x Lag(x, p)``,
attained by the top K of affinity + bias. D is convex, has subgradient A - L, and D(p + c) = D(p).
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import number, whole
from ..draws import ROUND, nature_key
from ..kernels import compiled
from ..shared.expert_choice import draw_affinities, routed


def choose(affinity: Any, bias: Any, choices: int) -> np.ndarray:
    """The top K of affinity + bias of each token, ties by index: a mask (n, E) of 0 and 1.

    >>> choose([[0.5, 0.25, 0.5]], [0.0, 0.3, 0.0], 2).tolist()
    [[1.0, 1.0, 0.0]]
    """
    value = np.asarray(affinity, float) + np.asarray(bias, float)
    x = np.zeros(value.shape)
    np.put_along_axis(x, np.argsort(-value, axis=1, kind="stable")[:, :choices], 1.0, axis=1)
    return x


def imbalance(load: Any) -> np.ndarray:
    """MaxVio: the greatest |A_k - L| / L along the last axis, L being the mean load.

    >>> float(imbalance([1.0, 2.0, 3.0]))
    0.5
    """
    load = np.asarray(load, float)
    mean = load.mean(axis=-1, keepdims=True)
    return (np.abs(load - mean) / mean).max(axis=-1)


def lagrangian(affinity: Any, x: Any, bias: Any) -> float:
    """Lag(x, p) of a choice x (n, E) whose rows have equal sums.

    >>> lagrangian([[1.0, 0.0], [1.0, 0.5]], [[1, 0], [0, 1]], [7.0, 7.0])
    1.5
    """
    a, x, p = (np.asarray(v, float) for v in (affinity, x, bias))
    return math.fsum((a * x).ravel()) + float(p @ (x.sum(axis=0) - x.sum() / p.size))


def dual(affinity: Any, bias: Any, choices: int) -> float:
    """D(p): the sum over tokens of the K greatest affinity + bias, less L sum p; an upper bound on every balanced assignment.

    >>> dual([[1.0, 0.0], [1.0, 0.5]], [-0.5, 0.0], 1)
    1.5
    """
    a, p = np.asarray(affinity, float), np.asarray(bias, float)
    top = np.partition(a + (p - p.mean()), a.shape[1] - choices, axis=1)[:, a.shape[1] - choices :]  # shifted: less to cancel
    return math.fsum(top.ravel())


def kept_dual(affinity: Any, bias: Any, choices: int, capacity: float) -> float:
    """For p <= 0: an upper bound on what is kept when each token has at most K experts and each expert at most `capacity` tokens.

    ``sum_i (the K greatest [a_ik + p_k]_+) - capacity sum p``, by weak duality.

    >>> kept_dual([[1.0, 0.0], [1.0, 0.5]], [-0.5, 0.0], 1, 1.0)
    1.5
    """
    a, p = np.asarray(affinity, float), np.minimum(np.asarray(bias, float), 0.0)
    top = np.sort(np.maximum(a + p, 0.0), axis=1)[:, ::-1][:, :choices]
    return math.fsum(top.ravel()) - capacity * math.fsum(p)


class DualStep(NamedTuple):
    """What a change of biases from p to q does: D(q) = D(p) + fall + benefit."""

    fall: float  #: Lag(x, q) - Lag(x, p) at the choice x of p, = sum (q - p) (A - L)
    benefit: float  #: what the tokens that switch gain
    bound: float  #: an upper bound on `benefit`: the sum over switches k -> k' of dp_k' - dp_k
    moved: int  #: switches
    violations: int  #: switches to an expert whose bias rose by less than that of the one that was left


def dual_step(affinity: Any, before: Any, after: Any, choices: int) -> DualStep:
    """The identity of a dual step, and which tokens it moves.

    Of a token that leaves several experts, the one whose bias rose least is paired with the entered one whose bias rose least, and so on.

    >>> step = dual_step([[1.0, 0.0], [1.0, 0.5]], [0.0, 0.0], [-0.5, 0.25], 1)
    >>> step.fall, step.benefit, step.moved, step.violations
    (-0.75, 0.25, 1, 0)
    """
    a, p, q = (np.asarray(v, float) for v in (affinity, before, after))
    x, y = choose(a, p, choices), choose(a, q, choices)
    fall = float((q - p) @ (x.sum(axis=0) - x.sum() / p.size))
    benefit = math.fsum(((a + q) * (y - x)).ravel())
    return DualStep(fall, benefit, *switches(x, y, q - p))


def switches(before: Any, after: Any, change: Any) -> tuple[float, int, int]:
    """(sum over switches k -> k' of dp_k' - dp_k, switches, how many of them have dp_k' < dp_k) between two choices (n, E).

    >>> switches([[1, 0]], [[0, 1]], [0.25, 0.0])
    (-0.25, 1, 1)
    """
    x, y, change = (np.asarray(v, float) for v in (before, after, change))
    bound, moved, violations = 0.0, 0, 0
    for i in np.flatnonzero((x != y).any(axis=1)):
        gone, come = np.sort(change[x[i] > y[i]]), np.sort(change[y[i] > x[i]])
        moved += gone.size
        bound += float((come - gone).sum())
        violations += int((come < gone).sum())
    return bound, moved, violations


def near_ties(affinity: Any, bias: Any, choices: int, width: float) -> np.ndarray:
    """Tokens (E,) whose choice of expert k is decided by at most `width`.

    The margin of a chosen expert is its affinity + bias less the greatest that was not chosen; of one not chosen, the least that was chosen less its
    own. Once |A_k - L| has changed its sign, a sign rule with step u leaves it at most at the near ties of width 2u.

    >>> near_ties([[1.0, 0.9], [1.0, 0.2]], [0.0, 0.0], 1, 0.15).tolist()
    [1, 1]
    """
    value = np.asarray(affinity, float) + np.asarray(bias, float)
    e = value.shape[1]
    if choices == e:
        return np.zeros(e, int)
    ordered, chosen = np.sort(value, axis=1)[:, ::-1], choose(affinity, bias, choices) > 0.0
    margin = np.where(chosen, value - ordered[:, choices, None], ordered[:, choices - 1, None] - value)
    return (margin <= width).sum(axis=0)


def score_bound(best: float, price: Any, excess: Any) -> Any:
    """What a choice with that overload (tokens above L, summed) can score at most: best + (max p - min p) overload.

    ``score = Lag(x, p) - sum p (A - L) <= D(p) + (max p - min p) overload`` for every p; at the price of the linear program D(p) is `best`, the value of
    the best balanced assignment.

    >>> score_bound(10.0, [0.5, -0.5], 3.0)
    13.0
    """
    return best + (float(np.max(price)) - float(np.min(price))) * excess


def regret_bound(batches: int, choices: int, experts: int, mu: float) -> float:
    """Of ``p <- p + (L - A) / (mu N n)`` after batch N of n tokens: expected regret of sum D / n is at most (K - K^2 / E) (1 + log N) / (2 mu).

    mu is the strong convexity of E D(p) / n on sum p = 0; K - K^2 / E bounds the squared norm of a token's gradient. Derived here.

    >>> round(regret_bound(1000, 2, 16, 1.0), 3)
    6.919
    """
    k, e = whole("choices", choices, 1), whole("experts", experts, 1)
    return (k - k * k / e) * (1.0 + math.log(whole("batches", batches, 1))) / (2.0 * number("mu", mu, 1e-300))


# ------------------------------------------------------------------------------------------------ whole runs, compiled
def _lag(score: Any, load: Any, bias: Any, target: Any) -> Any:
    """Lag of a choice with that score and those loads."""
    total = score
    for k in range(load.size):
        total += bias[k] * (load[k] - target)
    return total


def _follow(affinity: Any, bias: Any, choices: Any, score: Any, load: Any, value: Any) -> None:
    target = affinity.shape[0] * choices / affinity.shape[1]
    for t in range(bias.shape[0]):
        score[t] = routed(affinity, bias[t], choices, math.inf, load[t])
        value[t] = _lag(score[t], load[t], bias[t], target)


def _follow_drawn(seed: Any, replication: Any, skew: Any, bias: Any, price: Any, choices: Any, affinity: Any, score: Any, load: Any, value: Any) -> None:
    target = affinity.shape[0] * choices / affinity.shape[1]
    for t in range(bias.shape[0]):
        draw_affinities(skew, nature_key(seed, replication, t, ROUND), affinity)
        other = routed(affinity, price, choices, math.inf, load[t])
        value[t] = -_lag(other, load[t], price, target)
        score[t] = routed(affinity, bias[t], choices, math.inf, load[t])
        value[t] += _lag(score[t], load[t], bias[t], target)


class Followed(NamedTuple):
    """Of each round: score (T,), load (T, E), dual (T,): D(p), or D(p) - D(price) of drawn batches."""

    score: np.ndarray
    load: np.ndarray
    dual: np.ndarray


_followed, _followed_drawn = compiled(_follow), compiled(_follow_drawn)


def follow(affinity: Any, bias: Any, choices: int) -> Followed:
    """What biases (T, E), such as the actions of a run, make of the same batch (n, E) in every round.

    >>> follow([[1.0, 0.0], [1.0, 0.5]], [[0.0, 0.0], [-0.75, 0.0]], 1).load.tolist()
    [[2.0, 0.0], [1.0, 1.0]]
    """
    a, p = np.ascontiguousarray(affinity, float), np.ascontiguousarray(bias, float)
    out = Followed(np.zeros(len(p)), np.zeros(p.shape), np.zeros(len(p)))
    _followed(a, p, whole("choices", choices, 1, a.shape[1]), *out)
    return out


def follow_drawn(skew: Any, tokens: int, choices: int, bias: Any, price: Any, seed: int, replication: int) -> Followed:
    """What biases (T, E) made of the batches that `expert_routing` drew in a run with that seed and replication, and D(bias) - D(price) of each.

    >>> follow_drawn([0.0, 1.0], 4, 1, [[0.0, 0.0], [0.25, 0.0]], [0.0, 0.0], 1, 0).dual[0]
    np.float64(0.0)
    """
    p, q, s = (np.ascontiguousarray(v, float) for v in (bias, price, skew))
    out = Followed(np.zeros(len(p)), np.zeros(p.shape), np.zeros(len(p)))
    _followed_drawn(seed, replication, s, p, q, whole("choices", choices, 1, s.size), np.zeros((whole("tokens", tokens, 1), s.size)), *out)
    return out
