"""Numbers x bound -> Verdict: exact, certified or statistical. Nothing statistical is ever called proved.

The margin of a verdict is >= 0 where the claim holds: the distance from the far end of its interval to the bound. A statistical claim holds when
its whole interval does, fails when none of it does, and is "unresolved" between; what speaks against the interval goes into `detail`.
"""

import math
import textwrap
import warnings
from collections.abc import Iterable
from statistics import NormalDist
from typing import Any

import numpy as np

from . import intervals
from .arguments import BadType, BadValue, choice, flag, number
from .intervals import Interval
from .model import Verdict

LEVEL = 1.0 - 1e-6  #: of one statistical verdict that stands alone
THEOREM = 1.0 - 1e-8  #: of one statistical verdict of a theorem check: up to 100 of them share a family-wise error of 1e-6


def exact(claim: str, ok: bool, margin: float = math.nan, detail: str = "") -> Verdict:
    """A claim that was decided without tolerance or luck: an identity, an exhaustive check, equal bits.

    >>> exact("rows and python give the same bits", True).holds
    True
    """
    ok = flag("ok", ok)
    if (margin < 0.0) if ok else (margin > 0.0):
        raise BadValue(f"margin: got {margin!r} with ok={ok}; allowed: >= 0 where the claim holds, <= 0 where it fails")
    return Verdict(claim, "exact", ok, float(margin), detail=detail)


def proved(claim: str, ok: bool, margin: float = math.nan, detail: str = "") -> Verdict:
    """A statement that was proved by a machine: symbolically, in rationals, over all of a finite class, by intervals, by an SMT solver.

    The claim says exactly what was proved, often a lemma on a stated range; `detail` says by what.

    >>> proved("sum of the first n numbers, n <= 99", all(sum(range(n + 1)) == n * (n + 1) // 2 for n in range(100)), detail="enumeration").kind
    'proved'
    """
    return exact(claim, ok, margin, detail)._replace(kind="proved")


def at_most(claim: str, value: float, bound: float, tolerance: float = 0.0, kind: str = "certified", detail: str = "") -> Verdict:
    """value <= bound + tolerance, for numbers that carry no luck; a value that is not a number fails.

    Parameters
    ----------
    value, bound, tolerance: in the claim's own unit; the tolerance is absolute. kind: "certified" or "exact".

    >>> at_most("primal = dual", 3e-12, 1e-9).holds, at_most("spent <= budget", 3.1, 3.0).margin
    (True, -0.1...)
    """
    value, limit = float(value), number("bound", bound, finite=False) + number("tolerance", tolerance, 0.0)
    holds = value <= limit
    margin = 0.0 if value == limit else limit - value
    return Verdict(claim, choice("kind", kind, ("certified", "exact")), holds, margin, (value, value), detail=detail)


def at_least(claim: str, value: float, bound: float, tolerance: float = 0.0, kind: str = "certified", detail: str = "") -> Verdict:
    """value >= bound - tolerance; see `at_most`.

    >>> at_least("reward", 39.0, 30.0).margin
    9.0
    """
    return at_most(claim, -float(value), -number("bound", bound, finite=False), tolerance, kind, detail)._replace(interval=(float(value), float(value)))


def _interval(measured: Any, level: float | None) -> Interval:
    if isinstance(measured, Interval):
        if level is not None and level != measured.level:
            raise BadValue(f"level: got {level!r} beside an interval of level {measured.level!r}; allowed: leave it out, the interval has its own")
        if np.ndim(measured.estimate) != 0:
            raise BadType("measured: got an array of intervals; allowed: one interval, or values (n,)")
        return measured
    with warnings.catch_warnings():  # the caveat goes into the verdict instead
        warnings.simplefilter("ignore", intervals.IntervalWarning)
        return intervals.mean(np.ravel(measured), LEVEL if level is None else level)


