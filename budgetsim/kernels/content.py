"""What a function reaches: the hash that names its compiled code, its grade of sameness, and what cannot be compiled.

The walk follows globals, attributes of modules, closures, defaults and nested code, as bytecode names them. File names
and line numbers are left out, so moving a rule does not recompile it and changing a callee does.
"""

import builtins
import dis
import enum
import functools
import hashlib
import os
import sys
import sysconfig
import tempfile
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

_MATH = "sqrt floor ceil fabs inf nan pi e isnan isinf isfinite copysign trunc"
_NUMPY = "sqrt float64 int64 uint64 bool_ zeros ones empty inf nan pi isnan isinf isfinite abs floor ceil argmax argmin"
_BUILTIN = "abs min max int float bool range len enumerate zip ValueError"
PORTABLE = {f"math.{n}" for n in _MATH.split()} | {f"numpy.{n}" for n in _NUMPY.split()} | set(_BUILTIN.split())
_ORDERED = {"sum", "mean", "dot", "std", "var", "prod", "cumsum", "cumprod", "trace"}  # array methods that may reorder sums
_INSTALLED = [Path(p).resolve() for k, p in sysconfig.get_paths().items() if k in ("purelib", "platlib", "stdlib", "platstdlib")]


def _random(module: str) -> bool:
    return module.split(".")[0] in ("random", "secrets") or module.startswith("numpy.random")


@functools.lru_cache(4096)
def _read(code: types.CodeType) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[str, ...], tuple[str, ...]]:
    """What one piece of bytecode names: chains, what makes it native, modules that it imports. Cached, because a sweep asks often."""
    native, imports = [], []
    for op in dis.get_instructions(code):
        if op.opname == "BINARY_OP" and op.argrepr.rstrip("=") in ("**", "@"):
            native.append(f"uses {op.argrepr.rstrip('=')}")
        elif (op.opname == "LOAD_METHOD" or "NULL|self" in op.argrepr) and op.argval in _ORDERED:
            native.append(f"calls .{op.argval}()")
        elif op.opname == "IMPORT_NAME":
            imports.append(op.argval)
    return tuple(_chains(code)), tuple(native), tuple(imports)


