"""Replications in constant memory: count, moments, cross-products and a mergeable histogram, by a fixed tree.

Both classes are fed blocks (b, m) of m series in replication order. What they return depends on the sequence alone, never on how it was cut:
floats are added along a tree over the replications' numbers (leaves of 64, then equal halves, as a binary counter carries), and the histogram
counts in integers.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from .arguments import BadValue, array, number, whole
from .model import VECTOR, Ended

LEAF = 64


class Moments(NamedTuple):
    """What a tree knows of m series: sums about the mean, (m,) each unless said otherwise."""

    count: int  # type: ignore[assignment]  # tuple.count has no use here
    mean: np.ndarray
    m2: np.ndarray  #: sum of squared deviations
    m3: np.ndarray  #: sum of cubed deviations
    low: np.ndarray
    high: np.ndarray
    cross: np.ndarray  #: (p, m): sum of products of deviations with each reference series

    @property
    def variance(self) -> np.ndarray:
        """Sample variance, divisor count - 1."""
        return self.m2 / max(self.count - 1, 1)

    @property
    def covariance(self) -> np.ndarray:
        """(p, m): sample covariance with each reference, divisor count - 1."""
        return self.cross / max(self.count - 1, 1)

    @property
    def skewness(self) -> np.ndarray:
        """m3 / m2**1.5 with divisor count; 0 for a constant series."""
        scale = np.where(self.m2 > 0.0, self.m2 / self.count, 1.0)
        return self.m3 / self.count / scale / np.sqrt(scale)

    @property
    def share(self) -> np.ndarray:
        """The largest squared deviation's share of their sum; 0 for a constant series."""
        return np.square(np.maximum(self.high - self.mean, self.mean - self.low)) / np.where(self.m2 > 0.0, self.m2, np.inf)


def _merge(a: Moments, b: Moments, references: np.ndarray) -> Moments:
    """Chan, Golub and LeVeque's update [Chan1983]_; fields may carry leading axes."""
    n = a.count + b.count
    delta = b.mean - a.mean
    part = b.count / n
    mixed = a.count * part
    step = delta * delta * mixed
    return Moments(
        n,
        a.mean + delta * part,
        a.m2 + b.m2 + step,
        a.m3 + b.m3 + step * delta * ((a.count - b.count) / n) + 3.0 * delta * ((a.count * b.m2 - b.count * a.m2) / n),
        np.minimum(a.low, b.low),
        np.maximum(a.high, b.high),
        a.cross + b.cross + (delta[..., references, None] * delta[..., None, :]) * mixed,
    )


def _leaves(rows: np.ndarray, references: np.ndarray) -> Moments:
    """Rows (2**k, ..., m), replications first, to moments (..., m): neighbours are merged, then neighbouring pairs, and so on."""
    zero = np.zeros_like(rows)
    node = Moments(1, rows, zero, zero, rows, rows, np.zeros((*rows.shape[:-1], len(references), rows.shape[-1])))
    while len(node.mean) > 1:
        left, right = (Moments(node.count, *(f[i::2] for f in node[1:])) for i in (0, 1))
        node = _merge(left, right, references)
    return Moments(node.count, *(f[0] for f in node[1:]))


def _rows(block: Any, series: int) -> np.ndarray:
    if np.size(block) == 0:
        return np.zeros((0, series))
    return array("block", block, (None, series))


