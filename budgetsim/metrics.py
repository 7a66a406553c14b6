"""Runs beside an optimum: regret, reward ratio, factor, simple regret, probability of ruin, each with an interval.

Everything counts what the ledger counted. A result of `keep="summary"` serves wherever its moments are enough; where
every replication is needed, one line says so.
"""

import math
from typing import Any

import numpy as np

from . import intervals
from .arguments import BadType, BadValue, flag, number
from .intervals import Interval
from .model import Optimum
from .summary import worth

__all__ = ["ended", "factor", "pathwise_ratio", "regret", "reward_ratio", "ruin_probability", "score", "simple_regret"]


# ------------------------------------------------------------------------------------------------ what a run is worth
def score(runs: Any) -> Any:
    """What a run is worth so far, (replication, checkpoint): the problem's objective, as the ledger counted it.

    "reward": the reward. "reward - cost": less what was spent, summed over resources, which must share the reward's unit.
    "-(loss + cost)": minus the loss of what would be recommended now and what was spent.

    >>> from budgetsim import run
    >>> from budgetsim.policies.fixed_arm import fixed_arm
    >>> from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit
    >>> runs = run(stochastic_bandit(bernoulli([1.0, 0.5]), horizon=10), fixed_arm(0), replications=2, seed=1)
    >>> score(runs).isel(checkpoint=-1).values.tolist()
    [10.0, 10.0]
    """
    return _replications(runs, "score")


def is_summary(runs: Any) -> bool:
    """Whether a result holds moments in place of replications."""
    return "replication" not in runs.dims


def _checked(runs: Any) -> Any:
    import xarray

    if not isinstance(runs, xarray.Dataset) or not {"problem", "objective", "capped", "horizon"} <= set(runs.attrs):
        raise BadType(f"runs: got {type(runs).__name__}; allowed: what budgetsim.run returned")
    return runs


def _replications(runs: Any, name: str) -> Any:
    """A quantity in every replication."""
    if is_summary(_checked(runs)):
        raise BadValue(f"runs: keep='summary' kept the moments of {name}, not its replications; allowed here: keep='all'")
    if name == "score":
        objective = runs.attrs["objective"]
        loss = _replications(runs, "loss").values if objective == "-(loss + cost)" else None
        at = ("replication", "checkpoint")
        spent = runs.spent.transpose(*at, "resource").values
        return runs.reward.copy(data=worth(objective, runs.reward.transpose(*at).values, spent, loss)).rename("score")
    if name not in runs:
        why = {"loss": "a loss and a rule that recommends", "pseudo_reward": "an expected reward"}[name]
        raise BadValue(f"runs: {runs.attrs['policy']} on {runs.attrs['problem']} has no {name}; allowed: a problem with {why}")
    return runs[name]


def mean(runs: Any, name: str = "score", level: float = 0.95, last: bool = False) -> Interval:
    """Interval of the expectation of a quantity, at each checkpoint or at the last alone."""
    if not is_summary(_checked(runs)):
        values = _replications(runs, name).transpose("replication", "checkpoint").values
        return intervals.mean(values[:, -1] if last else values, level)
    name = "reward" if name == "score" and runs.attrs["objective"] == "reward" else name
    if f"{name}_mean" not in runs:
        raise BadValue(f"runs: the summary of {runs.attrs['policy']} on {runs.attrs['problem']} has no {name}; allowed: a problem and a rule that have one")
    kept = [runs[f"{name}_{moment}"].values for moment in ("mean", "variance", "skewness", "share")]
    centre, variance, skewness, share = (v[-1] for v in kept) if last else kept
    return intervals.mean_from_moments(int(runs["count"]), centre, variance, level, skewness, share)


# ------------------------------------------------------------------------------------------------ the optimum
def checked_optimum(against: Any, count: int | None = None) -> Optimum:
    """An optimum whose value is a number, or one number a replication."""
    if not isinstance(against, Optimum):
        came = getattr(against, "__name__", type(against).__name__)
        raise BadType(f"against: got {came}; allowed: an Optimum, such as fluid_lp(...) returns")
    value = np.asarray(against.value, float)
    if value.ndim > 1 or not np.isfinite(value).all():
        raise BadValue(f"against: {against.name} has the value {against.value!r}; allowed: a finite number, or one for each replication")
    if against.kind == "statistical" and not value.ndim and not 0.5 <= against.level < 1.0:
        raise BadValue(f"against: {against.name} is statistical with level {against.level!r}; allowed: its level of confidence, in [0.5, 1)")
    if value.ndim and count is not None and value.size != count:
        raise BadValue(f"against: {against.name} has {value.size} values; allowed: {count}, one for each replication of the runs")
    return against


def _spent_levels(optimum: Optimum, level: float) -> tuple[float, float]:
    """Levels of the runs' own interval and of the whole: a statistical optimum takes its part of the error, at most half of it being planned for."""
    level = number("level", level, 0.5, math.nextafter(1.0, 0.0))
    if optimum.kind != "statistical" or np.ndim(optimum.value):
        return level, level
    theirs = 1.0 - optimum.level
    ours = max(1.0 - level - theirs, (1.0 - level) / 2)
    return 1.0 - ours, 1.0 - ours - theirs