def _statistical(claim: str, interval: Interval, low: float, high: float, detail: str) -> Verdict:
    """low <= quantity <= high."""
    holds: Any = "unresolved"
    margin = min(interval.low - low, high - interval.high)
    if margin >= 0.0:
        holds = True
    elif interval.low > high or interval.high < low:
        holds, margin = False, min(interval.high - low, high - interval.low)
    detail = "; ".join(part for part in (detail, interval.caveat) if part)
    return Verdict(claim, "statistical", holds, float(margin), (float(interval.low), float(interval.high)), interval.level, detail)


def statistical_at_most(claim: str, measured: Any, bound: float, level: float | None = None, detail: str = "") -> Verdict:
    """An expectation is at most `bound`: True, False, or "unresolved" where the interval straddles the bound.

    Parameters
    ----------
    measured: an `Interval`, or the values (n,) of independent replications, in the claim's own unit.
    level: confidence level of the interval made from values, 1 - 1e-6 unless given.

    >>> mean = Interval(0.5, 0.4, 0.6, 0.95, "t")
    >>> [statistical_at_most("regret", mean, bound).holds for bound in (0.7, 0.55, 0.3)]
    [True, 'unresolved', False]
    """
    return _statistical(claim, _interval(measured, level), -math.inf, number("bound", bound), detail)


def statistical_at_least(claim: str, measured: Any, bound: float, level: float | None = None, detail: str = "") -> Verdict:
    """An expectation is at least `bound`; see `statistical_at_most`.

    >>> statistical_at_least("reward", Interval(0.5, 0.4, 0.6, 0.95, "t"), 0.1).margin
    0.30000000000000004
    """
    return _statistical(claim, _interval(measured, level), number("bound", bound), math.inf, detail)


def slope(
    claim: str,
    x: Any,
    samples: Any,
    low: float,
    high: float,
    level: float | None = None,
    detail: str = "",
    excludes: tuple[float, float] | None = None,
) -> Verdict:
    """The least-squares slope of log E[samples] against log x lies in [low, high].

    Parameters
    ----------
    x: (k,) positive. samples: (n, k), row i is replication i at every x. low, high: may be infinite. excludes: (truth, alternative), two
    slopes; the detail then says with what power these data exclude the alternative, the chance of an interval as wide as this one
    that does not hold it, were the slope the truth.

    >>> import numpy as np
    >>> x, luck = np.array([1e3, 1e4, 1e5]), np.tile([0.9, 1.1], 100)[:, None]
    >>> slope("regret grows as sqrt(T)", x, np.sqrt(x) * luck ** [1, 2, 3], 0.45, 0.55, level=0.95, excludes=(0.5, 0.51)).detail
    'slope 0.5064; power to exclude 0.51 were it 0.5: 91.91%'
    >>> slope("regret grows as sqrt(T)", x, np.sqrt(x) * luck, 0.45, 0.55, level=0.95).holds
    True
    """
    low, high = number("low", low, finite=False), number("high", high, finite=False)
    if not low <= high:
        raise BadValue(f"low: got {low!r} above high = {high!r}; allowed: low <= high")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", intervals.IntervalWarning)
        fit = intervals.slope(x, samples, LEVEL if level is None else level)
    power = f"power to exclude {excludes[1]:.3g} were it {excludes[0]:.3g}: {_power(fit, *excludes)}" if excludes else ""
    return _statistical(claim, fit, low, high, "; ".join(part for part in (f"slope {fit.estimate:.4g}", power, detail) if part))


def _power(fit: intervals.Interval, truth: float, alternative: float) -> str:
    """P(an interval of this width excludes the alternative | truth), the estimate being normal."""
    half, normal = float(fit.high - fit.low) / 2.0, NormalDist()
    if not 0.0 < half < math.inf:
        return "unknown"
    error = half / normal.inv_cdf((1.0 + fit.level) / 2.0)
    chance = normal.cdf((abs(alternative - truth) - half) / error)
    return f"{100.0 * chance:.4g}%" if chance < 0.9999 else "above 99.99%"


def shared(level: float, count: int) -> float:
    """The level of each of `count` statistical verdicts of one run that are to be right together with confidence `level` (Bonferroni).

    >>> round(shared(0.99, 5), 12)
    0.998
    """
    return intervals.simultaneous(level, count)


