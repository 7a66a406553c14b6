"""Arguments, read once at the door: what a wrong one gets is a single line that names it, what came and what is allowed."""

import difflib
import math
from collections.abc import Iterable
from typing import Any

import numpy as np


class BudgetsimError(Exception):
    """Every error that budgetsim raises on purpose."""


class BadValue(BudgetsimError, ValueError):
    """An argument of the right kind with a value that is not allowed."""


class BadType(BudgetsimError, TypeError):
    """An argument of the wrong kind."""


def _short(value: Any) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value).replace("\n", " ")
    return text if len(text) <= 60 else text[:57] + "..."


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf, finite: bool = True) -> float:
    """A real number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise BadType(f"{name}: got {_short(value)}; allowed: a number")
    if math.isnan(value) or (finite and math.isinf(value)) or not low <= value <= high:
        raise BadValue(f"{name}: got {_short(value)}; allowed: a number in [{low:g}, {high:g}]")
    return float(value)


def whole(name: str, value: Any, low: int = 0, high: int = 2**62) -> int:
    """An integer in [low, high]; 3.0 counts as one, 3.5 does not."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise BadType(f"{name}: got {_short(value)}; allowed: a whole number")
    if not math.isfinite(value) or value != math.floor(value) or not low <= value <= high:
        limit = f"at least {low}" if high == 2**62 else f"{low} to {high}"
        raise BadValue(f"{name}: got {_short(value)}; allowed: a whole number, {limit}")
    return int(value)


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise BadType(f"{name}: got {_short(value)}; allowed: True or False")
    return bool(value)


def array(
    name: str,
    value: Any,
    shape: tuple[int | None, ...],
    low: float = -math.inf,
    high: float = math.inf,
    finite: bool = True,
) -> np.ndarray:
    """A float64 array (a fresh copy) of the given shape, entries in [low, high]; None leaves a length free, but not zero."""
    try:
        if getattr(getattr(value, "dtype", None), "kind", "") == "c":
            raise TypeError
        out = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadType(f"{name}: got {_short(value)}; allowed: an array of numbers") from None
    wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
    if out.ndim != len(shape) or any(n is not None and n != m for n, m in zip(shape, out.shape, strict=True)):
        raise BadValue(f"{name}: got shape {out.shape}; allowed: shape {wanted}")
    if any(n is None and m == 0 for n, m in zip(shape, out.shape, strict=True)):
        raise BadValue(f"{name}: got an empty array; allowed: shape {wanted} with at least one entry")
    bad = np.isnan(out) | (out < low) | (out > high)
    if finite:
        bad |= np.isinf(out)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise BadValue(f"{name}: got {out[where]} at {list(where)}; allowed: numbers in [{low:g}, {high:g}]")
    return out


def probabilities(name: str, value: Any, shape: tuple[int | None, ...]) -> np.ndarray:
    """An array whose last axis sums to 1 (to 1e-7); it is rescaled to do so exactly as far as floats can."""
    out = array(name, value, shape, 0.0, 1.0)
    total = out.sum(axis=-1)
    if np.any(np.abs(total - 1.0) > 1e-7):
        raise BadValue(f"{name}: sums to {float(total.ravel()[np.argmax(np.abs(total.ravel() - 1.0))]):.12g}; allowed: probabilities that sum to 1")
    return out / total[..., None]


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """One of the allowed words; a near miss is answered with the nearest, and of many words only some are listed."""
    options = list(allowed)
    if isinstance(value, str) and value in options:
        return value
    near = difflib.get_close_matches(str(value), options, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    listed = options
    if len(options) > 12:
        listed = [*(difflib.get_close_matches(str(value), options, n=8, cutoff=0.3) or options[:8]), f"... ({len(options)} in all)"]
    raise BadValue(f"{name}: got {_short(value)}; allowed: {', '.join(listed)}{hint}")