class Tree:
    """Moments of m series, fed in replication order, with memory for 64 replications and a node for each bit of their number.

    Parameters
    ----------
    series: m. references: indices of the series whose cross-products with every series are kept.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).normal(size=(1000, 2))
    >>> whole, cut = Tree(2, references=[0]), Tree(2, references=[0])
    >>> whole.feed(x)
    >>> for i in range(0, 1000, 7):
    ...     cut.feed(x[i : i + 7])
    >>> all(np.array_equal(a, b) for a, b in zip(whole.moments(), cut.moments()))
    True
    """

    def __init__(self, series: int, references: Any = ()) -> None:
        self.series = whole("series", series, 1)
        self.references = np.array([whole("references", r, 0, self.series - 1) for r in references], dtype=np.intp)
        self.nodes: list[Moments] = []  # sizes fall strictly: the bits of the number of full leaves
        self.pending = np.zeros((0, self.series))

    @property
    def count(self) -> int:
        return sum(node.count for node in self.nodes) + len(self.pending)

    def feed(self, block: Any) -> None:
        """The next replications: (b, m), any b."""
        rows = np.concatenate([self.pending, _rows(block, self.series)])
        full = len(rows) // LEAF * LEAF
        self.pending = rows[full:].copy()
        if not full:
            return
        leaves = _leaves(rows[:full].reshape(-1, LEAF, self.series).swapaxes(0, 1), self.references)
        for i in range(full // LEAF):
            node = Moments(LEAF, *(f[i] for f in leaves[1:]))
            while self.nodes and self.nodes[-1].count == node.count:
                node = _merge(self.nodes.pop(), node, self.references)
            self.nodes.append(node)

    def moments(self) -> Moments:
        """Of everything fed so far; the tree goes on."""
        nodes, start = list(self.nodes), 0
        for size in (32, 16, 8, 4, 2, 1):
            if len(self.pending) & size:
                nodes.append(_leaves(self.pending[start : start + size], self.references))
                start += size
        if not nodes:
            raise BadValue("moments: got no replication; allowed: at least one")
        out = nodes.pop()
        while nodes:
            out = _merge(nodes.pop(), out, self.references)
        return out


MANTISSA = 7  #: bits of the deviation that a key keeps
DROPPED = 52 - MANTISSA
OFFSET = 1 << 19  # keys of one series lie in (-OFFSET, OFFSET)


class Histogram:
    """Quantiles of m series in bounded memory: a count for every sign, exponent and leading 7 bits of the deviation from a centre.

    The centre is the mean of the first 64 replications (or given). A quantile is off by at most `accuracy` times its deviation from the
    centre, and is exact up to 64 replications. Counts are integers: histograms with the same centre merge in any order to the same one.

    Parameters
    ----------
    series: m. centre: (m,), in the series' unit, where histograms of several machines are to be merged.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).normal(5.0, 1.0, size=(10_000, 1))
    >>> h = Histogram(1)
    >>> h.feed(x)
    >>> bool(abs(h.quantile(0.9)[0] - np.quantile(x, 0.9, method="inverted_cdf")) <= 1.3 * Histogram.accuracy)
    True
    """

    #: half a cell: its width is at most 2**-7 of its edge that is nearer to the centre
    accuracy = 2.0 ** -(MANTISSA + 1)

    def __init__(self, series: int, centre: Any = None) -> None:
        self.series = whole("series", series, 1)
        self.centre: np.ndarray | None = None if centre is None else array("centre", centre, (self.series,))
        self.count = 0
        self.pending = np.zeros((0, self.series))  # only until the centre is known
        self.keys = np.zeros(0, dtype=np.int64)
        self.counts = np.zeros(0, dtype=np.int64)
        self.waiting: list[np.ndarray] = []  # keys not yet sorted in
        self.n_waiting = 0

    def feed(self, block: Any) -> None:
        """The next replications: (b, m), any b."""
        rows = _rows(block, self.series)
        self.count += len(rows)
        if self.centre is None:
            rows = self.pending = np.concatenate([self.pending, rows])
            if len(rows) < LEAF:
                return
            self.centre = _leaves(rows[:LEAF], np.zeros(0, dtype=np.intp)).mean
            self.pending = rows[:0]
        deviation = rows - self.centre
        key = np.abs(deviation).view(np.int64) >> DROPPED
        key = np.where(deviation < 0.0, -key, key) + (2 * OFFSET * np.arange(self.series) + OFFSET)
        self.waiting.append(key.ravel())
        self.n_waiting += key.size
        if self.n_waiting >= max(1 << 16, len(self.keys)):  # so that sorting costs little for each replication
            self._settle()

    def _settle(self) -> None:
        if self.waiting:
            self._count(*np.unique(np.concatenate(self.waiting), return_counts=True))
            self.waiting, self.n_waiting = [], 0

    def _count(self, keys: np.ndarray, counts: np.ndarray) -> None:
        at = np.searchsorted(self.keys, keys)
        known = np.append(self.keys, -1)[at] == keys
        self.counts[at[known]] += counts[known]
        self.keys = np.insert(self.keys, at[~known], keys[~known])
        self.counts = np.insert(self.counts, at[~known], counts[~known])

    def merge(self, other: "Histogram") -> None:
        """Adds another histogram's counts; both need the same centre."""
        if self.centre is None or other.centre is None or not np.array_equal(self.centre, other.centre):
            raise BadValue(f"merge: got centres {self.centre} and {other.centre}; allowed: histograms with the same centre, given when they were made")
        self._settle()
        other._settle()
        self.count += other.count
        self._count(other.keys, other.counts)

    def steps(self, series: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """The empirical distribution of one series: values, increasing, and the number of replications up to each."""
        series = whole("series", series, 0, self.series - 1)
        if self.count == 0:
            raise BadValue("steps: got no replication; allowed: at least one")
        if self.centre is None:
            values, counts = np.unique(self.pending[:, series], return_counts=True)
            return values, np.cumsum(counts)
        self._settle()
        first, last = np.searchsorted(self.keys, [2 * OFFSET * series, 2 * OFFSET * (series + 1)])
        key = self.keys[first:last] - (2 * OFFSET * series + OFFSET)
        middle = np.where(key == 0, 0, (np.abs(key) << DROPPED) | (1 << (DROPPED - 1))).view(np.float64)
        return self.centre[series] + np.sign(key) * middle, np.cumsum(self.counts[first:last])

    def quantile(self, q: Any) -> np.ndarray:
        """The smallest value that at least a share q of the replications do not exceed: (m,), or (len(q), m)."""
        shares = [number("q", p, 0.0, 1.0) for p in np.atleast_1d(q).tolist()]
        out = np.empty((len(shares), self.series))
        for j in range(self.series):
            values, upto = self.steps(j)
            ranks = [max(1, math.ceil(p * self.count * (1.0 - 1e-15))) for p in shares]
            out[:, j] = values[np.searchsorted(upto, ranks)]
        return out if np.ndim(q) else out[0]


# ------------------------------------------------------------------------------------------------ of a game
QUANTILES = (0.1, 0.5, 0.9)


def worth(objective: str, reward: Any, spent: Any, loss: Any) -> Any:
    """The objective of a run: (...) from the reward (...), what was spent (..., d) and the loss (...)."""
    cost = 0.0
    for j in range(spent.shape[-1]):  # in this order whatever the shape: the same bits for any block
        cost = cost + spent[..., j]
    return {"reward": lambda: reward, "reward - cost": lambda: reward - cost, "-(loss + cost)": lambda: -(loss + cost)}[objective]()


def ended_names(spec: Any) -> list[str]:
    """The words behind the codes of `ended_by`."""
    return [e.name.lower() for e in Ended if e != Ended.RESOURCE] + [f"resource {r}" for r in resource_names(spec)]


def resource_names(spec: Any) -> list[str]:
    """Names of the resources: their units, or their numbers where there are none."""
    units = spec.units.resource
    return list(units) if len(units) == spec.budget.size and len(set(units)) == len(units) else [str(j) for j in range(spec.budget.size)]


class Summary:
    """What is kept of a game when replications are not: memory depends on checkpoints, actions and resources alone.

    Feed it logs in replication order. Counts of pulls and rounds are added as integers, where they are whole; everything
    else goes through one Tree and one Histogram, so that no bit depends on how replications were cut into blocks.
    """

    def __init__(self, game: Any) -> None:
        self.problem, self.policy = game.problem, game.policy
        self.tree: Tree | None = None
        self.histogram: Histogram | None = None
        self.pulls: Tree | None = None  #: of a VECTOR, whose amounts need not be whole
        self.totals: dict[str, Any] = {}
        self.ended = np.zeros(len(ended_names(game.problem.spec)), np.int64)
        self.checkpoint = np.zeros(0)

    def score(self, log: Any) -> np.ndarray:
        """(replication, checkpoint)"""
        return np.asarray(worth(self.problem.objective, log.reward, log.spent, log.loss))

    def _series(self, log: Any) -> dict[str, np.ndarray]:
        """(replication, checkpoint, ...) of everything that gets moments."""
        loss = self.policy.recommend is not None and self.problem.loss is not None
        wanted = {"reward": log.reward, "spent": log.spent} | ({"pseudo_reward": log.pseudo} if self.problem.expected else {})
        wanted |= {"loss": log.loss} if loss else {}
        return wanted | ({"score": self.score(log)} if self.problem.objective != "reward" else {})

    def feed(self, log: Any) -> None:
        """The next replications."""
        count = len(log.ended)
        rows = np.concatenate([v.reshape(count, math.prod(v.shape[1:])) for v in self._series(log).values()], axis=1)
        whole_pulls = self.problem.spec.kind != VECTOR
        if self.tree is None or self.histogram is None:
            self.tree, self.histogram, self.checkpoint = Tree(rows.shape[1]), Histogram(rows.shape[1]), log.checkpoint
            self.pulls = None if whole_pulls else Tree(log.pulls[0].size)
            self.shapes = {name: v.shape[1:] for name, v in self._series(log).items()}
        self.tree.feed(rows)
        self.histogram.feed(rows)
        if self.pulls is not None:
            self.pulls.feed(log.pulls.reshape(count, -1))
        now = {name: getattr(log, name).sum(axis=0) for name in ("rounds", "void", "ignored")}
        now |= {"pulls": log.pulls.astype(np.int64).sum(axis=0)} if whole_pulls else {}
        self.ended = self.ended + np.bincount(log.ended, minlength=len(self.ended))
        self.totals = {name: self.totals.get(name, 0) + v for name, v in now.items()}

    def dataset(self, attrs: dict[str, Any]) -> Any:
        """As an xarray.Dataset: count, ended_by (cause), *_mean and, of what varies, *_variance, *_skewness, *_share, *_quantile."""
        import xarray

        if self.tree is None or self.histogram is None:
            raise BadValue("summary: got no replication; allowed: at least one")
        spec, n = self.problem.spec, self.tree.count
        kept, bands = self.tree.moments(), self.histogram.quantile(QUANTILES)
        statistics = {"mean": kept.mean, "variance": kept.variance, "skewness": kept.skewness, "share": kept.share}
        variables: dict[str, Any] = {"count": n, "ended_by": ("cause", self.ended, {"flag_meanings": ended_names(spec)})}
        first = 0
        for name, shape in self.shapes.items():
            part = slice(first, first := first + math.prod(shape))
            dims = ("checkpoint", "resource")[: len(shape)]
            units = {"units": spec.units.reward} if name in ("reward", "pseudo_reward") else {}
            variables |= {f"{name}_{k}": (dims, v[part].reshape(shape), units if k == "mean" else {}) for k, v in statistics.items()}
            variables[f"{name}_quantile"] = (("quantile", *dims), bands[:, part].reshape(len(QUANTILES), *shape), units)
        variables |= {f"{name}_mean": (("checkpoint", "action")[: v.ndim], v / n) for name, v in self.totals.items()}
        if self.pulls is not None:
            variables["pulls_mean"] = (("checkpoint", "action"), self.pulls.moments().mean.reshape(-1, spec.n_actions))
        coords = {"checkpoint": self.checkpoint, "resource": resource_names(spec), "budget": ("resource", spec.budget)}
        return xarray.Dataset(variables, {**coords, "quantile": list(QUANTILES), "cause": ended_names(spec)}, attrs)


def summarise(game: Any, pieces: Any, attrs: dict[str, Any]) -> Any:
    """What `run(keep="summary")` returns: blocks of a game, (first replication, log) in order, as moments and quantiles."""
    kept = Summary(game)
    for _, log in pieces:
        kept.feed(log)
    return kept.dataset(attrs)
