"""What a hook must not reach for: the stack, the clock, addresses, the inside of its key, nature's luck."""

import builtins
import dis
import types
from collections.abc import Callable, Iterable
from typing import Any

from .. import draws
from ..kernels.content import Survey

_MODULES = {"inspect", "gc", "ctypes", "time", "datetime", "traceback", "uuid", "threading", "multiprocessing", "socket", "subprocess"}
_VALUES = {id(getattr(builtins, n)): n for n in ("hash", "id", "open", "input", "globals", "locals", "vars", "eval", "exec", "__import__")}
_VALUES |= {id(getattr(draws, n)): n for n in ("nature_key", "rule_key", "block", "philox", "word", "unit", "open_unit")}
_ATTRIBUTES = {"x0", "x1", "replication", "nature_key", "philox", "_getframe", "_current_frames", "currentframe", "f_back", "f_locals", "f_globals", "tb_frame"}


def reached_behind(functions: Iterable[Callable[..., Any]]) -> str:
    """The first thing that these functions, or what they call, should leave alone; or "".

    >>> def act(memory, params, view, left, t, key): return hash(t) % 3
    >>> reached_behind([act])
    'act uses hash'
    """
    for f in Survey(functions).functions:
        if f.__module__ == "budgetsim.draws":
            continue
        for code in _codes(f.__code__):
            if found := _found(f, code):
                return f"{f.__name__} uses {found}"
    return ""


def _codes(code: types.CodeType) -> Iterable[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _found(f: types.FunctionType, code: types.CodeType) -> str:
    free = {n: c.cell_contents for n, c in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True) if c != types.CellType()}
    value: Any = None
    local = ""
    for op in dis.get_instructions(code):
        if op.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"):
            known = free if op.opname == "LOAD_DEREF" else f.__globals__
            value, local = known.get(op.argval, getattr(builtins, op.argval, None)), op.argval
        elif op.opname in ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR"):
            if op.argval in _ATTRIBUTES or (op.argval == "seed" and local.endswith("key")):
                return op.argval if value is None else f"{local}.{op.argval}"
            value, local = getattr(value, op.argval, None) if isinstance(value, types.ModuleType) else None, op.argval
        elif op.opname in ("IMPORT_NAME", "IMPORT_FROM"):
            value, local = None, op.argval
            if op.argval.split(".")[0] in _MODULES or op.argval in _ATTRIBUTES:
                return str(op.argval)
        elif op.opname.startswith("LOAD_FAST"):
            value, local = None, op.argval
        if (value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None) or "").split(".")[0] in _MODULES:
            return local
        if id(value) in _VALUES:
            return _VALUES[id(value)]
    return ""
