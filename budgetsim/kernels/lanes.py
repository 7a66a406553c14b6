"""The lanes path: LANES replications at once, in vectors, with the bits of the other paths.

State is laid out with replications innermost. The functions of rule and problem are those of the plain path, written as
vector code by `spmd`; the loop here is that of `budgetsim.loop` with the round shared by all lanes and a mask for those
whose run has ended. Without this file everything plays on rows.
"""

import ctypes
import functools
import hashlib
import os
import struct
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import ledger
from ..draws import BEGIN_POLICY, BEGIN_PROBLEM, RECOMMEND, ROUND, nature_key, rule_key
from ..loop import (
    FAULT_RECOMMENDATION,
    FAULT_REWARD,
    FAULTY,
    HORIZON,
    LAW_RUIN,
    LAW_STOP,
    PROBLEM,
    RESOURCE,
    RUINED,
    RULE,
    RUNNING,
    STATUS_CHARGED,
    STATUS_CLIPPED,
    STATUS_IGNORED,
    STATUS_VOID,
    Job,
    Log,
    Work,
    blank,
    clear,
    costs,
    exposed,
    frozen,
    is_true,
    keep,
    unsound,
)
from ..model import VECTOR, Outcome
from . import spmd
from .content import Survey, cache_folder
from .spmd import LANES, Arr, Const, Num, Tup, Unsupported, lanes_from, natural, one_of, refill, someone

# bound anew for each problem and policy, as in budgetsim.loop
begin_problem = begin_rule = observe = allowance = stop = advance = expected = recommend = loss = act = update = step = decide = None  # type: Any
fault_of = told = taken = null_action = count_pulls = trace_action = settled = harmless = None  # type: Any
law, renewing, makes_view = LAW_STOP, False, False


# ------------------------------------------------------------------------------------------------ the loop
def settled_index(action, charged, work):
    return one_of(charged, action, -1)


def settled_vector(action, charged, work):
    for k in range(work.null.size):
        work.null[k] = one_of(charged, action[k], 0.0)
    return frozen(work.null)


def harmless_index(raw, work):
    return 0


def harmless_vector(raw, work):
    for k in range(work.low.size):
        work.chosen[k] = work.low[k]
    return 0


def note(log, i, t, fault, value):
    """The first fault of a replication; the engine raises it when the block is done."""
    if log.fault[i, 0] == 0:
        log.fault[i, 0], log.fault[i, 1] = fault, t
        log.fault_value[i] = value


