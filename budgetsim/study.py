"""`compare` plays rules against each other on the same luck, over a sweep of parameters, beside optima.

All rules that meet one problem form a *match*: they share the seed, so replication r is the same luck for each of them,
and their scores are compared in pairs. A sweep makes one problem for each value of what the problem's factory takes, and
one rule for each value of what a rule's factory takes; nothing is played twice.
"""

import contextlib
import difflib
import inspect
import itertools
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from . import arguments, contract, engine, folders, metrics
from .arguments import BadType, BadValue
from .comparison import Cell, Comparison, Group, beside, text_of
from .model import Optimum, Policy, Problem
from .summary import Summary, Tree

__all__ = ["Cell", "Comparison", "Group", "compare", "plan"]


class Match(NamedTuple):
    """All that is played on one problem."""

    group: Group
    problem: Problem
    policies: dict[Cell, Policy]
    families: dict[Cell, str]  #: what a rule is called when a sweep makes a curve of it
    optima: tuple[Optimum, ...]


# ------------------------------------------------------------------------------------------------ what is to be played
class Entry(NamedTuple):
    """One thing that was given: a value, or a factory and the names that it takes."""

    label: str | None
    make: Any
    noun: type[Any]
    parameters: Mapping[str, inspect.Parameter]

    def takes(self, keys: Iterable[str]) -> list[str]:
        """The keys of the sweep that this takes."""
        every = any(p.kind == p.VAR_KEYWORD for p in self.parameters.values())
        return [k for k in keys if every or k in self.parameters]

    def made(self, call: Callable[[Any], Any]) -> Any:
        """The value, or what the call makes of the factory, under the label that was given."""
        value = self.make if isinstance(self.make, self.noun) else call(self.make)
        if not isinstance(value, self.noun):
            raise BadType(f"{_name(self.make)}: returned {type(value).__name__}; allowed: a {self.noun.__name__}")
        return value if self.label is None else value._replace(name=self.label)


def _entries(what: str, given: Any, noun: type[Any], least: int = 1) -> list[Entry]:
    if isinstance(given, noun) or callable(given):
        given = [given]
    if not isinstance(given, Mapping) and (not isinstance(given, (list, tuple)) or hasattr(given, "_fields")):
        raise BadType(f"{what}: got {type(given).__name__}; allowed: a {noun.__name__}, a factory of them, a list of these, or a dict from labels to these")
    items: list[tuple[Any, Any]] = list(given.items()) if isinstance(given, Mapping) else [(None, one) for one in given]
    if len(items) < least:
        raise BadValue(f"{what}: got none; allowed: at least one")
    for label, one in items:
        if label is not None and (not isinstance(label, str) or not label):
            raise BadType(f"{what}: got the label {label!r}; allowed: a string")
        if not isinstance(one, noun) and not callable(one):
            raise BadType(f"{what}: got {type(one).__name__} in the list; allowed: {noun.__name__} values, and factories of them")
    return [Entry(label, one, noun, {} if isinstance(one, noun) else inspect.signature(one).parameters) for label, one in items]


def _name(factory: Any) -> str:
    while isinstance(factory, partial):
        factory = factory.func
    return str(getattr(factory, "__name__", type(factory).__name__))


def _hashable(value: Any) -> Any:
    """What a swept value is known by; a list of one is that one."""
    if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value):
        return _hashable(value[0]) if len(value) == 1 else tuple(_hashable(v) for v in value)
    value = value.item() if isinstance(value, np.generic) else value
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def _checked_sweep(sweep: Any) -> dict[str, dict[Any, Any]]:
    """Key to (what a value is known by to the value as given)."""
    if sweep is None:
        return {}
    if not isinstance(sweep, Mapping) or not all(isinstance(k, str) for k in sweep):
        raise BadType(f"sweep: got {type(sweep).__name__}; allowed: a dict from names of parameters to lists of values")
    out = {}
    for key, values in sweep.items():
        if isinstance(values, str) or not isinstance(values, (Sequence, np.ndarray)):
            raise BadType(f"sweep: got {values!r} for {key}; allowed: a list of values")
        out[key] = {_hashable(v): v for v in values}
        if not len(values) or len(out[key]) < len(values):
            raise BadValue(f"sweep: got {list(values)!r} for {key}; allowed: different values, at least one")
    return out


