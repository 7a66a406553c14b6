"""Where does a rule do worst? A seeded search over the instances of a family, a small witness, and its value on luck that the search has not seen.

A *family* is a box of parameters, how an instance is built from a point of it, an optimum with its certificate, a measure, and what is known to be
unavoidable. `worst_instance` looks for the point where the rule is furthest behind the optimum, or behind another rule, and then simplifies it.

Search, choice and report use three different seeds: among many instances the one that looked worst looked so partly by luck, and only a report
on fresh luck is an estimate. Within a seed all instances and all rules share their luck.
"""

import hashlib
import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from . import folders, intervals, metrics
from .arguments import BadType, BadValue, BudgetsimError, choice, number, whole
from .draws import uniform
from .engine import play_block, prepare, raise_fault, run
from .intervals import Interval
from .kernels.content import Survey
from .model import TOLERANCE, Ended, Optimum, Policy, Problem
from .optima.best_stream_arm import best_stream_arm
from .optima.fluid_lp import fluid_lp
from .optima.hindsight_lp import hindsight_lp
from .optima.matching_lp import matching_lp
from .optima.ruin_dp import ruin_dp
from .problems.arm_stream import arm_stream
from .problems.bayesian_matching import bayesian_matching
from .problems.knapsack_bandit import knapsack_bandit
from .problems.online_allocation import online_allocation
from .problems.survival_bandit import survival_bandit
from .shared.rational_lp import rational_lp
from .shrinking import shrunk
from .summary import worth
from .theory.pivotal import equal_nodes
from .theory.streaming import stream_scale

MEASURES = ("ratio", "regret", "ruin")
_SHORT = 60_000  # rounds that are sooner played in plain Python than compiled
_EXACT = "exact: no luck in it"


class Parameter(NamedTuple):
    """One number of an instance, or, with `per`, as many as the whole parameter of that name says."""

    name: str
    low: float
    high: float
    whole: bool = False
    per: str = ""


class Known(NamedTuple):
    """What is known to be unavoidable, in the measure: for whom, and where it comes from; NaN where no number is known."""

    value: float
    statement: str
    source: str


class Instance(NamedTuple):
    """A problem beside its optimum. `unit`: in which regret is counted."""

    problem: Problem
    optimum: Optimum
    known: Known
    unit: float = 1.0


class Family(NamedTuple):
    """A box of parameters and how an instance is built from a point of it.

    `measure`: "ratio", reward / optimum; "regret", (optimum - reward) / unit; "ruin", the chance of ruin, beside one less the optimum, which is the
    best chance to survive. `starts`: points that are tried first.
    """

    name: str
    measure: str
    parameters: tuple[Parameter, ...]
    build: Callable[..., Instance]
    starts: tuple[dict[str, Any], ...] = ()


class Exact(NamedTuple):
    """A rule whose mean score on an instance is a computation and not a play: `value(problem)`."""

    name: str
    value: Callable[[Problem], float]


class Score(NamedTuple):
    """`rule` and `rival` in the family's measure; `behind`: how far the rule is behind the optimum, or, with a rival, behind it; > 0 is bad."""

    rule: Interval
    behind: Interval
    rival: Interval | None = None


