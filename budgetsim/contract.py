"""What a spec, a problem and a policy must look like: shapes, kinds and names, checked before anything is compiled."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from . import arguments
from .arguments import BadType, BadValue
from .model import RUIN, VECTOR, Kind, Law, Policy, Problem, Spec

_PROBLEM = {"init": 1, "begin": 3, "observe": 5, "step": 9, "advance": 8, "allowance": 4, "expected": 5, "loss": 3}
_POLICY = {"init": 1, "begin": 3, "act": 6, "update": 6, "replan": 5, "schedule": 1, "stop": 4, "recommend": 5}


def leaves(value: Any, where: str, numbers: bool) -> Any:
    """Nested NamedTuples with every array contiguous and every leaf checked."""
    if isinstance(value, tuple):
        if not hasattr(value, "_fields"):
            raise BadType(f"{where}: got a plain tuple; allowed: a NamedTuple of arrays")
        return type(value)(*(leaves(v, f"{where}.{f}", numbers) for f, v in zip(value._fields, value, strict=True)))
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return np.ascontiguousarray(value) if value.ndim else value.reshape(1)
    if numbers and isinstance(value, (bool, int, float, np.number, np.bool_)):
        return value
    came = type(value).__name__ + (f" of dtype {value.dtype}" if isinstance(value, np.ndarray) else "")
    raise BadType(f"{where}: got {came}; allowed: " + ("arrays and plain numbers" if numbers else "arrays of numbers") + ", in NamedTuples that may nest")


def checked_spec(spec: Any) -> Spec:
    """The spec with its arrays in canonical form."""
    if not isinstance(spec, Spec):
        raise BadType(f"spec: got {type(spec).__name__}; allowed: a Spec")
    if not isinstance(spec.kind, Kind):
        raise BadType(f"kind: got {spec.kind!r}; allowed: {', '.join(k.name for k in Kind)}")
    if not isinstance(spec.law, Law):
        raise BadType(f"law: got {spec.law!r}; allowed: {', '.join(k.name for k in Law)}")
    n = arguments.whole("n_actions", spec.n_actions, 1)
    horizon = arguments.whole("horizon", spec.horizon, 1, 2**53)
    d = np.ndim(spec.budget) and len(spec.budget)
    budget = arguments.array("budget", spec.budget, (d,), low=0.0, finite=False) if d else np.zeros(0)
    if spec.law == RUIN and d != 1:
        raise BadValue(f"budget: got {d} resources under RUIN; allowed: one stock")
    arguments.choice("feedback", spec.feedback, ("bandit", "semi", "full"))
    low = high = integral = None
    if spec.kind == VECTOR:
        low = arguments.array("low", np.zeros(n) if spec.low is None else spec.low, (n,), finite=False)
        high = arguments.array("high", np.ones(n) if spec.high is None else spec.high, (n,), finite=False)
        integral = np.zeros(n, bool) if spec.whole is None else np.array(spec.whole, bool)
        if integral.shape != (n,):
            raise BadValue(f"whole: got shape {integral.shape}; allowed: shape ({n},)")
        if np.any(low > high):
            raise BadValue("low: got an entry above high; allowed: low <= high")
    view, seen = leaves(spec.view, "view", False), leaves(spec.seen, "seen", False)
    if hasattr(view, "legal") and view.legal.shape != (n,):
        raise BadValue(f"view.legal: got shape {view.legal.shape}; allowed: shape ({n},)")
    return spec._replace(n_actions=n, horizon=horizon, budget=budget, low=low, high=high, whole=integral, view=view, seen=seen,
                         public=leaves(spec.public, "public", True), idle=arguments.flag("idle", spec.idle), renew=arguments.flag("renew", spec.renew))  # fmt: skip


def _function(owner: str, name: str, value: Any, count: int) -> None:
    if not callable(value):
        raise BadType(f"{owner}.{name}: got {type(value).__name__}; allowed: a function of {count} arguments")
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return
    required = sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
    possible = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
    if any(p.kind == p.VAR_POSITIONAL for p in parameters):
        possible = count
    if not required <= count <= possible:
        raise BadType(f"{owner}.{name}: takes {required} arguments; allowed: {count}")


def _functions(owner: str, value: Any, wanted: dict[str, int], required: set[str]) -> None:
    for name, count in wanted.items():
        f: Callable[..., Any] | None = getattr(value, name)
        if f is None and name in required:
            raise BadType(f"{owner}.{name}: got None; allowed: a function of {count} arguments")
        if f is not None:
            _function(owner, name, f, count)


def checked_pair(problem: Any, policy: Any) -> tuple[Problem, Policy]:
    """A problem and a policy that can be played against each other."""
    if callable(problem):
        raise BadType(f"problem: got the factory {getattr(problem, '__name__', '?')}; allowed: a Problem; call the factory")
    if not isinstance(problem, Problem):
        raise BadType(f"problem: got {type(problem).__name__}; allowed: a Problem")
    if callable(policy):
        raise BadType(f"policy: got the factory {getattr(policy, '__name__', '?')}; allowed: a Policy; call the factory")
    if not isinstance(policy, Policy):
        raise BadType(f"policy: got {type(policy).__name__}; allowed: a Policy")
    spec = checked_spec(problem.spec)
    _functions(problem.name, problem, _PROBLEM, {"step"})
    wanted = dict(_POLICY, act=7) if policy.kind == VECTOR else _POLICY
    if not isinstance(policy.kind, Kind):
        raise BadType(f"{policy.name}.kind: got {policy.kind!r}; allowed: {', '.join(k.name for k in Kind)}")
    _functions(policy.name, policy, wanted, {"init", "act", "update"})
    if policy.kind != spec.kind:
        raise BadValue(f"policy: {policy.name} chooses {policy.kind.name}; allowed: a rule of kind {spec.kind.name}, as {problem.name} asks")
    if (policy.replan is None) != (policy.schedule is None):
        raise BadValue(f"{policy.name}: has only one of replan and schedule; allowed: both or neither")
    if spec.renew and problem.allowance is None:
        raise BadValue(f"{problem.name}: renews without an allowance function; allowed: renew with allowance")
    arguments.choice("objective", problem.objective, ("reward", "reward - cost", "-(loss + cost)"))
    return problem._replace(spec=spec), policy


def checked_schedule(policy: Policy, spec: Spec) -> tuple[int, ...]:
    """The rounds before which a policy replans: whole, in [0, horizon), sorted, each once."""
    if policy.schedule is None:
        return ()
    rounds = sorted({arguments.whole("schedule", t, 0) for t in policy.schedule(spec)})
    return tuple(t for t in rounds if t < spec.horizon)