def _assignments(keys: Iterable[str], sweep: Mapping[str, Iterable[Any]], fixed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All ways to give each key a value, some being fixed."""
    keys = list(keys)
    for values in itertools.product(*([fixed[k]] if k in fixed else sweep[k] for k in keys)):
        yield dict(zip(keys, values, strict=True))


def _problem(factory: Any, values: dict[str, Any]) -> Any:
    try:
        inspect.signature(factory).bind(**values)
    except TypeError as error:
        raise BadValue(f"problem: {_name(factory)}: {error}; allowed: the rest fixed by functools.partial, or swept") from None
    return factory(**values)


def _optimum(factory: Any, problem: Problem, values: dict[str, Any], context: dict[str, Any]) -> Any:
    """An optimum of what is played: parameters named like a fact of the problem get that fact, required or not."""
    facts: dict[str, Any] = {}
    for source in (problem.spec.public, problem.spec, problem.instance):
        facts |= source._asdict() if hasattr(source, "_asdict") else {}
    fixed: set[str] = set()
    inner = factory
    while isinstance(inner, partial):
        fixed |= set(inner.keywords)
        inner = inner.func
    wanted = {k for k in inspect.signature(factory).parameters if k not in fixed}
    values = {k: v for k, v in values.items() if k not in facts}
    values |= {k: v for k, v in facts.items() if k in wanted and not (isinstance(v, np.ndarray) and v.size == 0)}  # no resource, no `budget`
    needed = folders.required(factory)
    asked = partial(factory, **{k: v for k, v in context.items() if k in needed})
    asked.__name__ = _name(factory)  # type: ignore[attr-defined]
    return folders.bind(asked, problem, **values)


def _distinct(what: str, labels: Sequence[Any]) -> None:
    twice = [x for i, x in enumerate(labels) if x in labels[:i]]
    if twice:
        raise BadValue(f"{what}: two are called {twice[0]!r}; allowed: distinct names; a dict from labels gives them")


def _taken(keys: Iterable[str], entries: list[Entry]) -> None:
    """An optimum follows its problem: a key that only optima take would move the benchmark, and not what is played."""
    known = sorted({name for entry in entries for name in entry.parameters})
    for key in keys:
        if not any(entry.takes([key]) for entry in entries):
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            allowed = ", ".join(known) or "none; give the problem or the rule as a factory"
            raise BadValue(f"sweep: got {key!r}, which no factory of a problem or a rule takes; allowed: {allowed}{hint}")


def plan(problem: Any, policies: Any, optima: Any = (), sweep: Any = None, seed: int = 0, replications: int = 1) -> list[Match]:
    """Everything that `compare` would play, built and checked, nothing played."""
    problems, rules, benchmarks = _entries("problem", problem, Problem), _entries("policies", policies, Policy), _entries("optima", optima, Optimum, 0)
    sweep = _checked_sweep(sweep)
    _taken(sweep, problems + rules)
    matches = []
    labels: list[set[str]] = []
    for entry in problems:
        labels.append(set())
        for chosen in _assignments(entry.takes(sweep), sweep, {}):
            values = {k: sweep[k][v] for k, v in chosen.items()}
            built = entry.made(partial(_problem, values=values))
            labels[-1].add(built.name)
            played = _players(rules, built, chosen, sweep)
            context = {"problem": built, "seed": seed, "replications": replications}
            beside = [o.made(partial(_optimum, problem=built, values={k: values[k] for k in o.takes(values)}, context=context)) for o in benchmarks]
            _distinct("optima", [o.name for o in beside])
            for one in beside:
                metrics.checked_optimum(one, replications)
            for _, policy, _ in played:
                contract.checked_pair(built, policy)
            group = Group(built.name, tuple(chosen.get(k) for k in sweep))
            matches.append(Match(group, built, {cell: policy for cell, policy, _ in played}, {cell: family for cell, _, family in played}, tuple(beside)))
    _distinct("problem", [name for found in labels for name in found])
    _distinct("problem", [m.group for m in matches])
    return matches


def _players(rules: list[Entry], problem: Problem, chosen: dict[str, Any], sweep: dict[str, dict[Any, Any]]) -> list[tuple[Cell, Policy, str]]:
    """The rules of one match, under labels that tell them apart, with the names of their families."""
    played: list[tuple[Cell, Policy, str]] = []
    for entry in rules:
        ways = list(_assignments(entry.takes(sweep), sweep, chosen))
        made = [entry.made(partial(folders.bind, problem=problem, **{k: sweep[k][v] for k, v in own.items()})) for own in ways]
        alike = len({policy.name for policy in made}) < len(made)
        family = entry.label or (_name(entry.make) if ways[0] else made[0].name)
        family += f" ({len(played) + 1})" if family in {other for _, _, other in played} else ""
        for own, policy in zip(ways, made, strict=True):
            if alike:
                policy = policy._replace(name=f"{policy.name} [{', '.join(f'{k}={text_of(v)}' for k, v in own.items() if k not in chosen)}]")
            _distinct("policies", [*(cell.policy for cell, _, _ in played), policy.name])
            played.append((Cell(problem.name, policy.name, tuple({**chosen, **own}.get(k) for k in sweep)), policy, family))
    return played


# ------------------------------------------------------------------------------------------------ the face
def compare(
    problem: Any,
    policies: Any,
    *,
    optima: Any = (),
    sweep: Mapping[str, Sequence[Any]] | None = None,
    replications: int,
    seed: int,
    baseline: Any = None,
    level: float = 0.95,
    checkpoints: Any = None,
    threads: int | None = None,
    executor: Executor | None = None,
    path: str | None = None,
    keep: str = "all",
    progress: Callable[[int, int], None] | None = None,
) -> "Comparison":
    """Plays rules on problems, all on the same luck, and returns what there is to say of them.

    Parameters
    ----------
    problem
        A Problem, a factory of problems (`functools.partial` fixes what is not swept), a list of these, or a dict from
        labels to these.
    policies
        Likewise, of policies. A factory gets hidden truth, where it requires it, by the name of the instance's field.
    optima
        Optimum values, or factories such as `fluid_lp`, which read what they require from each problem; one that requires
        `problem`, `seed` or `replications` gets these too. They may have a value for each replication.
    sweep
        From names of parameters to lists of values; all combinations are played. A value goes to every factory of a problem
        or of a rule whose signature takes it; a rule that does not take a key is played once for all its values.
    replications, seed, checkpoints, threads, executor, path, progress
        As in `run`; the same for everything that is played.
    baseline
        The policy (its label) that differences are taken to; by default the first.
    level
        Of confidence.
    keep
        "all": every replication. "summary": moments, cross-moments of the final scores and quantiles, in memory that does
        not grow with the replications; rules of one match are then played block by block together.

    Returns
    -------
    Comparison

    Raises
    ------
    BudgetsimError
        Before anything is played: one line that names the argument, what came and what is allowed.

    Examples
    --------
    >>> from budgetsim.policies.ucb1 import ucb1
    >>> from budgetsim.policies.uniform import uniform
    >>> from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit
    >>> problem = stochastic_bandit(bernoulli([0.2, 0.8]), horizon=200)
    >>> both = compare(problem, [uniform, ucb1], sweep={"radius": [0.5, 2.0]}, replications=60, seed=1)
    >>> [cell.policy for cell in both.runs]
    ['uniform', 'ucb1(radius=0.5)', 'ucb1(radius=2)']
    >>> bool((both.paired("uniform").low > 0).all())
    True
    """
    replications = arguments.whole("replications", replications, 1, 2**32 - 1)
    seed = arguments.whole("seed", seed, 0, 2**64 - 1)
    level = arguments.number("level", level, 0.5, math.nextafter(1.0, 0.0))
    threads = os.cpu_count() or 1 if threads is None else arguments.whole("threads", threads, 1, 4096)
    arguments.choice("keep", keep, ("all", "summary"))
    if executor is not None and not hasattr(executor, "submit"):
        raise BadType(f"executor: got {type(executor).__name__}; allowed: a concurrent.futures.Executor")
    matches = plan(problem, policies, optima, sweep, seed, replications)
    base = getattr(baseline, "name", baseline)
    for match in matches if base is not None else ():
        arguments.choice("baseline", base, [cell.policy for cell in match.policies])
    times = {m.group: engine.checked_checkpoints(checkpoints, m.problem.spec.horizon) for m in matches}
    games = {cell: engine.prepare(m.problem, policy, path, replications) for m in matches for cell, policy in m.policies.items()}
    said = {cell: engine.attributes(game, seed, replications) for cell, game in games.items()}
    runs: dict[Cell, Any] = {}
    joint: dict[Group, Any] = {}
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(threads)) if executor is None and threads > 1 and keep == "summary" else None
        for match in matches:
            theirs = {cell: games[cell] for cell in match.policies}
            block = max(engine.block_size(game, replications, threads) for game in theirs.values()) if keep == "summary" else None
            where = {cell: executor or (pool if game.path != "python" else None) for cell, game in theirs.items()}
            streams = {
                cell: engine.blocks(game, replications, seed, times[match.group], threads, where[cell], False, block, progress) for cell, game in theirs.items()
            }
            if keep == "summary":
                found, joint[match.group] = _summarised(theirs, streams, said, match.optima)
                runs |= found
            else:
                runs |= {cell: engine.collected(game, streams[cell], said[cell]) for cell, game in theirs.items()}
    families = {cell: family for m in matches for cell, family in m.families.items()}
    return Comparison(runs, {m.group: tuple(m.policies) for m in matches}, {m.group: m.optima for m in matches}, {m.group: m.problem.spec for m in matches},
                      families, tuple(_checked_sweep(sweep)), level, base, joint)  # fmt: skip


def _summarised(games: dict[Cell, engine.Game], streams: dict[Cell, Any], said: dict[Cell, Any], optima: tuple[Optimum, ...]) -> tuple[dict[Cell, Any], Any]:
    """Summaries of the rules of one match, played block by block together, and the moments of all differences of final scores."""
    import xarray

    kept = {cell: Summary(game) for cell, game in games.items()}
    random = {beside(o): np.asarray(o.value, float) for o in optima if np.ndim(o.value)}
    names = [cell.policy for cell in games] + list(random)
    one, other = np.triu_indices(len(names), 1)
    tree, wins = Tree(len(names) + len(one)), np.zeros(len(one))
    for pieces in zip(*streams.values(), strict=True):
        first = pieces[0][0]
        for cell, (_, log) in zip(games, pieces, strict=True):
            kept[cell].feed(log)
        final = [kept[cell].score(log)[:, -1] for cell, (_, log) in zip(games, pieces, strict=True)]
        final += [values[first : first + len(final[0])] for values in random.values()]
        scores = np.stack(final, axis=1)
        difference = scores[:, one] - scores[:, other]
        tree.feed(np.concatenate([scores, difference], axis=1))
        wins += (difference > 0.0).sum(axis=0) + 0.5 * (difference == 0.0).sum(axis=0)
    n, moments = tree.count, tree.moments()
    square = {k: np.zeros((len(names), len(names))) for k in ("mean", "variance", "skewness", "share")}
    for k, table in square.items():
        table[one, other] = getattr(moments, k)[len(names) :]
        table[other, one] = table[one, other] * (-1.0 if k in ("mean", "skewness") else 1.0)
    share = np.full((len(names), len(names)), 0.5)
    share[one, other], share[other, one] = wins / n, 1.0 - wins / n
    at = ("one", "other")
    variables: dict[str, Any] = {f"difference_{k}": (at, v) for k, v in square.items()} | {"wins": (at, share), "count": n}
    variables |= {"mean": ("one", moments.mean[: len(names)]), "variance": ("one", moments.variance[: len(names)])}
    return {cell: kept[cell].dataset(said[cell]) for cell in games}, xarray.Dataset(variables, {"one": names, "other": names})