def play(job, instance, params, state, memory, view, seen, work, log, fresh):
    """Plays job.many replications, a multiple of LANES, from job.first to the horizon."""
    state_r, memory_r, seen_r, cost_r, left_r = frozen(state), frozen(memory), frozen(seen), frozen(work.cost), exposed(work.left)
    cap, left, cost, checkpoint = work.cap, work.left, work.cost, log.checkpoint
    tracing = log.status.shape[1] > 0
    for group in range(0, job.many, LANES):
        i = lanes_from(group)
        replication = job.first + i
        refill((state, memory, view, seen), fresh)
        ledger.open_account(work.budget, cap, left, work.spent, work.carry)
        clear(work.pulls)
        clear(cost)
        begin_problem(instance, state, nature_key(job.seed, replication, 0, BEGIN_PROBLEM))
        begin_rule(memory, params, rule_key(nature_key(job.seed, replication, 0, BEGIN_POLICY)))
        ended, played, void, ignored, total, pseudo, begun = RUNNING, 0, 0, 0, 0.0, 0.0, 0
        for c in range(checkpoint.size):
            until = checkpoint[c]
            for t in range(begun, until):
                if not someone(ended == RUNNING):
                    break
                if ended != RUNNING:
                    continue
                key = nature_key(job.seed, replication, t, ROUND)
                if makes_view:
                    view_r = frozen(observe(instance, state_r, t, key, view))
                else:
                    observe(instance, state_r, t, key, view)
                    view_r = frozen(view)
                if renewing:
                    allowance(instance, state_r, view_r, left)
                    ledger.renew(cap, left)
                if is_true(stop(memory_r, params, left_r, t)):
                    ended = RULE
                    continue
                raw = decide(memory, params, view_r, left_r, t, rule_key(key), work)
                fault = fault_of(raw, job.lowest, job.n_actions, view_r, work)
                if fault != 0:
                    note(log, i, t, fault, told(raw, fault, work))
                    raw = harmless(raw, work)
                action = taken(raw, work)
                if job.lowest == 0:
                    action = natural(action)
                clear(cost)
                reward = float(step(instance, state_r, view_r, action, left_r, t, key, cost, seen))
                some, sound = costs(cost, law)
                fault = unsound(reward, cost, sound, law)
                if fault != 0:
                    note(log, i, t, fault, reward if fault == FAULT_REWARD else cost[fault >> 3])
                    reward, some = 0.0, False
                    clear(cost)
                status, counted, resource = ledger.settle(law, renewing, reward, cost, cap, left, work.spent, work.carry, some)
                charged = status in (STATUS_CHARGED, STATUS_CLIPPED)
                if charged:
                    count_pulls(action, work.pulls)
                    pseudo += expected(instance, state_r, view_r, action, t)
                    if law == LAW_RUIN:
                        if status == STATUS_CLIPPED:
                            log.clipped[i] = counted - reward
                        if left[0] <= 0.0:
                            ended = RUINED
                elif law == LAW_STOP and cost.size > 0 and status == STATUS_VOID:
                    ended = RESOURCE + resource
                    continue
                else:
                    void += status == STATUS_VOID
                    ignored += status == STATUS_IGNORED
                    blank(seen)
                    clear(cost)
                done = settled(action, charged, work)
                total += counted
                if tracing:
                    trace_action(action, log.action[i, t])
                    log.status[i, t] = status
                outcome = Outcome(counted, cost_r, seen_r, status)
                if is_true(advance(instance, state, view_r, done, outcome, left_r, t, key)) and ended == RUNNING:
                    ended = PROBLEM
                if status != STATUS_IGNORED:
                    update(memory, params, view_r, action, outcome, t)
                played = t + 1
            if c == checkpoint.size - 1 and ended == RUNNING:
                ended = HORIZON
            advice = int(recommend(memory_r, params, left_r, played, rule_key(nature_key(job.seed, replication, played, RECOMMEND))))
            if not 0 <= advice < job.n_actions:
                note(log, i, played, FAULT_RECOMMENDATION, advice)
                advice = 0
            keep(log, i, c, work, renewing, played, total, pseudo, void, ignored, float(loss(instance, state_r, advice)), advice)
            begun = until
        log.ended[i] = one_of(log.fault[i, 0] == 0, ended, FAULTY)


def bind(bound: types.FunctionType, kind: Any) -> types.FunctionType:
    """The loop above with the functions that `budgetsim.loop.bind` put together."""
    space = {**globals(), **{name: bound.__globals__[name] for name in _BOUND}}
    for role in ("settled", "harmless"):
        space[role] = globals()[f"{role}_{'vector' if kind == VECTOR else 'index'}"]
    return types.FunctionType(play.__code__, space | {"LANES": spmd.LANES}, "play")


_BOUND = ("begin_problem", "begin_rule", "observe", "allowance", "stop", "advance", "expected", "recommend", "loss", "act", "update", "step", "decide",
          "fault_of", "told", "taken", "null_action", "count_pulls", "trace_action", "law", "renewing", "makes_view")  # fmt: skip


