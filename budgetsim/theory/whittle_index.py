"""Whittle's index of any finite restless arm, and whether it has one: the optimal policy followed along the price of activity."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, BudgetsimError, array, number, probabilities

ZERO = 1e-10  #: what counts as 0, relative to the size of the values that were subtracted


class Whittle(NamedTuple):
    """`indices` (S,): NaN for states that have none. `gaps` (G, 3): (state, low, high), at prices between which being passive is
    optimal although above `high` being active is again; none where the arm is indexable. `detail` says which in words."""

    indices: np.ndarray
    indexable: bool
    gaps: np.ndarray
    detail: str


def whittle_index(transition: Any, reward: Any, discount: float | None = None) -> Whittle:
    """The price of activity at which a state is indifferent between being active and passive, state by state.

    An arm in state s moves by transition[a, s] and earns reward[a, s] under action a (0 passive, 1 active); being active
    costs lambda. The arm is indexable if, as lambda rises, states only ever turn from active to passive in the optimal
    policy; the index of s is the lambda at which it does.

    At lambda = inf all are passive. From there lambda falls: the advantage of being active, ``A_s(lambda) = r1_s - r0_s -
    lambda + discount sum_u (P1_su - P0_su) V_u(lambda)``, is affine while the policy stays the same, so the next lambda at
    which it changes is the root of a straight line, and the policy just below it comes out of policy iteration in which ties
    are broken by the slope. No grid is involved. A state that turns passive while lambda falls makes the arm not indexable.

    Parameters
    ----------
    transition : (2, S, S), [action, from, to], rows sum to 1.
    reward : (2, S), reward of each action.
    discount : in (0, 1); None for the average reward, where every policy that is met has to be unichain.

    Returns
    -------
    Whittle

    Raises
    ------
    BadType, BadValue : wrong shapes, rows that do not sum to 1, a discount outside (0, 1); average reward and a policy
        under which the arm has several recurrent classes.

    Examples
    --------
    >>> found = whittle_index([[[0.5, 0.5], [0.25, 0.75]], [[1, 0], [0.5, 0.5]]], [[0.5, 0.5], [2, 1]])
    >>> found.indices.round(9).tolist(), found.indexable
    ([1.5, 1.0], True)

    References
    ----------
    [Whittle1988]_ for the index; [Gast2023]_ for testing indexability along the price, there without repeated inversions.
    """
    p = array("transition", transition, (2, None, None), 0.0, 1.0)
    n = p.shape[1]
    p = probabilities("transition", p, (2, n, n))
    r = array("reward", reward, (2, n))
    beta = 1.0 if discount is None else number("discount", discount)
    if discount is not None and not 0.0 < beta < 1.0:
        raise BadValue(f"discount: got {beta:g}; allowed: a number in (0, 1), or None for the average reward")

    active, price = np.zeros(n, bool), np.inf
    entered: list[list[float]] = [[] for _ in range(n)]  # prices just below which a state turns active
    left: list[list[float]] = [[] for _ in range(n)]  # and passive again
    level, slope, size = _advantage(p, r, beta, active)
    for _ in range(50 * n + 1000):
        moving = np.where(active, slope < -ZERO * size[1], slope > ZERO * size[1])  # towards 0 while the price falls
        roots = np.full(n, -np.inf)
        roots[moving] = np.minimum(level[moving] / slope[moving], price)
        if not moving.any():
            return _verdict(n, entered, left)
        s, price = int(np.argmax(roots)), float(roots.max())
        before = active.copy()
        active, (level, slope, size) = _just_below(p, r, beta, active, price)
        if np.array_equal(active, before):  # rounding hid the change
            active[s] = not active[s]
            level, slope, size = _advantage(p, r, beta, active)
        for k in np.flatnonzero(active != before):
            (entered if active[k] else left)[k].append(price)
    raise BudgetsimError(f"whittle_index: the policy changes more than {50 * n + 1000} times along the price")


def _advantage(p: np.ndarray, r: np.ndarray, beta: float, active: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The advantage of being active is level - slope * price, (S,) each; and the sizes to which rounding of the two is relative."""
    n = active.size
    row = active.astype(int)
    system = np.eye(n) - beta * p[row, np.arange(n)]
    if beta == 1.0:
        _unichain(p[row, np.arange(n)], active)
        system[:, 0] = 1.0  # the value of state 0 is 0, and the gain takes its place
    value = np.linalg.solve(system, np.column_stack([r[row, np.arange(n)], active.astype(float)]))
    if beta == 1.0:
        value[0] = 0.0
    change = beta * (p[1] - p[0]) @ value
    spread = 1.0 + np.abs(value).max(axis=0)
    return r[1] - r[0] + change[:, 0], 1.0 + change[:, 1], np.array([np.abs(r).max() + spread[0], spread[1]])


def _just_below(p: np.ndarray, r: np.ndarray, beta: float, active: np.ndarray, price: float) -> Any:
    """The optimal policy at price - 0, by policy iteration over pairs (value, slope), and its advantages."""
    for _ in range(10 * active.size + 100):
        level, slope, size = _advantage(p, r, beta, active)
        now = level - slope * price
        zero = np.abs(now) <= ZERO * (size[0] + size[1] * abs(price))
        level_slope = np.where(np.abs(slope) <= ZERO * size[1], 0.0, slope)
        wanted = np.where(zero, np.where(level_slope == 0.0, active, level_slope > 0.0), now > 0.0).astype(bool)
        if np.array_equal(wanted, active):
            break
        active = wanted
    return active, (level, slope, size)


def _unichain(chain: np.ndarray, active: np.ndarray) -> None:
    from scipy.sparse.csgraph import connected_components

    number_of, part = connected_components(chain > 0.0, connection="strong")
    leaves = np.unique(part[np.any((chain > 0.0) & (part[:, None] != part), axis=1)])
    closed = np.setdiff1d(np.arange(number_of), leaves)
    if closed.size > 1:
        one, other = (int(np.argmax(part == c)) for c in closed[:2])
        raise BadValue(
            f"transition: states {one} and {other} never meet when {np.flatnonzero(active).tolist() or 'none'} are active; "
            "allowed: with discount=None, an arm with one recurrent class under each policy that is met"
        )


def _verdict(n: int, entered: list[list[float]], left: list[list[float]]) -> Whittle:
    gaps = [(s, low, high) for s in range(n) for high, low in zip(left[s], entered[s][1:], strict=True) if high - low > ZERO * (1.0 + abs(high))]
    if not gaps:
        detail = "indexable: as the price of activity rises, each state turns passive once and stays so"
    else:
        detail = "not indexable: " + "; ".join(f"state {s} is passive at prices from {low:.6g} to {high:.6g} and active again above" for s, low, high in gaps)
    indices = np.array([prices[0] for prices in entered])
    indices[[s for s, _, _ in gaps]] = np.nan
    return Whittle(indices, not gaps, np.array(gaps).reshape(-1, 3), detail)
