"""How plain functions are compiled and cached. `compiled` is the one door to numba for everybody else."""

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["available", "compiled"]


def available(view: Any, action: Any) -> Any:
    """Whether the view's `legal` mask, if it has one, allows this action; free where there is no mask.

    >>> import numpy as np
    >>> from typing import NamedTuple
    >>> class View(NamedTuple):
    ...     legal: np.ndarray
    >>> available(View(np.array([1.0, 0.0])), 1), available((), 1)
    (False, True)
    """
    mask = getattr(view, "legal", None)
    return mask is None or bool(mask[action] != 0.0)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, compiled at its first call and cached on disk under a hash of all that it reaches.

    Every plain function that it calls is compiled with it; nothing needs a decorator of its own.

    >>> @compiled
    ... def triangle(n):
    ...     total = 0
    ...     for i in range(n + 1):
    ...         total += i
    ...     return total
    >>> triangle(4)
    10
    """
    entry: list[Callable[..., Any]] = []

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        if not entry:
            from . import rows

            entry.append(rows.compile_function(function))
        return entry[0](*args)

    return call
