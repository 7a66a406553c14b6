"""Arrays to matplotlib axes, in the house style. Nothing here simulates, nothing here saves.

Curves are told apart three times: by colour (Okabe and Ito's palette, safe for colour-blind readers and in grey), by
marker and by dash. Black is for benchmarks only. An interval is a band or a bar, and the legend says which.
"""

import io
import itertools
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

#: rcParams of the house: readable at the width of a column (3.4 inches), and the same bytes in every process.
STYLE: Any = {
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e2e2e2",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "figure.dpi": 110.0,
    "savefig.dpi": 220.0,
    "svg.hashsalt": "budgetsim",
    "pdf.fonttype": 42,
}

COLUMN = 3.4  #: inches


class Look(NamedTuple):
    """How one curve is told from the others."""

    colour: str
    marker: str
    dash: Any


_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#666666")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (3, 1, 1, 1)), (0, (1, 1)))


def look(k: int) -> Look:
    """The k-th look: colours first, then dashes; 32 differ in something that survives a grey printer."""
    return Look(_COLOURS[k % 8], _MARKERS[k % 8], _DASHES[(k + k // 8) % 4])


@contextmanager
def style() -> Iterator[None]:
    """The house style, inside this block only."""
    with matplotlib.rc_context(STYLE):
        yield


class Picture(Figure):
    """A Figure that a notebook shows, without pyplot and its global list of open figures."""

    def _repr_png_(self) -> bytes:
        target = io.BytesIO()
        with style():
            self.savefig(target, format="png")
        return target.getvalue()


def picture(columns: int = 1, rows: int = 1, *, width: float | None = None, height: float | None = None, **options: Any) -> tuple[Picture, list[Any]]:
    """A figure and its axes, row by row; width and height in inches, of the whole.

    >>> figure, axes = picture(2)
    >>> len(axes), [float(x) for x in figure.get_size_inches()]
    (2, [6.8, 2.7])
    """
    size = (width or COLUMN * columns, height or 2.7 * rows)
    figure = Picture(figsize=size, layout="constrained")
    return figure, list(np.atleast_1d(figure.subplots(rows, columns, **options)).ravel())


def axis_labels(axes: Any, x: tuple[str, str], y: tuple[str, str], title: str = "", *, log: str = "") -> None:
    """What is on each axis and its unit: ("horizon", "rounds"); `log` names the logarithmic ones: "", "x", "y", "xy"."""
    for name, (text, unit) in (("x", x), ("y", y)):
        axes.set(**{f"{name}label": f"{text} ({unit})" if unit else text})
        if name in log:
            axes.set(**{f"{name}scale": "log"})
    if title:
        axes.set_title(title)


def curve(axes: Any, x: Any, mean: Any, low: Any = None, high: Any = None, *, label: str = "", k: int = 0, bars: bool = False, markers: bool = True) -> Any:
    """A curve in the k-th look, its interval as a band or, for few points, as bars."""
    it, x, mean = look(k), np.asarray(x, float), np.asarray(mean, float)
    (line,) = axes.plot(x, mean, color=it.colour, linestyle=it.dash, marker=it.marker if markers else "", markevery=max(1, len(x) // 8), label=label, zorder=3)
    if low is not None and high is not None:
        low, high = np.asarray(low, float), np.asarray(high, float)
        if bars:
            axes.errorbar(x, mean, [np.maximum(mean - low, 0), np.maximum(high - mean, 0)], color=it.colour, linestyle="", capsize=2.5, elinewidth=1, zorder=3)
        else:
            axes.fill_between(x, low, high, color=it.colour, alpha=0.2, linewidth=0, zorder=2)
    return line


def bands(axes: Any, x: Any, quantiles: Any, *, label: str = "", k: int = 0) -> Any:
    """A median with its 10 to 90 per cent band; `quantiles` (3, len(x)), pointwise."""
    low, middle, high = np.asarray(quantiles, float)
    return curve(axes, x, middle, low, high, label=label, k=k)


def fluid_line(axes: Any, x: Any, y: Any, label: str = "fluid optimum") -> Any:
    """A benchmark: black, dashed, no markers."""
    return axes.plot(x, y, color="black", linestyle=(0, (4, 2)), linewidth=1.1, label=label, zorder=4)[0]


def point(axes: Any, x: float, y: float, label: str, *, dx: float = 4, dy: float = 3) -> None:
    """A named point that is not a rule of the comparison; dx, dy in points."""
    axes.plot([x], [y], marker="x", color="black", linestyle="", markersize=4.5, zorder=5)
    axes.annotate(label, (x, y), xytext=(dx, dy), textcoords="offset points", fontsize=7, ha="left" if dx >= 0 else "right", zorder=5)


def ecdf(axes: Any, values: Any, *, label: str = "", k: int = 0) -> Any:
    """The empirical distribution function of one number per replication."""
    values = np.sort(np.asarray(values, float))
    it = look(k)
    return axes.step(
        np.concatenate([values[:1], values]), np.arange(values.size + 1) / values.size, where="post", color=it.colour, linestyle=it.dash, label=label
    )[0]


def intervals(axes: Any, labels: Sequence[str], mean: Any, low: Any, high: Any, *, looks: Sequence[int] | None = None, reference: float | None = None) -> None:
    """One row per label: a marker and its interval, the first label on top; `reference` is a vertical line."""
    mean, low, high = (np.asarray(v, float) for v in (mean, low, high))
    for i, k in enumerate(looks or range(len(labels))):
        it = look(k)
        axes.errorbar(mean[i], i, xerr=[[mean[i] - low[i]], [high[i] - mean[i]]], color=it.colour, marker=it.marker, capsize=2.5, linestyle="", zorder=3)
    if reference is not None:
        axes.axvline(reference, color="black", linewidth=0.8, zorder=1)
    axes.set_yticks(range(len(labels)), [wrapped(s, 34) for s in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(False, axis="y")


def win_matrix(axes: Any, labels: Sequence[str], share: Any) -> None:
    """`share` (n, n): how often the row's rule ends above the column's; 1/2 is a tie, orange loses, purple wins."""
    share = np.asarray(share, float)
    n = len(labels)
    axes.imshow(share, cmap="PuOr", vmin=0, vmax=1, aspect="auto")
    for i, j in itertools.product(range(n), range(n)):
        if i != j and np.isfinite(share[i, j]):
            axes.text(j, i, f"{share[i, j]:.2f}", ha="center", va="center", fontsize=7, color="white" if abs(share[i, j] - 0.5) > 0.35 else "black")
    axes.set_xticks(range(n), [f"[{j + 1}]" for j in range(n)])
    axes.set_yticks(range(n), [wrapped(f"[{i + 1}] {s}", 34) for i, s in enumerate(labels)])
    axes.set(xlabel="against")
    axes.grid(False)
    axes.spines[:].set_visible(False)


def slope(axes: Any, x: Sequence[float], y: float, exponent: float, text: str) -> None:
    """On log-log axes, the line through (x[0], y) that grows as x**exponent, with its name at the far end."""
    far = y * (x[1] / x[0]) ** exponent
    axes.plot(x, [y, far], color="black", linewidth=0.8, linestyle=":", zorder=1)
    axes.annotate(text, (x[1], far), xytext=(0, 3), textcoords="offset points", fontsize=7, ha="right", va="bottom")


def plain_numbers(axes: Any, axis: str = "x") -> None:
    """1,000 and 0.0003 instead of powers of ten."""
    one = getattr(axes, f"{axis}axis")
    one.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}" if v >= 1 else f"{v:g}"))
    one.set_minor_formatter(NullFormatter())


def legend(figure: Any, axes: Any, *, where: str = "right", title: str = "") -> None:
    """One legend for the whole figure, beside or above the axes, never on the data; equal labels are named once."""
    named: dict[str, Any] = {}
    for one in axes if isinstance(axes, (list, tuple)) else [axes]:
        for handle, text in zip(*one.get_legend_handles_labels(), strict=True):
            named.setdefault(text, handle)
    if where == "right":
        figure.legend(list(named.values()), [wrapped(s, 36) for s in named], loc="outside right upper", title=title or None, alignment="left")
    else:
        figure.legend(list(named.values()), list(named), loc="outside upper left", ncols=2 if len(named) > 3 else 3, title=title or None, alignment="left")


def note(figure: Any, text: str) -> None:
    """What a reader must know, in small print under the axes."""
    characters = int(figure.get_size_inches()[0] * 21)
    wrapped = "\n".join(textwrap.fill(line, characters) for line in text.splitlines())
    figure.supxlabel(wrapped, x=0.01, ha="left", fontsize=6.5, color="#333333")


def wrapped(text: str, width: int) -> str:
    """Lines of at most `width` characters, the later ones indented."""
    return "\n  ".join(textwrap.fill(line, width, break_long_words=False, subsequent_indent="  ") for line in text.splitlines())