def agree(claim: str, got: Any, error: Any, said: Any, level: float, refuse: bool = False, detail: str = "") -> Verdict:
    """Normal estimates agree with what theory says, all at once: no difference is beyond its share of the level.

    Parameters
    ----------
    got, error, said: broadcast together; error is a standard error. refuse: the theory is wrong on purpose, and one difference must be outside.

    >>> agree("two means", [0.1, 0.2], 0.05, [0.15, 0.2], 0.99).detail
    'largest difference 1.00 standard errors, allowed 2.81'
    >>> agree("control", 0.5, 0.05, 0.1, 0.99, refuse=True).holds
    True
    """
    far = np.abs(np.subtract(got, said)) / error
    bound, worst = NormalDist().inv_cdf(0.5 + shared(level, max(1, far.size)) / 2), float(far.max(initial=0.0))
    holds: Any = (True if worst > bound else "unresolved") if refuse else worst <= bound
    said_of = "; ".join(part for part in (f"largest difference {worst:.2f} standard errors, allowed {bound:.2f}", detail) if part)
    return Verdict(claim, "statistical", holds, worst - bound if refuse else bound - worst, (worst, worst), level, said_of)


def weakest(verdicts: Iterable[Verdict]) -> Verdict:
    """A claim about several cases holds where all do: the verdict on its weakest case.

    >>> weakest([at_most("a", 1.0, 3.0), at_most("a", 2.0, 3.0)]).margin
    1.0
    """
    return min(verdicts, key=lambda v: (v.holds is not False, v.holds is True, v.margin))


# ------------------------------------------------------------------------------------------------ reading them
WIDTHS = (46, 10, 11, 25, 10)
HEADS = ("claim", "holds", "margin", "interval", "level")


def _span(verdict: Verdict) -> str:
    low, high = verdict.interval
    if math.isnan(low) and math.isnan(high):
        return "-"
    return f"{low:.6g}" if low == high else f"[{low:.5g}, {high:.5g}]"


def _sureness(verdict: Verdict) -> str:
    if verdict.kind != "statistical":
        return verdict.kind
    error = 1.0 - verdict.level
    return f"{100.0 * verdict.level:.4g}%" if error >= 1e-4 else f"1-{error:.1g}"


def table(verdicts: Iterable[Verdict]) -> str:
    """A plain text table, at most 110 columns wide: failures in capitals, details indented below their claim.

    >>> print(table([exact("same bits on 7 threads", True, 0.0), statistical_at_most("regret", Interval(5, 4, 6, 0.95, "t"), 3)]))
    claim                                          holds      margin      interval                  level
    ----------------------------------------------------------------------------------------------------------
    same bits on 7 threads                         yes        0           -                         exact
    regret                                         NO         -1          [4, 6]                    95%
    """
    lines = [" ".join(f"{head:<{width}}" for head, width in zip(HEADS, WIDTHS)).rstrip(), "-" * (sum(WIDTHS) + len(WIDTHS) - 1)]
    for v in verdicts:
        claim, *more = textwrap.wrap(v.claim, WIDTHS[0], subsequent_indent="  ") or [""]
        holds = v.holds if isinstance(v.holds, str) else "yes" if v.holds else "NO"
        cells = (claim, holds, "-" if math.isnan(v.margin) else f"{v.margin:.4g}", _span(v), _sureness(v))
        lines.append(" ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS)).rstrip())
        lines += more
        lines += textwrap.wrap(v.detail, 104, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def _jsonable(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_jsonable(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else float(value) if math.isfinite(value) else str(float(value))
    return value.item() if isinstance(value, np.generic) else value


def as_records(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """One dictionary a verdict, ready for strict JSON: NaN becomes None, an infinite end "inf" or "-inf".

    >>> as_records([exact("same bits", True)])[0]["margin"] is None
    True
    """
    return [{name: _jsonable(value) for name, value in v._asdict().items()} for v in verdicts]