def _ends(optimum: Optimum) -> tuple[float, float, float]:
    """Value and the interval it is known to: a point, unless it is statistical."""
    value = float(optimum.value)
    return (value, float(optimum.lower), float(optimum.upper)) if optimum.kind == "statistical" else (value, value, value)


def regret(runs: Any, against: Optimum, *, pseudo: bool = False, level: float = 0.95) -> Any:
    """How far the counted score stays behind an optimum.

    R_t = OPT t / T - (score after t rounds), where no budget can bind: OPT is then a stationary benchmark such as the best
    fixed arm. Only R_T is meaningful, and returned, where a budget can bind (a regret curve in T is one run per horizon, with
    B = rho T), where the optimum has a value for each replication, and where the score counts a loss.

    Parameters
    ----------
    runs : what `run` returned. against : an Optimum of the whole horizon, in the unit of the score.
    pseudo : count the mean reward of each action in place of its reward; only where no budget can bind.
    level : of confidence. Intervals are pointwise in the checkpoint.

    Returns
    -------
    xarray.Dataset
        regret (replication, checkpoint), unless the runs are a summary; mean, low, high (checkpoint). Attributes: level (less
        than asked where a statistical optimum takes more than half of the error), method, optimum, of.

    Raises
    ------
    BadValue
        Pseudo-regret where a budget can bind; an optimum whose values do not match the replications.

    Examples
    --------
    >>> from budgetsim import Optimum, run
    >>> from budgetsim.policies.fixed_arm import fixed_arm
    >>> from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit
    >>> runs = run(stochastic_bandit(bernoulli([1.0, 0.0]), horizon=100), fixed_arm(1), replications=60, seed=1, checkpoints=[10])
    >>> regret(runs, Optimum("best fixed arm", "certified", 100.0, 100.0, 100.0))["mean"].values.tolist()
    [10.0, 100.0]
    """
    import xarray

    optimum = checked_optimum(against, int(_checked(runs).attrs["replications"]))
    attrs, name = runs.attrs, "pseudo_reward" if flag("pseudo", pseudo) else "score"
    if pseudo and attrs["capped"]:
        raise BadValue(f"pseudo: got True, but {attrs['problem']} has budgets under law {attrs['law']}, which can end or void rounds; allowed: pseudo=False")
    if pseudo and attrs["objective"] != "reward":
        raise BadValue(f"pseudo: got True with the objective {attrs['objective']!r}; allowed: pseudo=False")
    own, joint = _spent_levels(optimum, level)
    one_each = np.ndim(optimum.value) > 0
    if attrs["capped"] or one_each or attrs["objective"] == "-(loss + cost)":
        runs = runs.isel(checkpoint=[-1])
    part = runs.checkpoint.values / attrs["horizon"]
    variables: dict[str, Any] = {}
    if one_each:
        behind = np.asarray(optimum.value, float)[:, None] - _paired_score(runs, optimum).values[:, None]
        interval = intervals.mean(behind, own)
    else:
        theirs = mean(runs, name, own)
        value, lower, upper = (end * part for end in _ends(optimum))
        interval = theirs._replace(estimate=value - theirs.estimate, low=lower - theirs.high, high=upper - theirs.low)
        behind = None if is_summary(runs) else value - _replications(runs, name).transpose("replication", "checkpoint").values
    if behind is not None:
        variables["regret"] = (("replication", "checkpoint"), behind, {"units": runs.reward.attrs.get("units", "reward")})
    variables |= {"mean": ("checkpoint", interval.estimate), "low": ("checkpoint", interval.low), "high": ("checkpoint", interval.high)}
    said = {k: attrs[k] for k in ("problem", "policy", "law", "objective", "horizon", "seed", "replications")}
    said |= {"optimum": optimum.name, "of": optimum.of, "level": joint, "method": interval.method, "pointwise": 1}
    coords = {k: runs[k] for k in ("replication", "checkpoint") if k in runs.coords}
    return xarray.Dataset(variables, coords, said)


# ------------------------------------------------------------------------------------------------ ratios
def reward_ratio(runs: Any, against: Optimum, level: float = 0.95) -> Interval:
    """E[score] / E[optimum] at the horizon: 1 is as good as the optimum.

    Fieller's interval on pairs where the optimum has a value for each replication; the interval of the mean, scaled, where
    it is a number. It may exceed 1 where `value` is a benchmark and no bound. A *competitive ratio* is the infimum of such
    ratios over a family of instances: no one instance has it.

    >>> from budgetsim import Optimum, run
    >>> from budgetsim.policies.fixed_arm import fixed_arm
    >>> from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit
    >>> runs = run(stochastic_bandit(bernoulli([0.5]), horizon=100), fixed_arm(0), replications=400, seed=1)
    >>> ratio = reward_ratio(runs, Optimum("every coin", "certified", 100.0, 100.0, 100.0))
    >>> ratio.low < 0.5 < ratio.high
    True
    """
    return _ratio(runs, against, level, inverse=False)


