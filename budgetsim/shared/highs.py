"""One door to HiGHS: linear programs that are tried again where the solver gives up, and errors that name the rows in the way."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arguments import BudgetsimError

#: HiGHS may fail (status 15) to be as exact as the first asks where numbers span many orders of magnitude
TRIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("highs", {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}),
    ("highs", {}),
    ("highs-ipm", {}),
)
_INFEASIBLE, _UNBOUNDED, _MOST = 2, 3, 6


def best_plan(
    who: str, reward: Any, at_most: Any, limits: Any, equal: Any = None, right: Any = None, bounds: Any = (0.0, None), name: Callable[[int], str] | None = None
) -> Any:
    """max reward.x with at_most x <= limits, equal x = right, bounds: what scipy's linprog found, of the *minimum* of -reward.x.

    A proposal: whoever asks repairs and verifies it. `ineqlin.marginals` are <= 0, prices are their negatives.

    Parameters
    ----------
    who : asks; errors begin with it.
    reward (v,), at_most (m, v), limits (m,), equal (k, v), right (k,), bounds : as linprog has them; matrices may be sparse.
    name : of row i, the m inequalities first; None for numbers.

    Raises
    ------
    BudgetsimError : no plan. Infeasible: the line names rows that cannot hold together (those with a multiplier in the least sum of violations).
        Unbounded: the columns that grow.

    Examples
    --------
    >>> best_plan("me", [3.0, 2.0], [[1.0, 1.0]], [1.0]).x.tolist()
    [1.0, 0.0]
    >>> best_plan("me", [1.0], [[1.0], [-1.0], [1.0]], [1.0, -2.0, 9.0])
    Traceback (most recent call last):
    budgetsim.arguments.BudgetsimError: me: the program is infeasible; these cannot hold together: row 0, row 1
    >>> best_plan("me", [0.0, 1.0], [[1.0, 0.0]], [1.0])
    Traceback (most recent call last):
    budgetsim.arguments.BudgetsimError: me: the program is unbounded; nothing caps column 1
    """
    c = -np.asarray(reward, float)
    for method, options in TRIES:
        solved = _linprog(c, at_most, limits, equal, right, bounds, method=method, options=options)
        if solved.x is not None or getattr(solved, "status", None) in (_INFEASIBLE, _UNBOUNDED):
            break
    if solved.x is not None:
        return solved
    name = name or (lambda i: f"row {i}")
    if getattr(solved, "status", None) in (_INFEASIBLE, _UNBOUNDED):  # HiGHS's presolve may not tell one from the other
        blocked = _in_the_way(c.size, at_most, limits, equal, right, bounds)
        if blocked:
            raise BudgetsimError(f"{who}: the program is infeasible; these cannot hold together: {_some([name(i) for i in blocked])}")
        free = _growing(c, at_most, equal, bounds)
        if free:
            raise BudgetsimError(f"{who}: the program is unbounded; nothing caps {_some([f'column {j}' for j in free])}")
    raise BudgetsimError(f"{who}: HiGHS found no plan: {solved.message}")


def _linprog(*arguments: Any, **options: Any) -> Any:
    from scipy.optimize import linprog

    return linprog(*arguments, **options)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")


def _ends(bounds: Any, size: int) -> np.ndarray:
    """(v, 2): least and greatest value of each column."""
    pairs = [[-np.inf if low is None else low, np.inf if high is None else high] for low, high in np.reshape(bounds, (-1, 2))]
    return np.broadcast_to(np.array(pairs, float), (size, 2))


def _in_the_way(size: int, at_most: Any, limits: Any, equal: Any, right: Any, bounds: Any) -> list[int]:
    """Rows with a multiplier in min sum |violation|; none where that is 0, the program being feasible."""
    from scipy import sparse

    m, k = (0 if a is None else np.shape(a)[0] for a in (at_most, equal))
    over, either = sparse.eye_array(m), sparse.eye_array(k)
    upper = sparse.hstack([sparse.csr_array(at_most), -over, sparse.csr_array((m, 2 * k))], "csr") if m else None
    both = sparse.hstack([sparse.csr_array(equal), sparse.csr_array((k, m)), either, -either], "csr") if k else None
    box = np.vstack([_ends(bounds, size), np.tile([0.0, np.inf], (m + 2 * k, 1))])
    solved = _linprog(np.append(np.zeros(size), np.ones(m + 2 * k)), upper, limits if m else None, both, right if k else None, box, method="highs")
    if solved.x is None or solved.fun <= 1e-9:
        return []
    price = np.concatenate([solved.ineqlin.marginals, solved.eqlin.marginals])
    return np.flatnonzero(np.abs(price) > 1e-9).tolist()


def _growing(c: np.ndarray, at_most: Any, equal: Any, bounds: Any) -> list[int]:
    """Columns of a direction in which the objective improves for ever."""
    box = np.where(np.isfinite(_ends(bounds, c.size)), 0.0, [-1.0, 1.0])
    still = [None if a is None else np.zeros(np.shape(a)[0]) for a in (at_most, equal)]
    solved = _linprog(c, at_most, still[0], equal, still[1], box, method="highs")
    return [] if solved.x is None or solved.fun >= -1e-9 else np.flatnonzero(np.abs(solved.x) > 1e-9).tolist()