# ------------------------------------------------------------------------------------------------ what the code is told
class Slots:
    """The words that compiled code is called with: addresses, sizes, numbers; and how the code reads them."""

    def __init__(self, writer: spmd.Writer | None = None) -> None:
        self.words: list[int] = []
        self.shape: list[Any] = []
        self.kept: list[np.ndarray] = []  #: alive as long as the words
        self.writer = writer
        self.sizes: dict[int, Any] = {}

    def word(self, word: int, kind: str) -> str:
        self.words.append(word)
        if self.writer is None:
            return ""
        place = self.writer.put(f"getelementptr i64, ptr %words, i64 {len(self.words) - 1}")
        return self.writer.put(f"load {kind}, ptr {place}")

    def size(self, n: int, known: bool = True) -> Any:
        """Small sizes are compiled in, so that loops over them unroll; equal sizes are one number, so that equal indices are."""
        if not known:
            return Num("i", False, self.word(n, "i64"), True)
        if n not in self.sizes:
            self.sizes[n] = (len(self.sizes), Const(n) if n <= UNROLLED else Num("i", False, self.word(n, "i64"), True))
        place, size = self.sizes[n]
        self.shape.append(n if n <= UNROLLED else ("size", place))
        return size

    def array(self, array: np.ndarray, lanes: bool, writable: bool, address: int | None = None, known: bool = True) -> Any:
        if array.dtype not in _items:
            _items[array.dtype] = array.dtype.newbyteorder("=").str.replace("=", "<").replace(">", "<")
        item = _items[array.dtype]
        if item not in spmd.ITEMS:
            raise Unsupported(f"an array of {array.dtype}")
        self.shape.append((item, array.ndim, lanes))
        if address is None:
            self.kept.append(array)
            address = array.ctypes.data
        base = self.word(address, "ptr")
        dims = tuple([self.size(n, known) for n in array.shape])
        if self.writer is None:
            return None
        self.writer.leaves.add(base)
        strides: list[Any] = []
        step: Any = Const(1)
        for n in reversed(dims):
            strides.insert(0, step)
            step = self.writer.binary(spmd.ast.Mult, step, n)
        return Arr(item, lanes, writable, base, dims, tuple(strides), Const(0), step)

    def value(self, value: Any, place: Callable[[np.ndarray], Any]) -> Any:
        """Nested NamedTuples of arrays and numbers."""
        if isinstance(value, np.ndarray):
            return place(value)
        if isinstance(value, tuple):
            fields = getattr(value, "_fields", None)
            self.shape.append((type(value).__name__, fields or len(value)))
            return Tup(type(value) if fields else None, tuple([self.value(v, place) for v in value]))
        if isinstance(value, np.generic) and not isinstance(value, np.uint64):
            value = value.item()
        self.shape.append(type(value).__name__)
        if isinstance(value, bool):
            self.shape.append(value)
            return Const(value)
        if isinstance(value, int | np.uint64):
            return Num("u" if isinstance(value, np.uint64) else "i", False, self.word(int(value) & spmd.M64, "i64"))
        if isinstance(value, float):
            return Num("f", False, self.word(struct.unpack("<Q", struct.pack("<d", value))[0], "double"))
        raise Unsupported(f"a {type(value).__name__} among the parameters")


_items: dict[Any, str] = {}
UNROLLED = 4
ROOM = 1 << 26  #: bytes of state of all lanes; beyond, one replication at a time stays nearer to the processor