def factor(runs: Any, against: Optimum, level: float = 0.95) -> Interval:
    """E[optimum] / E[score] at the horizon, the inverse of `reward_ratio`; its interval may be unbounded."""
    return _ratio(runs, against, level, inverse=True)


def _ratio(runs: Any, against: Optimum, level: float, inverse: bool) -> Interval:
    optimum = checked_optimum(against, int(_checked(runs).attrs["replications"]))
    value = np.asarray(optimum.value, float)
    own, joint = _spent_levels(optimum, level)
    if value.mean() <= 0.0:
        raise BadValue(f"against: {optimum.name} has the value {value.mean():g}; allowed: a positive one, for a ratio")
    if value.ndim:
        got = _paired_score(runs, optimum).values
        return intervals.ratio(value, got, own) if inverse else intervals.ratio(got, value, own)
    found = mean(runs, "score", own, last=True)
    _, lower, upper = _ends(optimum)
    if not lower > 0.0:
        return Interval(found.estimate / float(value), -math.inf, math.inf, joint, "unbounded; the optimum may be 0")
    low, high = min(found.low / lower, found.low / upper), max(found.high / lower, found.high / upper)
    interval = Interval(found.estimate / float(value), low, high, joint, found.method)
    return _inverted(interval) if inverse else interval


def _paired_score(runs: Any, optimum: Optimum) -> Any:
    """The final score of each replication, for an optimum that has a value for each."""
    if is_summary(runs):
        raise BadValue(f"against: {optimum.name} has a value for each replication, and keep='summary' kept none; allowed: keep='all', or compare(optima=...)")
    return _replications(runs, "score").isel(checkpoint=-1)


def _inverted(interval: Interval) -> Interval:
    """The interval of 1 / x; everything where x may be 0."""
    if interval.low <= 0.0 <= interval.high:
        estimate = 1.0 / interval.estimate if interval.estimate else math.nan
        return interval._replace(estimate=estimate, low=-math.inf, high=math.inf, method=f"inverted, unbounded ({interval.method})")
    return interval._replace(estimate=1.0 / interval.estimate, low=1.0 / interval.high, high=1.0 / interval.low)


def pathwise_ratio(runs: Any, against: Optimum, level: float = 0.95) -> Interval:
    """E[score / optimum], the mean of each replication's own ratio; not the ratio of means unless the optimum is a number."""
    optimum = checked_optimum(against, int(_checked(runs).attrs["replications"]))
    if np.ndim(optimum.value) == 0:
        return reward_ratio(runs, optimum, level)
    value = np.asarray(optimum.value, float)
    if value.min() <= 0.0:
        raise BadValue(
            f"against: {optimum.name} has the value {value.min():g} in replication {int(value.argmin())}; allowed: positive values, for path-wise ratios"
        )
    return intervals.mean(_paired_score(runs, optimum).values / value, level)


# ------------------------------------------------------------------------------------------------ other questions
def simple_regret(runs: Any, level: float = 0.95) -> Any:
    """Mean loss of what the rule would recommend, with pointwise intervals: mean, low, high (checkpoint)."""
    import xarray

    interval = mean(runs, "loss", level)
    found = {"mean": ("checkpoint", interval.estimate), "low": ("checkpoint", interval.low), "high": ("checkpoint", interval.high)}
    return xarray.Dataset(found, {"checkpoint": runs.checkpoint}, {"level": interval.level, "method": interval.method, "pointwise": 1})


def _causes(runs: Any) -> tuple[list[str], np.ndarray]:
    """Names of what may end a run, and how many runs each has ended."""
    names = [str(name) for name in runs.ended_by.attrs["flag_meanings"]]
    return names, runs.ended_by.values if is_summary(runs) else np.bincount(runs.ended_by.values, minlength=len(names))


def ended(runs: Any) -> Any:
    """Share of the runs that each cause ended, (cause): horizon, rule, problem, ruin, each resource.

    >>> from budgetsim import run
    >>> from budgetsim.policies.fixed_arm import fixed_arm
    >>> from budgetsim.problems.knapsack_bandit import knapsack_bandit
    >>> runs = run(knapsack_bandit([1.0], [[1.0]], [5], 10), fixed_arm(0), replications=4, seed=1)
    >>> ended(runs).sel(cause="resource 0").item()
    1.0
    """
    import xarray

    names, counts = _causes(_checked(runs))
    return xarray.DataArray(counts / counts.sum(), {"cause": names}, name="share")


def ruin_probability(runs: Any, level: float = 0.95) -> Interval:
    """Probability that the stock falls to 0 within the horizon, with an interval that is exact where ruin was seldom seen."""
    names, counts = _causes(_checked(runs))
    if runs.attrs["law"] != "RUIN":
        raise BadValue(f"runs: {runs.attrs['problem']} plays under law {runs.attrs['law']}; allowed: law RUIN")
    return intervals.proportion(int(counts[names.index("ruin")]), int(counts.sum()), level)
