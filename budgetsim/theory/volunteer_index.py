"""Whittle's index of a volunteer, context by context: in closed form where all contexts pay alike, exactly along the price elsewhere."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, BudgetsimError, array, number, probabilities
from .whittle_index import indices_and_gaps, turn

ZERO = 1e-12  #: what counts as 0 beside probabilities and rewards of size 1


class VolunteerIndex(NamedTuple):
    """`indices` (N, K): of an active volunteer; 0 is that of one who is away. NaN where there is none. `indexable` (N,).
    `gaps` (G, 4): (volunteer, context, low, high), at prices between which leaving him alone is optimal although above `high`
    notifying is again."""

    indices: np.ndarray
    indexable: np.ndarray
    gaps: np.ndarray


def volunteer_index(context_probability: Any, acceptance: Any, reactivation: Any, reward: Any = None, discount: float | None = None) -> VolunteerIndex:
    """The price of a notification at which notifying an active volunteer in a context and leaving him alone are worth the same.

    With y = discount (V_active - V_away) and all rewards 1, ``W_k = p_k / (1 + discount S_k)``, ``S_k = sum_j f_j [p_j -
    p_k]_+ / (1 - discount + discount q)``; the average reward is the limit discount = 1. In general W_k is the root of
    ``lambda = p_k (w_k - y(lambda))`` where y(lambda) is the only root of

        y (1 - discount + discount q) / discount = sum_j f_j [p_j (w_j - y) - lambda]_+ - [-lambda]_+

    (the last term: at a price below 0 those who are away are notified as well). Between the prices at which a context joins or
    leaves the sum, y is affine, so the equation is followed from lambda = inf downwards from one to the next. If a context
    leaves, it is passive below and active above: the volunteer is not indexable. This never happens where rewards are equal.

    Parameters
    ----------
    context_probability : (K,) f, sums to 1.
    acceptance : (N, K) p in [0, 1]; (K,) for one volunteer.
    reactivation : (N,) q in [0, 1], or one number; > 0 for the average reward.
    reward : (K,) w >= 0; None for 1 each.
    discount : in (0, 1); None for the average reward.

    Returns
    -------
    VolunteerIndex

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges; average reward and a volunteer who never comes back.

    Examples
    --------
    >>> volunteer_index([0.5, 0.5], [0.8, 0.2], 0.5, discount=0.9).indices.round(6).tolist()
    [[0.8, 0.134146]]

    References
    ----------
    [Whittle1988]_ for the index; the closed form is a reconstruction, derived here.
    """
    f = probabilities("context_probability", context_probability, (None,))
    p = array("acceptance", np.atleast_2d(acceptance), (None, f.size), 0.0, 1.0)
    q = array("reactivation", np.full(len(p), reactivation) if np.ndim(reactivation) == 0 else reactivation, (len(p),), 0.0, 1.0)
    w = np.ones(f.size) if reward is None else array("reward", reward, (f.size,), 0.0)
    beta = 1.0 if discount is None else number("discount", discount)
    if discount is not None and not 0.0 < beta < 1.0:
        raise BadValue(f"discount: got {beta:g}; allowed: a number in (0, 1), or None for the average reward")
    if discount is None and np.any(q == 0.0):
        raise BadValue(f"reactivation: got 0 for volunteer {int(np.argmin(q))}; allowed: more than 0, or a discount: who never comes back has no average")
    stay = 1.0 - beta + beta * q
    if np.all(w == w[0]):
        more = np.maximum(p[:, None, :] - p[:, :, None], 0.0) @ f  # [i, k]: sum_j f_j [p_ij - p_ik]_+
        return VolunteerIndex(w[0] * p / (1.0 + beta * more / stay[:, None]), np.ones(len(p), bool), np.zeros((0, 4)))
    followed = [_follow(f, row, w / w.max(), c / beta) for row, c in zip(p, stay, strict=True)]
    gaps = [(float(i), float(k), w.max() * low, w.max() * high) for i, (_, g) in enumerate(followed) for k, low, high in g]
    return VolunteerIndex(w.max() * np.array([v for v, _ in followed]), np.array([not g for _, g in followed]), np.array(gaps).reshape(-1, 4))


def every_index(context_probability: Any, acceptance: Any, reactivation: Any, reward: Any = None, discount: float | None = None) -> np.ndarray:
    """The indices (N, K) of `volunteer_index` where all volunteers have them; an error that names the first who has not, for rules that rank.

    >>> every_index([0.5, 0.5], [0.8, 0.2], 0.5).round(6).tolist()
    [[0.8, 0.125]]
    """
    found = volunteer_index(context_probability, acceptance, reactivation, reward, discount)
    if not found.indexable.all():
        i, k, low, high = found.gaps[0]
        many = int((~found.indexable).sum())
        who = f"volunteer {int(i)}" + (f" ({many} in all)" if many > 1 else "")
        raise BadValue(
            f"reward: got rewards under which {who} has no Whittle index: in context {int(k)}, being left alone is optimal at prices "
            f"from {low:.4g} to {high:.4g} and being notified above; allowed: equal rewards, or a rule that needs no index"
        )
    return found.indices


def volunteer_arm(context_probability: Any, acceptance: Any, reactivation: float, reward: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """The same volunteer as an arm with 2K states, for `whittle_index`: away in context 0 to K - 1, then active in context 0 to K - 1.

    Parameters
    ----------
    context_probability, acceptance, reward : (K,); reactivation : a number; as in `volunteer_index`.

    Returns
    -------
    transition (2, 2K, 2K), reward (2, 2K).

    Examples
    --------
    >>> from budgetsim.theory.whittle_index import whittle_index
    >>> whittle_index(*volunteer_arm([0.5, 0.5], [0.8, 0.2], 0.5), discount=0.9).indices.round(6).tolist()
    [0.0, 0.0, 0.8, 0.134146]
    """
    f = probabilities("context_probability", context_probability, (None,))
    k = f.size
    p, q = array("acceptance", acceptance, (k,), 0.0, 1.0), number("reactivation", reactivation, 0.0, 1.0)
    w = np.ones(k) if reward is None else array("reward", reward, (k,), 0.0)
    away = np.array([np.append(np.full(k, 1.0 - q), np.zeros(k)), np.append(np.full(k, 1.0 - q), p)])
    transition = np.concatenate([away[:, :, None] * f, (1.0 - away)[:, :, None] * f], axis=2)
    return transition, np.array([np.zeros(2 * k), np.append(np.zeros(k), p * w)])


def _follow(f: np.ndarray, p: np.ndarray, w: np.ndarray, stay: float) -> tuple[np.ndarray, list[tuple[int, float, float]]]:
    """Indices (K,) of one volunteer, NaN where there is none, and gaps (context, low, high)."""
    k = f.size
    active, price, below = np.zeros(k, bool), np.inf, 0.0  # below: 1 once the price is negative
    turns: list[list[float]] = [[] for _ in range(k)]
    for _ in range(100 * k):
        # y = (earn - share * price) / rate, and the advantage of notifying is level - slope * price
        rate, earn, share = stay + f[active] @ p[active], f[active] @ (p * w)[active], f[active].sum() - below
        level, slope = p * w - p * earn / rate, 1.0 - p * share / rate
        moving = np.where(active, slope < -ZERO, slope > ZERO)
        roots = np.where(moving, np.minimum(level / np.where(moving, slope, 1.0), price), -np.inf)
        s = int(np.argmax(roots))
        if not below and roots[s] <= 0.0:
            below, price = 1.0, 0.0
        elif not moving.any():
            break
        else:
            price = float(roots[s])
            active[s] = not active[s]
            turn(turns[s], price)
    else:
        raise BudgetsimError(f"volunteer_index: the contexts in which to notify change more than {100 * k} times along the price")
    return indices_and_gaps(turns)
