"""What came, whatever was done about it: the requests of one replication, and the chain of bounds that stands above every rule on them."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from . import folders, intervals
from .arguments import BadType, BadValue, BudgetsimError, number, whole
from .engine import memory_after, prepare, run
from .model import REQUEST, SKIP, Optimum, Policy, Problem, Spec
from .optima.dual_bound import dual_bound
from .optima.fluid_request_lp import fluid_request_lp
from .optima.hindsight_milp import hindsight_milp
from .optima.matching_dp import matching_dp
from .optima.matching_lp import matching_lp
from .optima.request_dp import request_dp
from .problems import typed_allocation as typed
from .shared.matching import match
from .shared.requests import Offer, serve

_WHOLE, _NODES = 80, 2_000  # options of a day up to which whole options are asked for, and nodes of their tree
_ROOM = 1e-9  # relative; of sums


def requests_seen(problem: Problem, seed: int, replication: int = 0) -> Offer:
    """The rewards (T, n) and costs (T, n, d) that `run(problem, ..., seed=seed)` shows in one replication, if nobody takes anything.

    They are what every rule meets where arrivals do not depend on actions, which is what common random numbers are for; the
    hindsight optimum of this very luck is `hindsight_lp(*requests_seen(...), budget)`.

    Parameters
    ----------
    problem : of kind REQUEST, whose view shows `reward` (n,) and `cost` (n, d).
    seed, replication : of the run.

    Returns
    -------
    Offer of arrays with an axis of rounds in front.

    Raises
    ------
    BadValue : another kind of problem.

    Examples
    --------
    >>> from budgetsim.problems.online_allocation import online_allocation
    >>> shuffled = online_allocation([[1.0], [2.0], [3.0]], [[1.0], [1.0], [1.0]], 1.0, "random_order")
    >>> requests_seen(shuffled, seed=5).reward.ravel().tolist(), requests_seen(shuffled, seed=5, replication=1).reward.ravel().tolist()
    ([3.0, 1.0, 2.0], [3.0, 2.0, 1.0])
    """
    if problem.spec.kind != REQUEST or not hasattr(problem.spec.view, "reward") or not hasattr(problem.spec.view, "cost"):
        raise BadValue(f"problem: got {problem.name}; allowed: one of kind REQUEST that shows the reward and the cost of each option")
    game = prepare(problem, Policy(REQUEST, _blank, _write_down, _learn_nothing, name="requests_seen"))
    return memory_after(game, whole("seed", seed, 0, 2**64 - 1), whole("replication", replication, 0))


def _blank(spec: Spec) -> Offer:
    return Offer(np.zeros((spec.horizon, *spec.view.reward.shape)), np.zeros((spec.horizon, *spec.view.cost.shape)))


def _write_down(memory: Any, params: Any, view: Any, left: Any, t: Any, key: Any) -> int:
    for i in range(view.reward.size):
        memory.reward[t, i] = view.reward[i]
        for j in range(left.size):
            memory.cost[t, i, j] = view.cost[i, j]
    return -1


def _learn_nothing(memory: Any, params: Any, view: Any, action: Any, outcome: Any, t: Any) -> None:
    pass


# ------------------------------------------------------------------------------------------------ the chain
class Link(NamedTuple):
    """One member of the chain: `value`, known to lie in [low, high]."""

    name: str
    value: float
    low: float
    high: float
    how: str  #: "certified", or of how many replications


class Chain(NamedTuple):
    """From the fluid value down to the rules; `missing` says which members do not exist and why."""

    problem: str
    links: tuple[Link, ...]
    missing: tuple[str, ...]
    level: float  #: with which all intervals hold together

    def __str__(self) -> str:
        short = [link.name.split(";")[0] + ")" * (";" in link.name) for link in self.links]
        wide = max(map(len, short))
        lines = [f"fluid >= E[hindsight] >= best online >= rule, on {self.problem}"]
        lines += [f"{name:{wide}}  {link.value:10.6g}  [{link.low:.6g}, {link.high:.6g}]  {link.how}" for name, link in zip(short, self.links, strict=True)]
        return "\n".join([*lines, f"intervals hold together with confidence {100 * self.level:g}%", *(f"no {m}" for m in self.missing)])


def chain(problem: Problem, rules: Any = (), replications: int = 200, seed: int = 1, level: float = 0.99, threads: int | None = None) -> Chain:
    """fluid >= E[hindsight LP] >= E[hindsight 0-1] >= best online >= each rule: every member that exists, with its interval; a wrong order is refused.

    Hindsight is that of the very requests of each replication, by verified upper bounds, and no rule may earn more than it in any of
    them. Means are held against each other by intervals that hold together.

    ==================== ============================================== =========================================
    problem              fluid                                          best online
    ==================== ============================================== =========================================
    typed_allocation     `fluid_request_lp` of the expected numbers     `request_dp`: independent rounds, whole costs
    bayesian_matching    `matching_lp(..., "offline")`                  `matching_dp`
    other requests       -                                              -
    ==================== ============================================== =========================================

    Parameters
    ----------
    problem : of kind REQUEST under law SKIP, whose options earn and cost what they show.
    rules : policies, or factories, whose required arguments are filled from the problem.
    replications, seed, threads : of the runs, all on the same luck.
    level : of confidence, of all intervals together.

    Returns
    -------
    Chain; printing it is a table.

    Raises
    ------
    BadType, BadValue : other problems; arguments out of range.
    BudgetsimError : two members in the wrong order: an optimum, the problem or this chain is wrong.

    Examples
    --------
    >>> from budgetsim.policies.greedy_allocation import greedy_allocation
    >>> from budgetsim.problems.typed_allocation import typed_allocation
    >>> found = chain(typed_allocation([[1.0], [0.4]], [[1.0], [1.0]], [0.5, 0.5], 4.0, 8), greedy_allocation, replications=400)
    >>> [link.name for link in found.links]
    ['fluid', 'E[hindsight LP]', 'E[hindsight 0-1]', 'best online', 'greedy_allocation']
    >>> [round(link.value, 3) for link in found.links if link.how == "certified"]
    [4.0, 3.672]
    """
    spec = problem.spec
    if spec.kind != REQUEST or spec.law != SKIP or problem.step not in (serve, match):
        raise BadValue(f"problem: got {problem.name}; allowed: requests under law SKIP whose options earn and cost what they show")
    runs, level = whole("replications", replications, 2), number("level", level, 0.5, 1.0 - 1e-9)
    given = [rules] if isinstance(rules, Policy) or callable(rules) else rules
    played = [rule if isinstance(rule, Policy) else folders.bind(rule, problem) for rule in given]
    if not all(isinstance(rule, Policy) for rule in played):
        raise BadType("rules: got something else; allowed: policies, and factories of them")
    missing: list[str] = []
    above = _fluid(problem, missing)
    below = _best(problem, missing)
    days, small = [], spec.horizon * spec.n_actions <= _WHOLE
    for n in range(runs):
        came = requests_seen(problem, seed, n)
        program = dual_bound(*came, spec.budget, 1e-7)
        days.append((program.lower, program.upper, hindsight_milp(*came, spec.budget, time_limit=0.0, node_limit=_NODES).upper if small else program.upper))
    lower, upper, most = np.array(days).T
    earned = [run(problem, rule, replications=runs, seed=seed, threads=threads).reward.values[:, -1] for rule in played]
    each = intervals.simultaneous(level, 1 + small + len(played))
    links = [*([above] if above else []), _mean("E[hindsight LP]", upper, each, lower)]
    if small:
        links.append(_mean("E[hindsight 0-1]", most, each))
    else:
        missing.append(f"E[hindsight 0-1]: {spec.horizon * spec.n_actions} options a day; allowed: {_WHOLE}")
    links += [below] if below else []
    top = len(links)
    links += [_mean(rule.name, reward, each) for rule, reward in zip(played, earned, strict=True)]
    for name, reward in zip(links[top:], earned, strict=True):
        over = reward - most * (1.0 + _ROOM) > 0.0
        if over.any():
            n = int(np.argmax(over))
            raise BudgetsimError(f"chain: {name.name} earned {reward[n]:.12g} in replication {n}, whose hindsight bound is {most[n]:.12g}")
    _in_order(links, top)
    return Chain(problem.name, tuple(links), tuple(missing), level)


def _in_order(links: list[Link], top: int) -> None:
    """Refuses a member that is surely above one before it; from `top` on they are rules, which have no order among themselves."""
    for k, link in enumerate(links):
        for other in links[: min(k, top)]:
            if link.low > other.high + _ROOM * abs(other.high):
                raise BudgetsimError(f"chain: {link.name} is at least {link.low:.9g}, above {other.name}, which is at most {other.high:.9g}")


def _mean(name: str, values: np.ndarray, level: float, lower: np.ndarray | None = None) -> Link:
    """Of replications; `lower` are the lower ends of values that are themselves known to an interval. What never varies is no sample: arrivals without luck."""
    lower = values if lower is None else lower
    if np.ptp(values) <= _ROOM * abs(float(values[0])):
        return Link(name, float(values.mean()), float(lower.min()), float(values.max()), f"the same in {len(values)} replications")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", intervals.IntervalWarning)
        one = intervals.mean(values, level)
    caveat = f"; {one.caveat}" if one.caveat else ""
    return Link(name, float(one.estimate), float(one.low) - float((values - lower).mean()), float(one.high), f"{len(values)} replications{caveat}")


def _tried(name: str, missing: list[str], solve: Callable[[], Optimum]) -> Link | None:
    try:
        best = solve()
    except BadValue as error:
        missing.append(f"{name}: {error}")
        return None
    return Link(name, float(best.value), float(best.lower), float(best.upper), best.kind)


def _fluid(problem: Problem, missing: list[str]) -> Link | None:
    facts, spec = problem.instance, problem.spec
    if isinstance(facts, typed.Types):
        types = facts.type_reward, facts.type_cost, facts.type_probability
        return _tried("fluid", missing, lambda: fluid_request_lp(*types, spec.budget, spec.horizon))
    if problem.step is match:
        return _tried("fluid", missing, lambda: matching_lp(facts.weight, facts.probability, "offline"))
    missing.append("fluid: the law of the requests is not one of types")
    return None


def _best(problem: Problem, missing: list[str]) -> Link | None:
    facts, spec = problem.instance, problem.spec
    if problem.step is match:
        return _tried("best online", missing, lambda: matching_dp(facts.weight, facts.probability, plan=False))
    known: dict[Any, Any] = {typed.observe_iid: _alike, typed.observe_phases: _phased, typed.observe_periodic: _in_turn}
    law = known.get(problem.observe)
    if not isinstance(facts, typed.Types) or law is None:
        missing.append("best online: rounds are not independent, or their law is not one of types")
        return None
    return _tried(
        "best online", missing, lambda: request_dp(facts.type_reward, facts.type_cost, law(facts.law_probability, spec.horizon), spec.budget, spec.horizon)
    )


def _alike(laws: np.ndarray, horizon: int) -> np.ndarray:
    return laws[0]


def _phased(laws: np.ndarray, horizon: int) -> np.ndarray:
    return laws[np.arange(horizon) * len(laws) // horizon]


def _in_turn(laws: np.ndarray, horizon: int) -> np.ndarray:
    return laws[np.arange(horizon) % len(laws)]