def arguments(tables: tuple[Any, ...], lanes_of: int, writer: spmd.Writer | None = None) -> tuple[Slots, list[Any]]:
    """The words for a block's tables, and, for a writer, the values that `play` is called with."""
    job, instance, params, state, memory, view, seen, work, log = tables
    slots = Slots(writer)
    shared = lambda writable: lambda a: slots.array(np.ascontiguousarray(a), False, writable)  # noqa: E731
    fresh = slots.value((state, memory, view, seen), shared(False))
    addresses: list[int] = []  # which words are places in the space of all lanes
    total = 0

    def own(array: np.ndarray) -> Any:
        nonlocal total
        start = total
        size = 2 * array.size + 1  # the spare element lies one size beyond any place
        total += -(-size * array.itemsize * lanes_of // 256) * 256
        addresses.append(len(slots.words))
        return slots.array(array, True, True, start)

    lanes = [slots.value(v, own) for v in (state, memory, view, seen)]
    desk = {name: own(getattr(work, name)) for name in ("cap", "left", "spent", "carry", "cost", "chosen", "null", "pulls")}
    desk |= {name: shared(False)(getattr(work, name)) for name in ("budget", "low", "high", "whole")}
    desk_value = Tup(Work, tuple(desk.get(name, spmd.NONE) for name in Work._fields))
    if total > ROOM:
        raise Unsupported(f"{lanes_of} replications would take {total >> 20} MiB")
    space = np.zeros(total + 256, np.uint8)
    slots.kept.append(space)
    base = -(-space.ctypes.data // 256) * 256
    for at in addresses:
        slots.words[at] += base
    played = {"seed": slots.value(job.seed, shared), "first": slots.value(job.first, shared), "many": slots.value(job.many, shared), "until": spmd.NONE, "fresh": spmd.NONE,
              "n_actions": slots.size(job.n_actions), "lowest": Const(job.lowest)}  # fmt: skip
    slots.shape.append(job.lowest)
    values = [Tup(Job, tuple(played[name] for name in Job._fields)), *(slots.value(v, shared(False)) for v in (instance, params)), *lanes, desk_value]
    logs = Tup(Log, tuple(slots.array(getattr(log, name), False, name != "checkpoint", known=False) for name in Log._fields))
    return slots, [*values, logs, fresh]


# ------------------------------------------------------------------------------------------------ machine code
_entries: dict[str, Any] = {}
_lock = threading.RLock()
_engine: list[Any] = []


def _machine() -> Any:
    """LLVM's target and the home of the code; once a process."""
    import llvmlite.binding as llvm

    if not _engine:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        cpu, features = host()
        target = llvm.Target.from_default_triple().create_target_machine(cpu=cpu, features=features, opt=2, reloc="pic", codemodel="default", jit=True)
        _engine.extend((llvm, target, llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)))
    return _engine


def host() -> tuple[str, str]:
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def assembly(function: types.FunctionType, tables: tuple[Any, ...], name: str) -> str:
    """The loop in LLVM's assembly."""
    writer = spmd.Writer()
    _, values = arguments(tables, spmd.LANES, writer)
    head, writer.lines = writer.lines, []
    writer.call(function, values)
    constants = [f"{label} = private unnamed_addr constant {text}" for text, label in writer.constants.items()]
    body = [
        f'define void @{name}(ptr noalias %words) "prefer-vector-width"="512" "min-legal-vector-width"="{min(64 * spmd.LANES, 512)}" {{',
        "entry:",
        *writer.allocas,
        *head,
        *writer.lines,
        "  ret void",
        "}",
    ]
    return "\n".join([*constants, *sorted(writer.declared), *body, "!0 = !{}", ""])


def build(text: str) -> bytes:
    llvm, target, _ = _machine()
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
    module.data_layout = str(target.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    passes = llvm.create_pass_builder(target, options)
    passes.getModulePassManager().run(module, passes)
    if f"<{spmd.LANES} x double>" not in str(module):
        raise Unsupported("the code holds no vectors")
    return bytes(target.emit_object(module))


class Entry(NamedTuple):
    """A compiled loop, called with the address of its words, and how many replications it plays at once."""

    function: Any
    lanes: int


def width(features: str, spec: Any) -> int:
    """As many lanes as registers hold: what a round with resources keeps alive is twice as much."""
    return LANES if spec.budget.size == 0 and "+avx512f" in features.split(",") else LANES // 2


def compile_loop(bound: types.FunctionType, survey: Survey, spec: Any, tables: tuple[Any, ...], forced: bool) -> tuple[Entry | None, str]:
    """The loop as vector code, or None and the reason."""
    cpu, features = host()
    if not forced and "+avx2" not in features.split(","):
        return None, "the processor has no AVX2"
    many = width(features, spec)
    try:
        slots, _ = arguments(tables, many)
        key = hashlib.sha256(repr((survey.key, salt(), slots.shape, spec.kind, many, cpu, features)).encode()).hexdigest()[:32]
        with _lock:
            if key not in _entries:
                before, spmd.LANES = spmd.LANES, many
                try:
                    _entries[key] = _loaded(f"lanes_{key}", lambda name: build(assembly(bind(bound, spec.kind), tables, name)))
                finally:
                    spmd.LANES = before
            return Entry(_entries[key], many), f"{many} replications at once"
    except Exception as error:  # whatever cannot be written as vectors runs on rows, and the result says why
        return None, str(error) if isinstance(error, Unsupported) else f"{type(error).__name__}: {error}"


def _loaded(name: str, make: Callable[[str], bytes]) -> Any:
    """Machine code as a function, from the disk where it was made before."""
    folder = cache_folder()
    path = folder / f"{name}.o" if folder else None
    data = path.read_bytes() if path and path.exists() else b""
    if not intact(data):
        data = sealed(make(name))
        if path:
            temporary = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.tmp")
            temporary.write_bytes(data)
            os.replace(temporary, path)
    llvm, _, engine = _machine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(data[32:]))
    engine.finalize_object()
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(engine.get_function_address(name))


def sealed(data: bytes) -> bytes:
    return hashlib.sha256(data).digest() + data


def intact(data: bytes) -> bool:
    """Whether a file of the cache holds what was written."""
    return len(data) > 32 and sealed(data[32:]) == data


@functools.cache
def salt() -> str:
    import llvmlite

    here = Path(__file__).parent
    return f"{llvmlite.__version__} {sys.version_info[:2]} " + "".join((here / name).read_text() for name in ("spmd.py", "lanes.py", "content.py"))


def call(entry: Any, tables: tuple[Any, ...]) -> None:
    """Plays the job of these tables."""
    slots, _ = arguments(tables, entry.lanes)
    words = np.array(slots.words, np.uint64)
    entry.function(words.ctypes.data)
