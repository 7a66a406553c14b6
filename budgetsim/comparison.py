"""What `compare` found: differences in pairs, tables, LaTeX and pictures."""

import contextlib
import itertools
import math
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from . import arguments, intervals, metrics
from .arguments import BadValue
from .intervals import Interval
from .model import Optimum, Spec
from .summary import QUANTILES


class Cell(NamedTuple):
    """One rule on one problem; `swept`: the values of the sweep's keys, None where a key plays no part."""

    problem: str
    policy: str
    swept: tuple[Any, ...] = ()


class Group(NamedTuple):
    """One problem, with the values of the sweep that made it."""

    problem: str
    swept: tuple[Any, ...] = ()


class Curve(NamedTuple):
    """A line of a picture; `kind` is "policy" or "optimum", `panel` names the picture's axes."""

    label: str
    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    kind: str
    panel: str = ""


class Bar(NamedTuple):
    """One row of a picture of intervals."""

    label: str
    mean: float
    low: float
    high: float
    panel: str = ""


def text_of(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(text_of(v) for v in value) + ")"
    return f"{value:g}" if isinstance(value, float) else getattr(value, "name", None) or getattr(value, "__name__", None) or str(value)


def beside(optimum: Optimum) -> str:
    """The name of an optimum among the names of rules."""
    return f"optimum {optimum.name}"


# ------------------------------------------------------------------------------------------------ numbers as text
def decimals(low: float, high: float) -> int:
    """Decimals at which half of an interval has two significant digits; negative: rounded to tens, hundreds.

    >>> decimals(0.1, 0.16), decimals(90.0, 110.0), decimals(1000.0, 5000.0)
    (3, 0, -2)
    """
    half = (high - low) / 2.0
    return 1 - int(f"{half:.1e}".split("e")[1]) if 0.0 < half < math.inf else 4


def rounded(value: float, places: int) -> str:
    """A number with that many decimals.

    >>> rounded(1234.5678, -2), rounded(-0.0001, 2), rounded(0.5, 3)
    ('1200', '0.00', '0.500')
    """
    if not math.isfinite(value):
        return "" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    text = f"{round(value, places):.{max(places, 0)}f}"
    return text.removeprefix("-") if float(text) == 0.0 else text


def with_interval(estimate: float, low: float, high: float) -> str:
    """An estimate and its interval, with the digits that the interval supports.

    >>> with_interval(123.456, 121.0, 125.9)
    '123.5 [121.0, 125.9]'
    """
    if math.isnan(estimate):
        return ""
    places = decimals(low, high)
    return f"{rounded(estimate, places)} [{rounded(low, places)}, {rounded(high, places)}]"


_DASHES: tuple[Any, ...] = ((0, (4, 2)), "-", (0, (1, 1.5)), (0, (6, 1, 1, 1)))  # of optima
_BRACKETS = "in brackets {} intervals, each for itself"
_ESCAPES = {c: "\\" + c for c in "&%$#_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "<": "$<$", ">": "$>$"}


def _cell_value(value: Any) -> Any:
    """A swept value as a table shows it."""
    return value if value is None or type(value) in (bool, int, float, str) else text_of(value)


def _latex(text: str) -> str:
    if re.fullmatch(r"-?[\d.]+ \[-?[\d.inf]+, -?[\d.inf]+\]", text):
        return text.replace("-", "$-$").replace("inf", r"$\infty$")
    return escaped(text)


def escaped(text: str) -> str:
    """Text that LaTeX prints as it is.

    >>> print(escaped("a_b & 50%"))
    a\\_b \\& 50\\%
    """
    return "".join(_ESCAPES.get(c, c) for c in text)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Tables carry an interval's caveat in a column of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", intervals.IntervalWarning)
        yield


# ------------------------------------------------------------------------------------------------ what came of it
@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What `compare` returns; `runs[problem, policy, swept values]` is the result of one rule.

    Intervals of scores, ratios and regrets are pointwise; those of `paired` hold together. A column `method` says how an
    interval was made and, after "; ", what speaks against it.
    """

    runs: dict[Cell, Any]
    matches: dict[Group, tuple[Cell, ...]]  #: what was played on each problem
    optima: dict[Group, tuple[Optimum, ...]]
    specs: dict[Group, Spec]
    families: dict[Cell, str]
    keys: tuple[str, ...] = ()  #: of the sweep
    level: float = 0.95
    baseline: str | None = None
    joint: dict[Group, Any] = field(default_factory=dict)  #: keep="summary": moments of the differences of final scores

    # -------------------------------------------------------------------------------------------- every replication
    @cached_property
    def _final(self) -> dict[Cell, np.ndarray]:
        return {cell: metrics.score(runs).isel(checkpoint=-1).values for cell, runs in self.runs.items()}

    @property
    def final(self) -> Any:
        """The score at the horizon, an xarray.DataArray (cell, replication), with problem, policy and swept values of each cell."""
        import xarray

        values = np.stack(list(self._final.values()))
        labels = {k: ("cell", v) for k, v in self._columns(self.runs).items()}
        return xarray.DataArray(values, labels, ("cell", "replication"), name="score")

    def _columns(self, cells: Any) -> dict[str, list[Any]]:
        """Columns that say what each cell is: problem, the sweep's keys, policy."""
        cells = list(cells)
        swept = {k: [_cell_value(c.swept[i]) for c in cells] for i, k in enumerate(self.keys)}
        return {"problem": [c.problem for c in cells], **swept, "policy": [c.policy for c in cells]}

    def _frame(self, cells: Sequence[Cell], rows: Sequence[Mapping[str, Any]]) -> Any:
        import pandas

        return pandas.concat([pandas.DataFrame(self._columns(cells)), pandas.DataFrame(list(rows))], axis=1)

    # -------------------------------------------------------------------------------------------- rules against rules
    def _difference(self, group: Group, a: Any, b: Any, level: float) -> Interval:
        """Of E[a - b]; a and b are cells, or optima with a value for each replication."""
        if group not in self.joint:
            x, y = (self._final[v] if isinstance(v, Cell) else v.value for v in (a, b))
            with _quiet():
                return intervals.paired(x, y, level)
        names = [v.policy if isinstance(v, Cell) else beside(v) for v in (a, b)]
        found = self.joint[group].sel(one=names[0], other=names[1])
        mean, variance, skewness, share = (float(found[f"difference_{k}"]) for k in ("mean", "variance", "skewness", "share"))
        interval = intervals.mean_from_moments(int(found["count"]), mean, variance, level, skewness, share)
        return interval._replace(method="paired " + interval.method)

    def _pairs(self, baseline: Any) -> list[tuple[Group, Cell, Cell]]:
        """Every rule but the baseline, with the baseline on the same problem."""
        base = getattr(baseline, "name", baseline) or self.baseline
        pairs = []
        for group, cells in self.matches.items():
            label = cells[0].policy if base is None else arguments.choice("baseline", base, [c.policy for c in cells])
            other = next(c for c in cells if c.policy == label)
            pairs += [(group, cell, other) for cell in cells if cell != other]
        return pairs

    def paired(self, baseline: Any = None, level: float | None = None) -> Any:
        """Differences of the final score to the baseline's, on the same luck, as a DataFrame: difference, low, high.

        All intervals of the table hold together with confidence `level`: Bonferroni over its rows.
        """
        pairs = self._pairs(baseline)
        level = self.level if level is None else level
        each = intervals.simultaneous(level, max(len(pairs), 1))
        found = [(other, self._difference(group, cell, other, each)) for group, cell, other in pairs]
        rows = [{"baseline": o.policy, "difference": i.estimate, "low": i.low, "high": i.high, "method": i.method} for o, i in found]
        table = self._frame([cell for _, cell, _ in pairs], rows)
        table.attrs = {"level": level, "level of each interval": each, "simultaneous": f"Bonferroni over {len(pairs)}"}
        return table

    @property
    def wins(self) -> Any:
        """Share of the replications in which the row's rule ends above the column's, ties counting half, as a DataFrame."""
        import pandas

        tables = []
        for group, cells in self.matches.items():
            names = [cell.policy for cell in cells]
            if group in self.joint:
                share = self.joint[group].wins.sel(one=names, other=names).values
            else:
                final = np.stack([self._final[cell] for cell in cells])
                share = np.array([[((a > b) + 0.5 * (a == b)).mean() for b in final] for a in final])
            tables.append(pandas.DataFrame(share, names, names))
        if len(tables) == 1:
            return tables[0]
        return pandas.concat(tables, keys=[(g.problem, *map(_cell_value, g.swept)) for g in self.matches], names=["problem", *self.keys, "policy"])

    # -------------------------------------------------------------------------------------------- distributions
    def quantiles(self, *shares: float) -> Any:
        """Quantiles of the score at each checkpoint, as a DataFrame; by default .1, .5 and .9.

        The q-quantile is the smallest score that at least a share q of the replications do not exceed.
        """
        import pandas

        wanted = [arguments.number("quantiles", q, 0.0, 1.0) for q in shares] or list(QUANTILES)
        tables = []
        for cell, runs in self.runs.items():
            if metrics.is_summary(runs):
                for q in wanted:
                    if q not in QUANTILES:
                        raise BadValue(f"quantiles: got {q:g}, which keep='summary' did not keep; allowed: {', '.join(map(str, QUANTILES))}")
                name = "reward" if runs.attrs["objective"] == "reward" else "score"
                values = runs[f"{name}_quantile"].sel(quantile=wanted).values
            else:
                values = np.quantile(metrics.score(runs).values, wanted, axis=0, method="inverted_cdf")
            times = runs.checkpoint.values
            columns = {"quantile": np.repeat(wanted, len(times)), "checkpoint": np.tile(times, len(wanted)), "score": values.ravel()}
            tables.append(pandas.DataFrame({k: v * values.size for k, v in self._columns([cell]).items()} | columns))
        return pandas.concat(tables, ignore_index=True)

    def ecdf(self, level: float | None = None) -> Any:
        """Distribution functions of the final scores, as a DataFrame: share of the replications up to each score, low, high.

        The band holds everywhere at once, for one rule, with confidence `level` [Massart1990]_.
        """
        import pandas

        tables = []
        for cell in self.runs:
            values, counts = np.unique(self._final[cell], return_counts=True)
            share = np.cumsum(counts) / counts.sum()
            half = intervals.dkw_band(int(counts.sum()), self.level if level is None else level)
            columns = {"score": values, "share": share, "low": np.maximum(share - half, 0.0), "high": np.minimum(share + half, 1.0)}
            tables.append(pandas.DataFrame({k: v * len(values) for k, v in self._columns([cell]).items()} | columns))
        return pandas.concat(tables, ignore_index=True)

    # -------------------------------------------------------------------------------------------- tables
    def _versus(self, group: Group, cell: Cell, optimum: Optimum) -> tuple[Interval, Interval]:
        """Reward ratio and regret at the horizon, beside one optimum."""
        runs = self.runs[cell]
        if group in self.joint and np.ndim(optimum.value):
            behind = self._difference(group, optimum, cell, self.level)
            both, name = self.joint[group], beside(optimum)
            (a, b), (va, vb) = ([float(both[k].sel(one=v)) for v in (cell.policy, name)] for k in ("mean", "variance"))
            covariance = (va + vb - float(both.difference_variance.sel(one=cell.policy, other=name))) / 2.0
            ratio = intervals.ratio_from_moments(int(both["count"]), [a, b], [[va, covariance], [covariance, vb]], self.level)
            return ratio, behind
        with _quiet():
            table = metrics.regret(runs.isel(checkpoint=[-1]), optimum, level=self.level)
            behind = Interval(table["mean"].item(), table.low.item(), table.high.item(), table.attrs["level"], table.attrs["method"])
            if np.mean(optimum.value) <= 0.0:
                return Interval(math.nan, math.nan, math.nan, self.level, "no ratio"), behind
            return metrics.reward_ratio(runs, optimum, self.level), behind

    def _row(self, group: Group, cell: Cell) -> dict[str, Any]:
        runs, spec = self.runs[cell], self.specs[group]
        with _quiet():
            score = metrics.mean(runs, "score", self.level, last=True)
        row: dict[str, Any] = {"score": score.estimate, "low": score.low, "high": score.high}
        method = score.method
        for k, optimum in enumerate(self.optima[group]):
            ratio, behind = self._versus(group, cell, optimum)
            if behind.level < self.level:
                method += f"; beside {optimum.name} {100 * behind.level:g}% intervals"
            row |= {optimum.name: float(np.mean(optimum.value))}
            row |= {f"{optimum.name} ratio{end}": v for end, v in zip(("", " low", " high"), ratio[:3], strict=True)}
            if k == 0:
                row |= {f"regret{end}": v for end, v in zip(("", " low", " high"), behind[:3], strict=True)}
        spent = (runs.spent_mean if metrics.is_summary(runs) else runs.spent.mean("replication")).isel(checkpoint=-1)
        for name, used, budget in zip(spent.resource.values, spent.values, spec.budget, strict=True):
            if np.isfinite(budget) and budget > 0.0 and not spec.renew:
                row[f"spent {name}"] = float(used / budget)
        causes = metrics.ended(runs)
        main = causes.isel(cause=int(np.argmax(causes.values)))
        return row | {"ended_by": str(main.cause.item()), "ended_by share": float(main), "n": int(runs.attrs["replications"]), "path": runs.attrs["path"],
                      "grade": runs.attrs["grade"], "method": method}  # fmt: skip

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return [self._row(group, cell) for group, cells in self.matches.items() for cell in cells]

    def to_dataframe(self) -> Any:
        """One row for each rule on each problem.

        problem, the sweep's keys, policy; score at the horizon with its interval; each optimum's value and the reward ratio
        to it; regret against the first optimum; the share of each budget that was spent; what ended most runs, and their
        share; n; path and grade. Intervals are pointwise, at `level`.
        """
        table = self._frame([cell for cells in self.matches.values() for cell in cells], self._rows)
        last = ["ended_by", "ended_by share", "n", "path", "grade", "method"]
        table = table[[c for c in table if c not in last] + last]
        table.attrs = {"level": self.level, "pointwise": True}
        return table

    def _shown(self) -> tuple[list[list[str]], set[int]]:
        """What a reader is shown: rows of text, the heads first, and the rows before which another problem begins."""
        table = self.to_dataframe()
        labels = (["problem"] if len({g.problem for g in self.matches}) > 1 else []) + [*self.keys, "policy"]
        names = list(dict.fromkeys(o.name for theirs in self.optima.values() for o in theirs))
        spent = [c for c in table if c.startswith("spent ")]
        shown = [[*labels, self._objective, *(f"/ {n}" for n in names), *["regret"][: len(names)], *spent, "ended by"]]
        for _, row in table.iterrows():
            text = [text_of(row[c]) if row[c] is not None and row[c] == row[c] else "" for c in labels]
            text.append(with_interval(row["score"], row["low"], row["high"]))
            text += [with_interval(*(row[name + end] for end in ("", " low", " high"))) for name in [f"{n} ratio" for n in names] + ["regret"][: len(names)]]
            text += ["" if math.isnan(row[c]) else f"{100 * row[c]:.1f}%" for c in spent]
            shown.append([*text, f"{row['ended_by']} {100 * row['ended_by share']:.0f}%"])
        return shown, set(itertools.accumulate([1, *(len(cells) for cells in self.matches.values())][:-1])) - {1}

    @property
    def _objective(self) -> str:
        return str(next(iter(self.runs.values())).attrs["objective"])

    def _caption(self, intervals: str) -> str:
        first = next(iter(self.runs.values())).attrs
        found = Counter(row["method"].partition("; ")[2] for row in self._rows)
        caveats = [f"{text} in {n} of {len(self._rows)} rows" for text, n in sorted(found.items()) if text]
        return "; ".join([f"{first['replications']} replications, seed {first['seed']}", intervals.format(f"{100 * self.level:g}%"), *caveats])

    def to_latex(self) -> str:
        """A booktabs table; half of each interval has two significant digits, and the number beside it as many decimals."""
        (heads, *body), breaks = self._shown()
        lines = [
            f"% {self._caption(_BRACKETS)}",
            rf"\begin{{tabular}}{{{'l' * len(heads)}}}",
            r"\toprule",
            " & ".join(map(escaped, heads)) + r" \\",
            r"\midrule",
        ]
        for i, row in enumerate(body, 1):
            lines += [r"\midrule"] * (i in breaks) + [" & ".join(map(_latex, row)) + r" \\"]
        return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])

    def __repr__(self) -> str:
        shown, breaks = self._shown()
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        lines = [", ".join(dict.fromkeys(group.problem for group in self.matches))]
        for i, row in enumerate(shown):
            lines += [""] * (i in breaks) + ["  ".join(map(str.ljust, row, widths)).rstrip()]
        return "\n".join([*lines, self._caption(_BRACKETS)])

    # -------------------------------------------------------------------------------------------- pictures
    @cached_property
    def axis(self) -> str | None:
        """The first key of the sweep with numbers, at least two: what `curves` run along; None: rounds."""
        for i, key in enumerate(self.keys):
            values = {cell.swept[i] for cell in self.runs} - {None}
            if len(values) > 1 and all(isinstance(v, (int, float)) for v in values):
                return key
        return None

    def _panel(self, group: Group) -> str:
        swept = [f"{k} = {text_of(v)}" for k, v in zip(self.keys, group.swept, strict=True) if v is not None and k != self.axis]
        several = len({g.problem for g in self.matches}) > 1
        return ", ".join(swept) if swept and not several else ", ".join([group.problem, *swept])

    def curves(self) -> list[Curve]:
        """The score with its interval: along the rounds or, in a sweep over numbers, at the horizon along the sweep's `axis`.

        Optima come along: a number grows linearly with the rounds; one with a value for each replication is a point at the
        horizon. A rule that does not take the swept key is level.
        """
        return self._along_rounds() if self.axis is None else self._along_sweep(self.keys.index(self.axis))

    def _along_rounds(self) -> list[Curve]:
        found = []
        for group, cells in self.matches.items():
            horizon = self.specs[group].horizon
            for cell in cells:
                with _quiet():
                    score = metrics.mean(self.runs[cell], "score", self.level)
                found.append(Curve(cell.policy, self.runs[cell].checkpoint.values, score.estimate, score.low, score.high, "policy", self._panel(group)))
            for optimum in self.optima[group]:
                x = np.array([horizon] if np.ndim(optimum.value) else [0, horizon])
                y = np.mean(optimum.value) * x / horizon
                found.append(Curve(optimum.name, x, y, y, y, "optimum", self._panel(group)))
        return found

    def _along_sweep(self, i: int) -> list[Curve]:
        points: dict[tuple[str, str, str], dict[Any, tuple[float, float, float]]] = {}
        every = sorted({cell.swept[i] for cell in self.runs} - {None})
        for group, cells in self.matches.items():
            for cell in cells:
                others = [(k, v) for k, v, w in zip(self.keys, cell.swept, group.swept, strict=True) if k != self.axis and v is not None and w is None]
                own = [f"{k}={text_of(v)}" for k, v in others]
                label = self.families[cell] + (f" [{', '.join(own)}]" if own else "")
                with _quiet():
                    score = metrics.mean(self.runs[cell], "score", self.level, last=True)
                line = points.setdefault((self._panel(group), label, "policy"), {})
                line |= dict.fromkeys(every if cell.swept[i] is None else [cell.swept[i]], score[:3])
            for optimum in self.optima[group]:
                line = points.setdefault((self._panel(group), optimum.name, "optimum"), {})
                line |= dict.fromkeys(every if group.swept[i] is None else [group.swept[i]], (float(np.mean(optimum.value)),) * 3)
        found = []
        for (panel, label, kind), line in points.items():
            x = np.array(sorted(line))
            mean, low, high = np.array([line[v] for v in x.tolist()]).T
            found.append(Curve(label, x, mean, low, high, kind, panel))
        return found

    def bars(self) -> list[Bar]:
        """Paired differences to the baseline with simultaneous intervals, row by row."""
        table = self.paired()
        panels = [self._panel(group) for group, _, _ in self._pairs(None)]
        return list(map(Bar, table.policy, table.difference, table.low, table.high, panels))

    def plot(self) -> Any:
        """A figure: `curves`, a panel for each problem, and beside them, without a sweep over numbers, `bars`."""
        from . import figures

        with figures.style():
            return self._drawn(figures)

    def _drawn(self, figures: Any) -> Any:
        curves, bars = self.curves(), [] if self.axis else self.bars()
        panels = list(dict.fromkeys(c.panel for c in curves))
        looks = {label: k for k, label in enumerate(dict.fromkeys(c.label for c in curves if c.kind == "policy"))}
        dashes = {o: _DASHES[k % len(_DASHES)] for k, o in enumerate(dict.fromkeys(c.label for c in curves if c.kind == "optimum"))}
        unit = next(iter(self.specs.values())).units.reward
        score = (self._objective + (" at the horizon" if self.axis else ""), "" if unit == "reward" else unit)
        columns = 2 if bars else 1
        figure, axes = figures.picture(columns, len(panels), width=(6.4 if bars else 3.6) + 2.4)
        for row, panel in enumerate(panels):
            left, right = axes[row * columns], axes[row * columns + columns - 1]
            for c in (c for c in curves if c.panel == panel):
                if c.kind == "policy":
                    figures.curve(left, c.x, c.mean, c.low, c.high, label=c.label, k=looks[c.label])
                else:
                    figures.fluid_line(left, c.x, c.mean, c.label).set(linestyle=dashes[c.label], marker="x" if len(c.x) == 1 else "")
            figures.axis_labels(left, (self.axis or "round", ""), score, figures.wrapped(panel, 40))
            theirs = [b for b in bars if b.panel == panel]
            if theirs:
                mean, low, high = np.array([b[1:4] for b in theirs]).T
                figures.intervals(right, [b.label for b in theirs], mean, low, high, looks=[looks[b.label] for b in theirs], reference=0.0)
                base = next(other.policy for group, _, other in self._pairs(None) if self._panel(group) == panel)
                figures.axis_labels(right, (figures.wrapped(f"{score[0]}, difference to {base}", 44), score[1]), ("", ""), "paired differences")
        figures.legend(figure, axes[::columns])
        figures.note(figure, self._caption("bands: {} intervals of the mean, each for itself" + ("; of the differences: all together" if bars else "")) + ".")
        return figure
