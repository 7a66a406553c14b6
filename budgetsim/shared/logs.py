"""Logs that come as tables: columns by name, and the rows that were left out."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, BadValue, choice


class Dropped(NamedTuple):
    """Which rows of a table were left out (positions), and why (one text a row)."""

    rows: np.ndarray
    reasons: tuple[str, ...]


def named_columns(df: Any, name: str, columns: Any, like: Any) -> np.ndarray:
    """(N, K): the columns of a data frame or dict, as many as `like` has, as numbers.

    >>> named_columns({"a": [1, 2], "b": [3, 4]}, "cost", ["b", "a"], ["c", "d"]).tolist()
    [[3.0, 1.0], [4.0, 2.0]]
    """
    if isinstance(columns, str) or not hasattr(columns, "__len__") or not 0 < len(columns) == len(like):
        raise BadValue(f"{name}: got {columns!r}; allowed: a list of column names, one for each arm")
    known = [str(c) for c in getattr(df, "columns", df)]
    for c in columns:
        choice(f"{name} column", c, known)
    values = [np.asarray(df[c]) for c in columns]
    if len({len(v) for v in values}) > 1:
        raise BadValue(f"{name}: got columns of {sorted({len(v) for v in values})} rows; allowed: columns of one length")
    try:
        return np.stack(values, axis=1).astype(np.float64)
    except (TypeError, ValueError):
        raise BadType(f"{name}: got something that is not an array of numbers; allowed: numbers, one row a round") from None


def playable(reasons: np.ndarray) -> tuple[np.ndarray, Dropped]:
    """Which rows (N,) have no reason to be left out, at least one; and the others.

    >>> playable(np.array(["", "a cost is negative"], dtype=object))[1].rows.tolist()
    [1]
    """
    kept = reasons == ""
    if not kept.any():
        raise BadValue(f"df: got no row that can be played ({reasons[0] if len(reasons) else 'it is empty'} in the first)")
    return kept, Dropped(np.flatnonzero(~kept), tuple(reasons[~kept]))