def _chains(code: types.CodeType) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(global | free, name and the attributes that follow it), in order."""
    current: tuple[str, list[str]] | None = None
    for op in dis.get_instructions(code):
        if op.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF"):
            if current:
                yield current[0], tuple(current[1])
            current = ("free" if "DEREF" in op.opname else "global", [op.argval])
        elif op.opname in ("LOAD_ATTR", "LOAD_METHOD") and current:
            current[1].append(op.argval)
        elif op.opname not in ("CACHE", "PUSH_NULL", "PRECALL") and current:
            yield current[0], tuple(current[1])
            current = None
    if current:
        yield current[0], tuple(current[1])


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for c in code.co_consts:
        if isinstance(c, types.CodeType):
            yield from _codes(c)


def cache_folder() -> Path | None:
    """Where generated modules live: BUDGETSIM_CACHE_DIR, or the user's cache folder; None where nothing can be written."""
    import platformdirs

    folder = Path(os.environ.get("BUDGETSIM_CACHE_DIR") or platformdirs.user_cache_path("budgetsim"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return None


class Survey:
    """One walk over everything that some functions reach."""

    def __init__(self, roots: Iterable[Callable[..., Any]], salt: str = "") -> None:
        self.functions: list[types.FunctionType] = []  #: plain functions, callees before callers
        self.native: list[str] = []  #: why results may differ between paths or machines
        self.foreign: list[str] = []  #: calls that cannot be compiled
        self.hidden: list[str] = []  #: randomness that no seed of ours controls
        self.captured: list[str] = []  #: numbers that closures froze
        self._seen: set[int] = set()
        self._hash = hashlib.sha256(salt.encode())
        self._packages = {"budgetsim", *(_package(f) for f in roots)}
        for f in roots:
            self._feed(f, f.__name__)

    @property
    def key(self) -> str:
        return self._hash.hexdigest()[:32]

    def _mix(self, *parts: Any) -> None:
        self._hash.update(repr(parts).encode())

    def _feed(self, value: Any, where: str) -> None:
        if hasattr(value, "py_func"):  # a user's own numba function
            self._mix("jitted", sorted((k, str(v)) for k, v in getattr(value, "targetoptions", {}).items()))
            value = value.py_func
            self._function(value, where, own=False)
        elif isinstance(value, types.FunctionType) and _package(value) != "numpy":
            self._function(value, where, own=True)
        elif isinstance(value, np.ndarray):
            self._mix("array", value.dtype.str, value.shape)
            self._hash.update(np.ascontiguousarray(value).tobytes())
        elif isinstance(value, (tuple, list)):
            self._mix(type(value).__name__, len(value))
            for v in value:
                self._feed(v, where)
        elif isinstance(value, enum.Enum):
            self._mix("enum", type(value).__name__, value.name, value.value)
        elif value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.generic)):
            self._mix(type(value).__name__, value)
        elif isinstance(value, type):
            self._mix("class", value.__qualname__, getattr(value, "_fields", ()))
        elif isinstance(value, types.ModuleType):
            self._mix("module", value.__name__, getattr(value, "__version__", ""))
        elif callable(value):
            self._mix("callable", getattr(value, "__module__", ""), getattr(value, "__name__", repr(type(value))))
        elif _random(type(value).__module__):
            self.hidden.append(f"{where} reaches a random {type(value).__name__}")
        else:
            self._mix("object", type(value).__qualname__)
            self.foreign.append(f"{where} reaches a {type(value).__name__}, which cannot be compiled in: pass arrays and numbers through params")

    def _function(self, f: types.FunctionType, where: str, own: bool) -> None:
        if id(f) in self._seen:
            self._mix("again", f.__qualname__)
            return
        self._seen.add(id(f))
        if not self._ours(f):
            self._mix("foreign", f.__module__, f.__qualname__)
            self.foreign.append(f"{where} calls {f.__module__}.{f.__qualname__}")
            return
        if f.__module__ == "budgetsim.kernels.primitives" or getattr(f, "__name__", "") in _PRIMITIVES.get(f.__module__, ()):
            self._mix("primitive", f.__module__, f.__qualname__)
            return
        for code in _codes(f.__code__):
            self._mix(code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_flags)
            for c in code.co_consts:
                if not isinstance(c, types.CodeType):
                    self._mix(type(c).__name__, sorted(map(repr, c)) if isinstance(c, frozenset) else c)
        for v in (*(f.__defaults__ or ()), *(v for _, v in sorted((f.__kwdefaults__ or {}).items()))):
            self._feed(v, f.__name__)
        free = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
        for name, cell in free.items():
            try:
                value = cell.cell_contents
            except ValueError:
                continue
            if isinstance(value, (bool, int, float, np.ndarray, np.generic)):
                self.captured.append(f"{f.__name__} captures {name} = {np.asarray(value).ravel()[:3].tolist()}")
            self._feed(value, f.__name__)
        for code in _codes(f.__code__):
            chains, native, imports = _read(code)
            self.native += [f"{f.__name__} {what}" for what in native]
            for name in imports:
                (self.hidden if _random(name) else self.foreign).append(f"{f.__name__} imports {name}")
            for kind, chain in chains:
                if kind == "free" and chain[0] not in free:
                    continue  # a local of the enclosing code
                self._name(f, kind, chain, free)
        if own:
            self.functions.append(f)

    def _name(self, f: types.FunctionType, kind: str, chain: tuple[str, ...], free: dict[str, Any]) -> None:
        value = free[chain[0]].cell_contents if kind == "free" else f.__globals__.get(chain[0], getattr(builtins, chain[0], None))
        path = [value.__name__] if isinstance(value, types.ModuleType) else [chain[0]]
        for a in chain[1:]:
            if not isinstance(value, types.ModuleType):
                break
            value = getattr(value, a, None)
            path.append(a)
        module = getattr(value, "__module__", None) or ""
        name = ".".join(path)
        if len(path) == 1 and callable(value) and module.split(".")[0] in ("math", "numpy", "cmath"):
            name = f"{module.split('.')[0]}.{getattr(value, '__name__', name)}"
        self._mix(chain)
        if isinstance(value, np.ufunc):
            module = next((m for m in ("numpy", "scipy.special") if getattr(sys.modules.get(m), value.__name__, None) is value), "a library")
            name = f"{module}.{value.__name__}"
        if name.startswith(("numpy.random.", "random.", "secrets.")) or _random(module):
            self.hidden.append(f"{f.__name__} calls {name}")
        elif isinstance(value, (types.MethodType, functools.partial)):
            self.foreign.append(f"{name} is a {type(value).__name__}, not a plain function")
        elif (
            callable(value)
            and not isinstance(value, type)
            and not hasattr(value, "py_func")
            and (not isinstance(value, types.FunctionType) or _package(value) == "numpy")
        ):
            top = (module or "builtins").split(".")[0]
            if top not in ("math", "numpy", "builtins", "cmath"):
                self.foreign.append(f"{f.__name__} calls {module}.{getattr(value, '__name__', name)}")
            elif name not in PORTABLE:
                self.native.append(f"{f.__name__} calls {name}")
        if kind == "global":
            self._feed(value, f.__name__)

    def _ours(self, f: types.FunctionType) -> bool:
        if _package(f) in self._packages:
            return True
        file = Path(f.__code__.co_filename).resolve()
        return not any(file.is_relative_to(p) for p in _INSTALLED)


#: plain Python functions with a compiled twin of their own in primitives.py
_PRIMITIVES = {
    "budgetsim.draws": ("nature_key", "rule_key", "nth_use", "block", "unit", "open_unit", "to_bits", "from_bits"),
    "budgetsim.kernels": ("available",),
    "budgetsim.loop": ("frozen", "exposed", "reveal", "index_fault", "is_true", "enter", "round_key", "blank"),
}


def _package(f: Any) -> str:
    return (getattr(f, "__module__", None) or "").split(".")[0]
