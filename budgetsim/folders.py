"""The folder is the list: what policies, problems, optima and theory there are, and what a user's own file offers.

A file is named like the factory that it holds; adding a file is all that it takes to add a rule.
"""

import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from .arguments import BadType, BadValue, choice
from .model import Policy, Problem

KINDS = ("policies", "problems", "optima", "theory")


def names(kind: str) -> list[str]:
    """What a folder holds, in alphabetical order.

    >>> "knapsack_bandit" in names("problems")
    True
    """
    folder = Path(__file__).parent / choice("kind", kind, KINDS)
    return sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_"))


def factory(kind: str, name: str) -> Any:
    """The factory that a file is named after; of theory, which has none, the module.

    >>> factory("problems", "knapsack_bandit").__name__
    'knapsack_bandit'
    """
    name = choice({"policies": "policy", "problems": "problem", "optima": "optimum"}.get(kind, kind), name, names(kind))
    module = importlib.import_module(f"{__package__}.{kind}.{name}")
    return getattr(module, name, module)


# ------------------------------------------------------------------------------------------------ a user's own file
def load_file(path: Any) -> ModuleType:
    """Imports a .py file under a name that depends on its place alone; files beside it can be imported by it.

    Its functions travel to other processes by value, because no other process could import them by name.
    """
    path = Path(path).expanduser().resolve()
    if path.suffix != ".py" or not path.is_file():
        raise BadValue(f"file: got {str(path)!r}; allowed: an existing .py file")
    name = f"{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    found = importlib.util.spec_from_file_location(name, path)
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    before = set(sys.modules)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        found.loader.exec_module(module)
    except SyntaxError as error:
        del sys.modules[name]
        raise BadValue(f"file: {path.name}, line {error.lineno}: {error.msg}; allowed: a file that Python can read") from error
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        said = " ".join(str(error).split())
        raise BadValue(f"file: importing {path.name} raised {type(error).__name__}: {said}; allowed: a file that imports without an error") from error
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(path.parent))
    import cloudpickle

    cloudpickle.register_pickle_by_value(module)
    for other in set(sys.modules) - before:
        beside = sys.modules[other]
        if Path(getattr(beside, "__file__", None) or "/").parent == path.parent:
            cloudpickle.register_pickle_by_value(beside)
    return module


def policies_in(module: ModuleType) -> dict[str, Any]:
    """The policies of a module: Policy values, and its public factories of policies, by name."""
    return _found(module, Policy)


def problems_in(module: ModuleType) -> dict[str, Any]:
    """The problems of a module: Problem values, and its public factories of problems, by name."""
    return _found(module, Problem)


def _found(module: ModuleType, wanted: type) -> dict[str, Any]:
    public = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    return {name: value for name, value in public.items() if isinstance(value, wanted) or _makes(value, module, wanted)}


def _makes(value: Any, module: ModuleType, wanted: type) -> bool:
    """Whether a function of the module makes one: it is annotated so, or it mentions one and a call without arguments returns it."""
    if not isinstance(value, FunctionType) or value.__module__ != module.__name__:
        return False
    told = value.__annotations__.get("return")
    if told is not None:
        return told is wanted or str(told).strip("'\"").split(".")[-1] == wanted.__name__
    if wanted.__name__ not in value.__code__.co_names or value.__name__ == "main" or required(value):
        return False
    try:
        return isinstance(value(), wanted)
    except Exception:
        return True  # it means to: whoever calls it hears why it does not


# ------------------------------------------------------------------------------------------------ building for a problem
def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return {n: p for n, p in inspect.signature(function).parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}


def required(function: Callable[..., Any]) -> list[str]:
    return [n for n, p in _parameters(function).items() if p.default is p.empty]


class Missing(BadValue):
    """A problem has no field of the name that a factory requires."""


def bind(factory: Callable[..., Any], problem: Problem, **values: Any) -> Any:
    """Calls a factory of policies or optima for a problem.

    A required parameter that `values` leave open is filled by name: from the problem's instance (hidden truth: that is
    what makes an oracle), then from its spec (`budget`, `horizon`, ...), then from what is public. Defaults stay.

    >>> from budgetsim.problems.knapsack_bandit import knapsack_bandit
    >>> problem = knapsack_bandit([0.9, 0.5], [[0.8], [0.1]], budget=[5], horizon=20)
    >>> bind(lambda mean_reward, horizon, scale=1.0: (mean_reward.tolist(), horizon, scale), problem, scale=2.0)
    ([0.9, 0.5], 20, 2.0)
    """
    name = getattr(factory, "__name__", type(factory).__name__)
    if not callable(factory):
        raise BadType(f"factory: got {type(factory).__name__}; allowed: a function that makes a policy or an optimum")
    parameters = _parameters(factory)
    if not any(p.kind == p.VAR_KEYWORD for p in inspect.signature(factory).parameters.values()):
        for given in values:
            choice(f"parameter of {name}", given, parameters)
    known: dict[str, Any] = {}
    for source in (problem.spec.public, problem.spec, problem.instance):
        known.update(zip(getattr(source, "_fields", ()), source, strict=True) if isinstance(source, tuple) else ())
    for wanted in required(factory):
        if wanted in values:
            continue
        if wanted not in known:
            fields = ", ".join(getattr(problem.instance, "_fields", ())) or "none"
            raise Missing(f"{wanted}: {name} requires it, {problem.name} has no such field; allowed: a value, or an instance that has it (here: {fields})")
        values[wanted] = known[wanted]
    positional = [values.pop(n) for n, p in parameters.items() if p.kind == p.POSITIONAL_ONLY and n in values]
    return factory(*positional, **values)