class Witness(NamedTuple):
    """The worst instance found. Printing it is the report."""

    family: str
    measure: str
    policy: str
    rival: str
    values: dict[str, Any]
    instance: Instance
    score: Score
    evaluations: int
    replications: int
    seed: int

    @property
    def bad(self) -> bool:
        """Whether the rule is surely behind: the whole interval is, by more than the optimum's own certificate leaves open."""
        best = self.instance.optimum
        room = 0.0 if self.rival else (best.upper - best.lower) / {"ratio": max(best.upper, 1e-300), "regret": self.instance.unit, "ruin": 1.0}[self.measure]
        return self.score.behind.low > room + 1e-9

    @property
    def reproduction(self) -> str:
        """A line that gives the same numbers again; `rule` (and `rival`) are yours, and so is a family that is not of `FAMILIES`, in place of its name."""
        beside = ", rival=rival" if self.rival else ""
        return f"measured(rule, {self.family!r}, {self.values!r}, replications={self.replications}, seed={self.seed}{beside})"

    def record(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        best, known, score = self.instance.optimum, self.instance.known, self.score
        ends = {k: list(v[:3]) for k, v in score._asdict().items() if v is not None}
        return {
            **{k: getattr(self, k) for k in ("family", "measure", "policy", "rival", "values", "bad", "evaluations", "replications", "seed", "reproduction")},
            "optimum": {"name": best.name, "of": best.of, "value": best.value, "lower": best.lower, "upper": best.upper},
            "unit": self.instance.unit,
            "known": known._asdict(),
            "level": score.rule.level,
            **ends,
        }

    def __str__(self) -> str:
        best, known = self.instance.optimum, self.instance.known
        shown = {k: v if np.ndim(v) == 0 else np.asarray(v).tolist() for k, v in self.values.items()}
        least = 1.0 - best.value
        optimum = f"least ruin {least:.6g}" if self.measure == "ruin" else f"{best.value:.6g} in [{best.lower:.6g}, {best.upper:.6g}]"
        unit = f" in units of {self.instance.unit:.6g}" if self.measure == "regret" else ""
        lines = [
            f"{self.policy} on {self.family}: " + ("" if self.bad else "no instance found on which it is surely ") + "behind " + (self.rival or "the optimum"),
            f"  instance      {', '.join(f'{k} = {v}' for k, v in shown.items())}",
            f"  optimum       {optimum}, {best.name}: {best.of or best.kind}",
            f"  {self.measure:<13} {_said(self.score.rule)}{unit}",
            *([f"  {'rival':<13} {_said(self.score.rival)}, {self.rival}"] if self.score.rival else []),
            f"  behind        {_said(self.score.behind)}",
            f"  known         {'no number' if math.isnan(known.value) else f'{known.value:.6g}'}: {known.statement} ({known.source})",
            f"  again         {self.reproduction}",
        ]
        return "\n".join(lines)


def _said(x: Interval) -> str:
    luck = "exact" if x.method == _EXACT else f"{100 * x.level:g}%, fresh luck" + (f"; {x.caveat}" if x.caveat else "")
    return f"{x.estimate:.6g} in [{x.low:.6g}, {x.high:.6g}] ({luck})"


# ------------------------------------------------------------------------------------------------ families
def _row(values: Any) -> np.ndarray:
    return np.atleast_1d(np.asarray(values, float))


def _request_sequence(requests: int, reward: Any, cost: Any) -> Instance:
    r, c = _row(reward)[:, None], _row(cost)[:, None]
    known = Known(1.0 / requests, "no rule promises more on sequences of that length: values that grow without bound and stop", "derived, as [Balseiro2023]")
    return Instance(online_allocation(r, c, 1.0), _best_subset(r[:, 0], c[:, 0], 1.0), known)


def _best_subset(reward: np.ndarray, cost: np.ndarray, budget: float) -> Optimum:
    """What `hindsight_milp` finds, for a handful of requests and at once: all subsets."""
    sets = np.arange(2**reward.size)[:, None] >> np.arange(reward.size) & 1
    fits = sets @ cost <= budget * (1.0 + TOLERANCE)
    value = float((sets @ reward)[fits].max())
    return Optimum("every subset", "certified", value, value, value * (1.0 + 1e-14), of="hindsight: the realised requests, whole options")


def _stopping_values(phases: int, rounds: int, growth: Any, stop: int) -> Instance:
    value = np.cumprod(np.append(1.0, _row(growth)[1:]))
    last = min(int(stop), phases)
    paid = np.repeat(np.where(np.arange(1, phases + 1) <= last, value, 0.0), rounds)[:, None]
    ratio, lottery = stopping_game(value)
    said = ", ".join(f"{w:.3g}" for w in lottery)
    known = Known(ratio, f"no rule keeps more on all members; lottery over the last phase {said}", "rational linear program, Yao's principle")
    return Instance(online_allocation(paid, np.ones_like(paid), float(rounds)), hindsight_lp(paid, np.ones_like(paid)[:, :, None], [float(rounds)]), known)


def stopping_game(value: Any) -> tuple[float, list[float]]:
    """The best share that a rule can promise when phases worth value[0] <= value[1] <= ... stop nobody knows when, and the worst lottery over the last one.

    A phase can spend the budget. max s with sum_{i <= tau} value_i z_i >= s value_tau for every tau and sum z <= 1, in rationals.

    >>> share, lottery = stopping_game([1.0, 10.0, 100.0])
    >>> round(1.0 / share, 12), [round(w, 3) for w in lottery]
    (2.8, [0.9, 0.09, 0.01])
    """
    v = [Fraction(x).limit_denominator(10**6) for x in np.asarray(value, float).tolist()]
    k = len(v)
    rows = [[*(-v[i] if i <= tau else 0 for i in range(k)), v[tau]] for tau in range(k)]
    plan = rational_lp([*([0] * k), 1], [*rows, [*([1] * k), 0]], [*([0] * k), 1])
    total = sum(plan.price[:k])
    return float(plan.value), [float(w / total) for w in plan.price[:k]]


def _survival_arms(arms: int, stock: int, horizon: int, win: Any) -> Instance:
    p = _row(win)
    outcomes, chances = np.tile([1.0, -1.0], (arms, 1)), np.stack([p, 1.0 - p], axis=1)
    known = Known(max(0.0, 1.0 - stock / arms), "ruin that no rule avoids where all arms but one always lose, in an unknown order", "derived: Yao's principle")
    best = ruin_dp(outcomes, chances, float(stock), horizon, "survival", tables=False)
    return Instance(survival_bandit(outcomes, chances, float(stock), horizon), best, known)


def _arm_streams(arms: int, pulls: int, mean: Any) -> Instance:
    known = Known(math.nan, "of order K^(1/3) T^(2/3) for every memory of o(K) arms; no constant is printed", "[Wang2023]")
    m = _row(mean)
    return Instance(arm_stream(m, 2, pulls), best_stream_arm(m, pulls), known, stream_scale(arms, pulls))


def _matchings(nodes: int, own: float, busy: float) -> Instance:
    weight = np.concatenate([own * np.eye(nodes), np.ones((nodes, 1))], axis=1)[:, :, None]
    probability = np.append(np.full(nodes, busy), 1.0)[:, None]
    known = Known(equal_nodes(1.0, nodes), "proposals at c = 1 with that many nodes; 1 - 1/e in the limit", "theory.pivotal; [Braverman2024] for the rule")
    return Instance(bayesian_matching(weight, probability), matching_lp(weight, probability), known)


def _knapsack_arms(arms: int, resources: int, horizon: int, reward: Any, cost_0: Any, cost_1: Any) -> Instance:
    r, c = _row(reward), np.stack([_row(cost_0), _row(cost_1)], axis=1)[:, :resources]
    budget = np.full(resources, horizon / 4.0)
    known = Known(
        1.0 / (resources + 1), "the best single arm keeps that much or more of LP(B); rules that learn reach 1", "immorlica2019_fixed_arm_gap; [Slivkins2019]"
    )
    problem = knapsack_bandit(budget=budget, horizon=horizon, outcomes=np.column_stack([r, c])[:, None, :], probabilities=np.ones((arms, 1)))
    return Instance(problem, fluid_lp(r, c, budget, horizon, problem.instance.largest_cost), known)


def _periodic_days(period: int, days: int, last: float, share: float) -> Instance:
    reward = np.tile(np.append(np.ones(period - 1), last), days)[:, None]
    cost, budget = np.ones_like(reward), float(max(1, round(share * period * days)))
    known = Known(0.5, "no static price promises more, in the limit of long periods; .9 on 1, 2, 1, 2, ...", "theorem check balseiro2023_static_price")
    return Instance(online_allocation(reward, cost, budget), hindsight_lp(reward, cost[:, :, None], [budget]), known)


P = Parameter
FAMILIES: dict[str, Family] = {
    f.name: f
    for f in (
        Family(
            "request_sequences",
            "ratio",
            (P("requests", 1, 5, True), P("reward", 0.0, 1.0, per="requests"), P("cost", 0.05, 1.0, per="requests")),
            _request_sequence,
        ),
        Family(
            "stopping_values",
            "ratio",
            (P("phases", 1, 4, True), P("rounds", 1, 4, True), P("growth", 1.0, 20.0, per="phases"), P("stop", 1, 4, True)),
            _stopping_values,
            tuple({"phases": 4, "rounds": 2, "growth": [1.0, 20.0, 20.0, 20.0], "stop": s} for s in (1, 2, 3, 4)),
        ),
        Family(
            "survival_arms",
            "ruin",
            (P("arms", 2, 2, True), P("stock", 1, 8, True), P("horizon", 20, 60, True), P("win", 0.0, 1.0, per="arms")),
            _survival_arms,
        ),
        Family("arm_streams", "regret", (P("arms", 3, 40, True), P("pulls", 10_000, 1_000_000, True), P("mean", 0.0, 1.0, per="arms")), _arm_streams),
        Family("matchings", "ratio", (P("nodes", 1, 12, True), P("own", 0.001, 0.1), P("busy", 0.0, 1.0)), _matchings),
        Family(
            "knapsack_arms",
            "ratio",
            (
                P("arms", 1, 3, True),
                P("resources", 1, 2, True),
                P("horizon", 40, 200, True),
                *(P(n, 0.0, 1.0, per="arms") for n in ("reward", "cost_0", "cost_1")),
            ),
            _knapsack_arms,
        ),
        Family("periodic_days", "ratio", (P("period", 2, 8, True), P("days", 4, 10, True), P("last", 1.0, 8.0), P("share", 0.05, 1.0)), _periodic_days),
    )
}  #: the families of the house, by name


def _family(family: Any) -> Family:
    if isinstance(family, Family):
        choice("family.measure", family.measure, MEASURES)
        return family
    if not isinstance(family, str):
        raise BadType(f"family: got {type(family).__name__}; allowed: a Family, or the name of one: {', '.join(FAMILIES)}")
    return FAMILIES[choice("family", family, FAMILIES)]


def _narrowed(family: Family, within: Any) -> Family:
    """The family with some parameters held in a smaller range, or at a number."""
    boxes = {p.name: p for p in family.parameters}
    for name, asked in (within or {}).items():
        p = boxes[choice("within", name, boxes)]
        ends = np.atleast_1d(asked)
        if ends.ndim != 1 or not 1 <= ends.size <= 2:
            raise BadValue(f"within[{name!r}]: got {asked!r}; allowed: a number, or (low, high)")
        read: Any = whole if p.whole else number
        low, high = (read(f"within[{name!r}]", end, p.low, p.high) for end in (ends[0].item(), ends[-1].item()))
        if low > high:
            raise BadValue(f"within[{name!r}]: got {asked!r}; allowed: low <= high")
        boxes[name] = p._replace(low=low, high=high)
    kept = tuple(s for s in family.starts if all(boxes[k].low <= np.min(v) and np.max(v) <= boxes[k].high for k, v in s.items()))
    return family._replace(parameters=tuple(boxes.values()), starts=kept)


# ------------------------------------------------------------------------------------------------ what a rule is worth
def _bound(rule: Any, problem: Problem) -> Policy:
    made = rule if isinstance(rule, Policy) else folders.bind(rule, problem)
    if not isinstance(made, Policy):
        raise BadType(f"policy: got a function that makes {type(made).__name__}; allowed: a Policy, or a function that makes one")
    return made


def _name(rule: Any, problem: Problem) -> str:
    return rule.name if isinstance(rule, Exact) else _bound(rule, problem).name


def _path(problem: Problem, replications: int) -> str | None:
    """Bits are the same on both paths, unless a rule uses what is native to a machine."""
    return "python" if problem.spec.horizon * replications <= _SHORT else None


def _lucky(problem: Problem, rule: Policy) -> bool:
    """Whether the game draws anything: its code reaches a function of `draws` that takes a key."""
    reached = Survey([prepare(problem, rule, "python").play]).functions
    return any(f.__module__ == uniform.__module__ and f.__code__.co_varnames[0] == "key" for f in reached)


def _in_measure(measure: str, instance: Instance, score: np.ndarray, ruined: np.ndarray) -> np.ndarray:
    """Replications in the family's measure."""
    best = float(instance.optimum.value)
    if measure == "ruin":
        return ruined.astype(float)
    return (best - score) / instance.unit if measure == "regret" else score / best if best > 0.0 else np.ones_like(score)


def _behind(measure: str, value: Any, instance: Instance) -> Any:
    """How far behind the optimum a value in the measure is."""
    return value if measure == "regret" else value - (1.0 - instance.optimum.value) if measure == "ruin" else 1.0 - value


def _quick(measure: str, instance: Instance, rule: Any, replications: int, seed: int, times: int) -> float:
    """The mean in the measure, for a search that asks so many times."""
    if isinstance(rule, Exact):
        return float(_in_measure(measure, instance, np.array([rule.value(instance.problem)]), np.zeros(1)).mean())
    problem = instance.problem
    game = prepare(problem, _bound(rule, problem), _path(problem, replications * times))
    log = play_block(game, seed, 0, replications, [problem.spec.horizon])
    raise_fault(game, log, 0)
    score = worth(problem.objective, log.reward, log.spent, log.loss)[:, -1]
    return float(_in_measure(measure, instance, score, log.ended == Ended.RUIN).mean())


def measured(rule: Any, family: Any, values: dict[str, Any], *, rival: Any = None, replications: int = 2000, seed: int = 1, level: float = 0.99) -> Score:
    """A rule on one instance of a family, with intervals.

    Parameters
    ----------
    rule, family, rival, level : as for `worst_instance`. values : the instance's parameters, by name.
    replications, seed : of the play.

    Returns
    -------
    Score.

    Examples
    --------
    >>> from budgetsim.policies.greedy_allocation import greedy_allocation
    >>> bad = {"requests": 2, "reward": [0.1, 1.0], "cost": [1.0, 1.0]}
    >>> round(measured(greedy_allocation, "request_sequences", bad, replications=1).rule.estimate, 12)
    0.1
    """
    family, instance = _family(family), _family(family).build(**values)
    with warnings.catch_warnings():  # caveats stay in the intervals
        warnings.simplefilter("ignore", intervals.IntervalWarning)
        mine, own = _played(family.measure, instance, rule, replications, seed, level)
        if rival is None:
            low, high = sorted(_behind(family.measure, end, instance) for end in (own.low, own.high))
            return Score(own, own._replace(estimate=_behind(family.measure, own.estimate, instance), low=low, high=high))
        other, theirs = _played(family.measure, instance, rival, replications, seed, level)
        sign = -1.0 if family.measure == "ratio" else 1.0
        apart = sign * (mine - other)
        return Score(own, _point(float(apart[0])) if own.method == theirs.method == _EXACT else intervals.mean(apart, level), theirs)


def _point(value: float) -> Interval:
    return Interval(value, value, value, 1.0, _EXACT)


def _played(measure: str, instance: Instance, rule: Any, replications: int, seed: int, level: float) -> tuple[np.ndarray, Interval]:
    if isinstance(rule, Exact):
        one = _in_measure(measure, instance, np.array([rule.value(instance.problem)]), np.zeros(1))
        return one, _point(float(one[0]))
    problem = instance.problem
    policy = _bound(rule, problem)
    lucky = _lucky(problem, policy)
    replications = replications if lucky else 1
    runs = run(problem, policy, replications=replications, seed=seed, checkpoints=[problem.spec.horizon], path=_path(problem, replications))
    score = metrics.score(runs).values[:, -1]
    values = _in_measure(measure, instance, score, runs.ended_by.values == Ended.RUIN)
    if not lucky:
        return values, _point(float(values[0]))
    if measure == "ruin":
        return values, metrics.ruin_probability(runs, level)
    if measure == "ratio" and instance.optimum.value > 0.0:
        return values, metrics.reward_ratio(runs, instance.optimum, level)
    return values, intervals.mean(values, level)


# ------------------------------------------------------------------------------------------------ the search
def _count(p: Parameter, values: dict[str, Any]) -> int:
    return int(values[p.per]) if p.per else 1


def _drawn(family: Family, rng: np.random.Generator, near: dict[str, Any] | None = None, width: float = 0.3) -> dict[str, Any]:
    """A point of the box: anywhere, often on its edges, or near another one."""
    values: dict[str, Any] = {}
    moved = rng.random() if near else 1.0
    for p in family.parameters:
        many = _count(p, values)
        x = p.low + (p.high - p.low) * rng.random(many)
        edge = rng.random(many)
        x = np.where(edge < 0.15, p.low, np.where(edge > 0.85, p.high, x))
        if near is not None:
            old = np.resize(np.atleast_1d(np.asarray(near[p.name], float)), many)
            step = max(width * (p.high - p.low), 0.7 * p.whole)  # a whole number has a neighbour, however narrow the search
            close = old + step * rng.standard_normal(many)
            stays = rng.random(many) > max(moved, 0.2)
            x = np.where(stays, old, np.where(edge < 0.1, p.low, np.where(edge > 0.9, p.high, close)))
        x = np.clip(np.round(x) if p.whole else x, p.low, p.high)
        values[p.name] = x.tolist() if p.per else int(x[0]) if p.whole else float(x[0])
    return values


def _simpler(family: Family, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Simpler points: whole rows of numbers on an edge, fewer of what there are several of, smaller whole numbers, rounder ones."""
    for p in family.parameters:
        if p.per:
            now = values[p.name]
            for all_ in (
                [p.low] * len(now),
                [p.high] * len(now),
                [p.low if 2 * x < p.low + p.high else p.high for x in now],
                [_inside(p, round(x, 1)) for x in now],
            ):
                if sum(_plainness(p, x)[0] for x in all_) < sum(_plainness(p, x)[0] for x in now):
                    yield {**values, p.name: all_}
    for p in family.parameters:
        if p.whole:
            now = values[p.name]
            listed = [q for q in family.parameters if q.per == p.name]
            if listed and now > p.low:
                for size in dict.fromkeys((now // 2, now // 4, 1)):
                    for i in range(0, now, max(size, 1)):
                        rest = now - len(values[listed[0].name][i : i + size])
                        if p.low <= rest < now:
                            yield {**values, p.name: rest, **{q.name: values[q.name][:i] + values[q.name][i + size :] for q in listed}}
            elif not listed:
                for less in dict.fromkeys((p.low, (p.low + now) // 2, now - 1)):
                    if p.low <= less < now:
                        yield {**values, p.name: int(less)}
    for p in family.parameters:
        if not p.whole:
            for i in range(_count(p, values)):
                x = values[p.name][i] if p.per else values[p.name]
                near = (p.low, p.high, round(x), round(2 * x) / 2, round(x, 1), round(x, 2), float(f"{x:.1g}"), float(f"{x:.2g}"))
                for rounder in dict.fromkeys(float(_inside(p, r)) for r in near):
                    if _plainness(p, rounder) < _plainness(p, x):
                        yield {**values, p.name: [*values[p.name][:i], rounder, *values[p.name][i + 1 :]] if p.per else rounder}


def _inside(p: Parameter, x: float) -> float:
    return min(p.high, max(p.low, x))


def _plainness(p: Parameter, x: float) -> tuple[int, float]:
    """How many characters a number takes; less is plainer, of equals the one on the edge."""
    return len(f"{x:.12g}"), float(x not in (p.low, p.high))


def _another(seed: int, purpose: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{purpose} {seed}".encode()).digest()[:6], "big")


def worst_instance(
    policy: Any,
    family: Any,
    *,
    rival: Any = None,
    within: Any = None,
    evaluations: int = 150,
    runs: int = 100,
    replications: int = 2000,
    seed: int = 1,
    level: float = 0.99,
    shrink: int = 150,
    keep: float = 0.95,
) -> Witness:
    """The instance of a family on which a rule does worst, as far as a seeded search finds it, simplified.

    A third of the evaluations go to points drawn from the box and its edges, after the family's own starts (of `stopping_values` the members of the
    lottery that a rational linear program finds); the rest to a (1 + 1) search around the worst point, whose width grows with success. The
    best few are compared again on other luck; the worst is made smaller (requests or arms dropped, whole numbers lowered, others rounded)
    while it keeps most of how far the rule is behind; what is reported is played on luck that none of this has seen.

    Parameters
    ----------
    policy : a Policy; a function that makes one, whose required arguments are filled from each problem; or `Exact`, a rule whose mean is computed.
    family : a name of `FAMILIES`, or a Family.
    rival : another rule, on the same luck: then the search is for where the policy is furthest behind it.
    within : parameters held in a smaller range, {"stock": (4, 8)}, or at a number, {"arms": 2}.
    evaluations, shrink : instances played in the search and, at most, while simplifying. runs : replications of each.
    keep : the part of how far the rule is behind that a simpler instance must keep.
    replications, level : of the report, of which one is enough where nothing is drawn. seed : of everything.

    Returns
    -------
    Witness; `bad` says whether the rule is surely behind there. That nothing is found proves nothing.

    Raises
    ------
    BadType, BadValue : an unknown family or parameter, a rule that declines the family's problems.

    Examples
    --------
    >>> from budgetsim.policies.greedy_allocation import greedy_allocation
    >>> found = worst_instance(greedy_allocation, "request_sequences", evaluations=60, runs=1, replications=1)
    >>> found.bad, found.score.rule.estimate < 0.1
    (True, True)

    References
    ----------
    [Balseiro2023]_, [Braverman2024]_, [Slivkins2019]_, [Wang2023]_ for what is known of the families.
    """
    chosen = _narrowed(_family(family), within)
    for name, rule in (("policy", policy), ("rival", rival)):
        if not (isinstance(rule, (Policy, Exact)) or callable(rule) or (name == "rival" and rule is None)):
            raise BadType(f"{name}: got {type(rule).__name__}; allowed: a Policy, a function that makes one, or Exact")
    evaluations, shrink = whole("evaluations", evaluations, 1), whole("shrink", shrink, 0)
    runs, replications, seed = whole("runs", runs, 1), whole("replications", replications, 1), whole("seed", seed, 0, 2**64 - 1)
    level, keep = number("level", level, 0.5, 1.0 - 1e-9), number("keep", keep, 0.0, 1.0)
    rng = np.random.default_rng(seed)

    first = chosen.build(**_drawn(chosen, np.random.default_rng(seed))).problem
    if not any(_lucky(first, _bound(rule, first)) for rule in (policy, rival) if rule is not None and not isinstance(rule, Exact)):
        runs = 1  # where nothing is drawn all runs are alike; the report finds out for itself

    def far(values: dict[str, Any], luck: int) -> float:
        instance = chosen.build(**values)
        try:
            mine = _quick(chosen.measure, instance, policy, runs, luck, evaluations)
            if rival is None:
                return float(_behind(chosen.measure, mine, instance))
            return (-1.0 if chosen.measure == "ratio" else 1.0) * (mine - _quick(chosen.measure, instance, rival, runs, luck, evaluations))
        except BudgetsimError as error:  # a rule that breaks on some instance: which one
            raise type(error)(f"{error}; on {chosen.name} with {values}") from error

    tried: list[tuple[float, dict[str, Any]]] = []
    width = 0.3
    luck = _another(seed, "search")
    for i in range(evaluations):
        top = max(tried, key=lambda pair: pair[0], default=(-math.inf, {}))
        broad = i < max(len(chosen.starts), -(-evaluations // 3))
        point = chosen.starts[i] if i < len(chosen.starts) else _drawn(chosen, rng) if broad else _drawn(chosen, rng, top[1], width)
        tried.append((far(point, luck), point))
        if not broad:
            width = min(0.5, 1.5 * width) if tried[-1][0] > top[0] else max(0.01, 0.93 * width)
    choose = _another(seed, "choice")
    few = sorted(tried, key=lambda pair: -pair[0])[:5]
    worst, values = max(((far(point, choose), point) for _, point in few), key=lambda pair: pair[0])
    used = 0
    if worst > 0.0:
        values, used = shrunk(values, lambda point: _simpler(chosen, point), lambda point: far(point, choose) >= keep * worst, shrink)
    instance, fresh = chosen.build(**values), _another(seed, "report")
    score = measured(policy, chosen, values, rival=rival, replications=replications, seed=fresh, level=level)
    beside = "" if rival is None else _name(rival, instance.problem)
    return Witness(chosen.name, chosen.measure, _name(policy, instance.problem), beside, values, instance, score, evaluations + used, replications, fresh)


def families_of(policy: Any, names: Iterable[str] = FAMILIES) -> tuple[list[str], dict[str, str]]:
    """The families whose problems a rule plays, and why it declines the others.

    >>> from budgetsim.policies.greedy_allocation import greedy_allocation
    >>> families_of(greedy_allocation)[0]
    ['request_sequences', 'stopping_values', 'matchings', 'periodic_days']
    """
    plays, declined = [], {}
    for name in names:
        family = _family(name)
        problem = family.build(**_drawn(family, np.random.default_rng(0))).problem
        try:
            prepare(problem, _bound(policy, problem), "python")
        except (BadValue, BadType) as error:
            declined[name] = str(error)
        else:
            plays.append(name)
    return plays, declined
