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
    turns: list[list[float]] = [[] for _ in range(n)]
    level, slope, size = _advantage(p, r, beta, active)
    for _ in range(50 * n + 1000):
        moving = np.where(active, slope < -ZERO * size[1], slope > ZERO * size[1])  # towards 0 while the price falls
        if not moving.any():
            break
        roots = np.full(n, -np.inf)
        roots[moving] = np.minimum(level[moving] / slope[moving], price)
        price, before = float(roots.max()), active
        active = before ^ (np.arange(n) == np.argmax(roots))
        for _ in range(10 * n + 100):  # policy iteration over pairs (value, slope)
            level, slope, size = _advantage(p, r, beta, active)
            now, rising = level - slope * price, np.where(np.abs(slope) <= ZERO * size[1], 0.0, slope)
            tied = np.abs(now) <= ZERO * (size[0] + size[1] * abs(price))
            wanted = np.where(tied, (rising > 0.0) | (active & (rising == 0.0)), now > 0.0)
            if np.array_equal(wanted, active):
                break
            active = wanted
        for k in np.flatnonzero(active != before):
            turn(turns[k], price)
    else:
        raise BudgetsimError(f"whittle_index: the policy changes more than {50 * n + 1000} times along the price")
    indices, gaps = indices_and_gaps(turns)
    if not gaps:
        detail = "indexable: as the price of activity rises, each state turns passive once and stays so"
    else:
        detail = "not indexable: " + "; ".join(f"state {s} is passive at prices from {low:.6g} to {high:.6g} and active again above" for s, low, high in gaps)
    return Whittle(indices, not gaps, np.array(gaps).reshape(-1, 3), detail)


def turn(turns: list[float], price: float) -> None:
    """Notes a price at which a state turns active, passive, active, ...; turning twice at one price is no turn."""
    if turns and turns[-1] - price <= ZERO * (1.0 + abs(price)):
        turns.pop()
    else:
        turns.append(price)


def indices_and_gaps(turns: list[list[float]]) -> tuple[np.ndarray, list[tuple[int, float, float]]]:
    """From each state's turns, at falling prices: its index, NaN where it has none, and the gaps (state, low, high)."""
    gaps = [(s, low, high) for s, prices in enumerate(turns) for high, low in zip(prices[1::2], prices[2::2], strict=True)]
    return np.array([prices[0] if len(prices) == 1 else np.nan for prices in turns]), gaps


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
