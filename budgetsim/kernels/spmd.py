"""Plain Python functions to vector code: one program, LANES replications at once.

A function is walked statement by statement and written down as LLVM's assembly, in which a number that differs between
replications is a vector of LANES numbers and one that does not (the round, a size, a parameter) stays a scalar. Where
replications part, at an `if` or a loop whose condition is a vector, both ways are walked under a mask. So vectors do not
hang on a compiler's heuristics: code that is written down is packed, at any number of actions.

What differs is found first, by walks that write nothing: the kinds of variables only ever widen (constant, scalar,
vector), so a few walks settle them. What the language does not hold raises Unsupported, and the caller plays rows.
"""

import ast
import builtins
import dis
import enum
import functools
import inspect
import math
import struct
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .. import confidence, draws, loop
from . import available

LANES = 32
M64 = (1 << 64) - 1


class Unsupported(Exception):
    """Something that vector code does not hold: where, and what."""


# ------------------------------------------------------------------------------------------------ values
class Const(NamedTuple):
    """Known when compiling: a number, None, a function, a module, a tuple of such."""

    value: Any


class Num(NamedTuple):
    """A number at run time: kind f(loat), i(nteger), u(nsigned) or b(oolean), one for all lanes or one each."""

    kind: str
    wide: bool
    ir: str = ""
    natural: bool = False  #: an index that is never negative


class Arr(NamedTuple):
    """An array: all lanes' own (elements of all lanes side by side) or shared by all."""

    item: str  #: numpy's name of the dtype
    lanes: bool
    writable: bool
    base: str
    dims: tuple[Any, ...]
    strides: tuple[Any, ...]  #: in elements
    offset: Any
    spare: Any = None  #: of lanes: the number of an element that nobody reads, for the lanes that are off
    shift: Any = Const(0)  #: while an element is looked up: the part of its number that all lanes share


class Tup(NamedTuple):
    """A tuple, or a NamedTuple of some class."""

    cls: Any
    items: tuple[Any, ...]


class Alloc(NamedTuple):
    """What a variable holds: a shape with kinds, and the stack slots of its parts."""

    shape: Any
    slots: tuple[str, ...]


GONE = object()  #: the mask of code that no lane reaches
NONE = Const(None)
_SCALAR = {"f": "double", "i": "i64", "u": "i64", "b": "i1"}
#: in memory, and the kind that it is read as
ITEMS = {"<f8": ("double", "f"), "<i8": ("i64", "i"), "<u8": ("i64", "u"), "|b1": ("i8", "b"), "<i4": ("i32", "i"), "<i2": ("i16", "i"), "|i1": ("i8", "i")}
_RANK = {"b": 0, "i": 1, "u": 2, "f": 3}


def kind_of(value: Any) -> str:
    """The kind of a number, or ""."""
    if isinstance(value, Num):
        return value.kind
    if isinstance(value, Const):
        x = value.value
        for kinds, kind in (((bool, np.bool_), "b"), ((int, np.integer), "i"), ((float, np.floating), "f")):
            if isinstance(x, kinds):
                return kind
    return ""


def _literal(value: Any, kind: str) -> str:
    if kind == "f":
        return "0x" + struct.pack(">d", float(value)).hex().upper()
    if kind == "b":
        return "true" if value else "false"
    x = int(value) & M64
    return str(x - (1 << 64) if x >> 63 else x)


def _type(kind: str, wide: bool) -> str:
    return f"<{LANES} x {_SCALAR[kind]}>" if wide else _SCALAR[kind]


# a shape: ("c", value) | ("n", kind, wide, natural) | ("a", item, lanes, writable, dims, strides, offset) | ("t", cls, shapes)
def shape_of(value: Any) -> Any:
    if isinstance(value, Num):
        return ("n", value.kind, value.wide, value.natural)
    if isinstance(value, Const):
        return ("c", value.value)
    if isinstance(value, Arr):
        numbers = shape_of(value.offset), shape_of(Const(0) if value.spare is None else value.spare)
        return ("a", value.item, value.lanes, value.writable, *(tuple(map(shape_of, part)) for part in (value.dims, value.strides)), *numbers)
    return ("t", value.cls, tuple(map(shape_of, value.items)))


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and repr(a) == repr(b) if isinstance(a, float) else a == b and type(a) is type(b))


def join(a: Any, b: Any, what: str) -> Any:
    """The narrowest shape that holds both."""
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0] == "c" and _same(a[1], b[1]):
        return a
    if a[0] in "cn" and b[0] in "cn":
        kinds = [x[1] if x[0] == "n" else kind_of(Const(x[1])) for x in (a, b)]
        if "" in kinds:
            raise Unsupported(f"{what} is a number on one way and {b[1] if kinds[1] == '' else a[1]} on another")
        natural = all(x[3] if x[0] == "n" else kind_of(Const(x[1])) == "i" and x[1] >= 0 for x in (a, b))
        return ("n", max(kinds, key=_RANK.__getitem__), any(x[0] == "n" and x[2] for x in (a, b)), natural)
    if a[0] == b[0] == "t" and a[1] is b[1] and len(a[2]) == len(b[2]):
        return ("t", a[1], tuple(join(x, y, what) for x, y in zip(a[2], b[2], strict=True)))
    if a[0] == b[0] == "a" and a[1:3] == b[1:3] and len(a[4]) == len(b[4]):
        dims, strides = (tuple(join(x, y, what) for x, y in zip(a[i], b[i], strict=True)) for i in (4, 5))
        return ("a", a[1], a[2], a[3] and b[3], dims, strides, join(a[6], b[6], what), join(a[7], b[7], what))
    raise Unsupported(f"{what} is of two kinds")


def _widened(shape: Any, what: str) -> Any:
    if shape[0] == "n":
        return ("n", shape[1], True, shape[3])
    if shape[0] == "t":
        return ("t", shape[1], tuple(_widened(s, what) for s in shape[2]))
    if shape[0] == "c":
        return shape
    raise Unsupported(f"{what}: lanes choose between arrays")


def _slots(shape: Any) -> Iterator[str]:
    """The types of a shape's parts at run time."""
    if shape[0] == "n":
        yield _type(shape[1], shape[2])
    elif shape[0] == "t":
        for s in shape[2]:
            yield from _slots(s)
    elif shape[0] == "a":
        yield "ptr"
        for s in (*shape[4], *shape[5], *shape[6:]):
            yield from _slots(s)


# ------------------------------------------------------------------------------------------------ sources
class Source(NamedTuple):
    """A function's syntax, and where its names stand."""

    node: ast.FunctionDef
    stored: frozenset[str]
    home: dict[str, tuple[Any, ...]]  #: name: path of the smallest block that holds all its places


@functools.lru_cache(4096)
def source_of(code: types.CodeType) -> Source:
    try:
        text = textwrap.dedent(inspect.getsource(code))
        node = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError, IndentationError) as error:
        raise Unsupported(f"{code.co_name} has no source at hand") from error
    if not isinstance(node, ast.FunctionDef):
        raise Unsupported(f"{code.co_name} is not written with def")
    node.decorator_list = []
    _confirm(node, code)
    stored: set[str] = set()
    home: dict[str, tuple[Any, ...]] = {}

    def place(name: str, path: tuple[Any, ...]) -> None:
        old = home.get(name, path)
        n = next((i for i, (a, b) in enumerate(zip(old, path, strict=False)) if a != b), min(len(old), len(path)))
        home[name] = old[:n]

    def visit(node: ast.AST, path: tuple[Any, ...]) -> None:
        if isinstance(node, ast.Name):
            place(node.id, path)
            if isinstance(node.ctx, ast.Store):
                stored.add(node.id)
        for field, value in ast.iter_fields(node):
            inside = (field in ("body", "orelse") and isinstance(value, list)) or (field == "target" and isinstance(node, ast.For))
            below = (*path, (id(node), "body" if field == "target" else field)) if inside else path
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    visit(child, below)

    for statement in node.body:
        visit(statement, ())
    for a in node.args.args:
        home[a.arg] = ()
    blocks = {(id(n), field): n for n in ast.walk(node) for field in ("body", "orelse")}
    for name, path in home.items():
        outermost = next((i for i, step in enumerate(path) if isinstance(blocks[step], ast.For | ast.While)), len(path))
        if outermost < len(path) and not _begins(name, blocks[path[-1]], path[-1][1]):
            home[name] = path[:outermost]  # one round of the loop may read what an earlier one left
    return Source(node, frozenset(stored), home)


def _begins(name: str, node: Any, field: str) -> bool:
    """Whether a block gives a name a value before anything else happens to it."""

    def names(part: ast.AST, context: type) -> bool:
        return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, context) for n in ast.walk(part))

    if isinstance(node, ast.For) and field == "body" and names(node.target, ast.Store):
        return True
    first = next((s for s in getattr(node, field) if names(s, ast.expr_context)), None)
    if isinstance(first, ast.If):
        return not names(first.test, ast.Load) and _begins(name, first, "body") and _begins(name, first, "orelse")
    return isinstance(first, ast.Assign | ast.AnnAssign) and first.value is not None and not names(first, ast.Load)


def _confirm(node: ast.FunctionDef, code: types.CodeType) -> None:
    """The file may have changed since it was imported: the source has to give the same bytecode."""
    outer = ast.parse(f"def outer({', '.join(code.co_freevars)}):\n    pass")
    outer.body[0].body = [node]  # type: ignore[attr-defined]
    made = compile(ast.fix_missing_locations(outer), "", "exec", dont_inherit=True)
    inner = next(c for c in made.co_consts if isinstance(c, types.CodeType))
    inner = next(c for c in inner.co_consts if isinstance(c, types.CodeType))
    if _spelled(inner) != _spelled(code):
        raise Unsupported(f"{code.co_name}: its file has changed since it was imported")


def _spelled(code: types.CodeType) -> list[str]:
    """What the bytecode names, holds and computes, in order; the rest depends on line numbers and on the module around it."""
    told = (op for op in dis.get_instructions(code) if op.opcode in _SPELLED or op.opname == "BINARY_OP")
    return [getattr(op.argval, "co_name", repr(op.argrepr.removeprefix("NULL + "))) for op in told]


_SPELLED = {*dis.hasname, *dis.hasconst, *dis.haslocal, *dis.hasfree, *dis.hascompare}


class Info:
    """What the dry walks find out of one function called with arguments of given shapes."""

    def __init__(self) -> None:
        self.shapes: dict[str, Any] = {}
        self.varying: set[int] = set()  #: loops whose lanes leave at different times
        self.parting: set[int] = set()  #: ifs after which fewer lanes go on
        self.returns = False  #: some lanes return before others
        self.result: Any = None
        self.changed = True

    def widen(self, name: str, shape: Any) -> Any:
        old = self.shapes.get(name)
        new = join(old, shape, name)
        if repr(new) != repr(old):  # repr: NaN is itself
            self.shapes[name], self.changed = new, True
        return new

    def mark(self, marks: set[int], node: ast.AST) -> None:
        if id(node) not in marks:
            marks.add(id(node))
            self.changed = True


class Frame:
    """One call, while it is walked."""

    def __init__(self, function: types.FunctionType, source: Source, info: Info) -> None:
        self.function, self.source, self.info = function, source, info
        self.bound: dict[str, Any] = {}  #: arguments that are never assigned
        self.slots: dict[str, Alloc] = {}
        self.path: list[tuple[Any, bool]] = []  #: blocks that are open, and whether their lanes differ
        self.loops: list[Loop] = []
        self.result: Alloc | None = None
        self.exit = self.returned = ""
        self.real = False


class Loop(NamedTuple):
    node: Any
    depth: int
    varying: bool
    resume: str  #: label of continue
    leave: str  #: label of break
    skipped: str  #: slot: lanes that continue


# ------------------------------------------------------------------------------------------------ the writer
class Writer:
    """Walks functions; writes assembly, or (dry) only finds shapes."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.allocas: list[str] = []
        self.constants: dict[str, str] = {}
        self.declared: set[str] = set()
        self.count = 0
        self.dry = 0
        self.closed = False
        self.mask: Any = None
        self.frames: list[Frame] = []
        self.infos: dict[Any, Info] = {}
        self.here_already: dict[str, str] = {}  #: instructions of this straight piece of code
        self.stored: dict[Any, Num] = {}  #: what elements hold since this piece wrote them
        self.leaves: set[str] = set()  #: arrays that share no memory

    # -------------------------------------------------------------------------------------------- text
    def name(self, stem: str = "v") -> str:
        self.count += 1
        return f"%{stem}{self.count}"

    def put(self, text: str) -> str:
        """An instruction with a result."""
        if self.dry:
            return ""
        pure = not text.startswith("load") or text.endswith("!0")
        if pure and text in self.here_already:
            return self.here_already[text]
        name = self.name()
        self.lines.append(f"  {name} = {text}")
        if pure:
            self.here_already[text] = name
        return name

    def do(self, text: str) -> None:
        if not self.dry:
            self.lines.append("  " + text)

    def label(self, name: str) -> None:
        self.closed = False
        if not self.dry:
            self.lines.append(name[1:] + ":")
            self.here_already.clear()
            self.stored.clear()

    def go(self, name: str) -> None:
        self.do(f"br label {name}")
        self.closed = True

    def branch(self, condition: Num, yes: str, no: str) -> None:
        self.do(f"br i1 {condition.ir}, label {yes}, label {no}")
        self.closed = True

    def slot(self, kind: str) -> str:
        if self.dry:
            return ""
        name = self.name("s")
        self.allocas.append(f"  {name} = alloca {kind}")
        return name

    def intrinsic(self, result: str, name: str, *arguments: str) -> None:
        self.declared.add(f"declare {result} @{name}({', '.join(arguments)})")

    # -------------------------------------------------------------------------------------------- numbers
    def cast(self, value: Any, kind: str, wide: bool) -> Num:
        """A number as another kind, spread over the lanes where wanted."""
        have = kind_of(value)
        if not have:
            raise Unsupported(f"{self.here()}: {self.told(value)} where a number is needed")
        if isinstance(value, Const):
            text = _literal(value.value, kind)
            return Num(kind, wide, f"splat ({_SCALAR[kind]} {text})" if wide else text, kind in "iu" and value.value >= 0)
        ir, w = value.ir, value.wide
        if have != kind:
            how = {("b", "i"): "zext", ("b", "u"): "zext", ("b", "f"): "uitofp", ("i", "f"): "sitofp", ("u", "f"): "uitofp", ("f", "i"): "fptosi"}.get(
                (have, kind)
            )
            if how:
                ir = self.put(f"{how} {_type(have, w)} {ir} to {_type(kind, w)}")
            elif {have, kind} != {"i", "u"}:
                raise Unsupported(f"{self.here()}: a number of kind {have} where {kind} is needed")
        if wide and not w:
            one = self.put(f"insertelement {_type(kind, True)} poison, {_SCALAR[kind]} {ir}, i64 0")
            ir = self.put(f"shufflevector {_type(kind, True)} {one}, {_type(kind, True)} poison, <{LANES} x i32> zeroinitializer")
        return Num(kind, wide or w, ir, have == "b" or value.natural)

    def told(self, value: Any) -> str:
        if isinstance(value, Const):
            return repr(value.value)
        return {Arr: "an array", Tup: "a tuple", Num: "a number"}[type(value)]

    def here(self) -> str:
        return self.frames[-1].function.__name__ if self.frames else "?"

    def both(self, a: Any, b: Any, kind: str | None = None) -> tuple[Num, Num, str]:
        """Two numbers of one kind and width, and their type."""
        kinds = kind_of(a), kind_of(b)
        if "" in kinds:
            raise Unsupported(f"{self.here()}: {self.told(a if not kinds[0] else b)} where a number is needed")
        kind = kind or max(kinds, key=_RANK.__getitem__)
        wide = any(isinstance(x, Num) and x.wide for x in (a, b))
        return self.cast(a, kind, wide), self.cast(b, kind, wide), _type(kind, wide)

    def binary(self, op: type, a: Any, b: Any) -> Any:
        if isinstance(a, Const) and isinstance(b, Const):
            try:
                return Const(_FOLD[op](a.value, b.value))
            except Exception as error:
                raise Unsupported(f"{self.here()}: {error}") from error
        for one, other in ((a, b), (b, a)):
            if (
                isinstance(one, Const)
                and isinstance(other, Num)
                and other.kind == "i"
                and type(one.value) is int
                and (op, one.value) in ((ast.Add, 0), (ast.Mult, 1))
            ):
                return other
        kinds = kind_of(a) + kind_of(b)
        if op is ast.Div:
            x, y, t = self.both(a, b, "f")
            return Num("f", x.wide, self.put(f"fdiv {t} {x.ir}, {y.ir}"))
        if op in (ast.BitAnd, ast.BitOr, ast.BitXor) and kinds == "bb":
            x, y, t = self.both(a, b)
            if op is ast.BitXor:
                return Num("b", x.wide, self.put(f"xor {t} {x.ir}, {y.ir}"))
            last = f"{y.ir}, {t} {_zero(t)}" if op is ast.BitAnd else f"{_ones(t)}, {t} {y.ir}"
            return Num("b", x.wide, self.put(f"select {t} {x.ir}, {t} {last}"))
        if "f" in kinds:
            if op not in (ast.Add, ast.Sub, ast.Mult):
                raise Unsupported(f"{self.here()}: {op.__name__} of floats")
            x, y, t = self.both(a, b)
            return Num("f", x.wide, self.put(f"f{_WHOLE[op]} {t} {x.ir}, {y.ir}"))
        kind = "u" if "u" in kinds else "i"
        x, y, t = self.both(a, b, kind)
        if op in (ast.FloorDiv, ast.Mod):
            return self.floored(op, x, y, t)
        if op not in _WHOLE:
            raise Unsupported(f"{self.here()}: {op.__name__} of integers")
        how = "lshr" if op is ast.RShift and kind == "u" else _WHOLE[op]
        natural = x.natural and y.natural and op in (ast.Add, ast.Mult, ast.BitAnd, ast.RShift, ast.BitOr)
        return Num(kind, x.wide, self.put(f"{how} {t} {x.ir}, {y.ir}"), natural)

    def floored(self, op: type, x: Num, y: Num, t: str) -> Num:
        """Quotient and remainder that round down; of a zero divisor 0, as in rows."""
        c = "i1" if not x.wide else f"<{LANES} x i1>"
        zero = self.put(f"icmp eq {t} {y.ir}, {_zero(t)}")
        one = "1" if not x.wide else "splat (i64 1)"
        safe = self.put(f"select {c} {zero}, {t} {one}, {t} {y.ir}")
        q, r = self.put(f"sdiv {t} {x.ir}, {safe}"), self.put(f"srem {t} {x.ir}, {safe}")
        differs = self.put(f"icmp slt {t} {self.put(f'xor {t} {r}, {safe}')}, {_zero(t)}")
        off = self.put(f"and {c} {differs}, {self.put(f'icmp ne {t} {r}, {_zero(t)}')}")
        if op is ast.FloorDiv:
            made = self.put(f"select {c} {off}, {t} {self.put(f'sub {t} {q}, {one}')}, {t} {q}")
        else:
            made = self.put(f"select {c} {off}, {t} {self.put(f'add {t} {r}, {safe}')}, {t} {r}")
        return Num("i", x.wide, self.put(f"select {c} {zero}, {t} {_zero(t)}, {t} {made}"), x.natural and y.natural)

    def compare(self, op: type, a: Any, b: Any) -> Any:
        if op in (ast.Is, ast.IsNot):
            if isinstance(a, Const) and isinstance(b, Const):
                return Const((a.value is b.value) == (op is ast.Is))
            if NONE in (a, b):
                return Const(op is ast.IsNot)
            raise Unsupported(f"{self.here()}: `is` of what is not known when compiling")
        if op in (ast.In, ast.NotIn):
            items = [Const(v) for v in b.value] if isinstance(b, Const) else list(b.items) if isinstance(b, Tup) else None
            if items is None:
                raise Unsupported(f"{self.here()}: `in` of what is not a tuple")
            found: Any = Const(False)
            for item in items:
                found = self.either(found, self.compare(ast.Eq, a, item))
            return self.negate(found) if op is ast.NotIn else found
        if isinstance(a, Const) and isinstance(b, Const):
            return Const(_FOLD[op](a.value, b.value))
        x, y, t = self.both(a, b)
        if x.kind == "b":
            x, y, t = self.both(x, y, "i")
        if x.kind == "f":
            return Num("b", x.wide, self.put(f"fcmp {_ORDER[op][0]} {t} {x.ir}, {y.ir}"))
        return Num("b", x.wide, self.put(f"icmp {('u' if x.kind == 'u' else 's') if op not in (ast.Eq, ast.NotEq) else ''}{_ORDER[op][1]} {t} {x.ir}, {y.ir}"))

    def truth(self, value: Any) -> Any:
        if isinstance(value, Const):
            return Const(bool(value.value))
        if isinstance(value, Tup):
            return Const(bool(value.items))
        if not isinstance(value, Num):
            raise Unsupported(f"{self.here()}: the truth of an array")
        return value if value.kind == "b" else self.compare(ast.NotEq, value, Const(0.0 if value.kind == "f" else 0))

    def negate(self, value: Any) -> Any:
        value = self.truth(value)
        if isinstance(value, Const):
            return Const(not value.value)
        t = _type("b", value.wide)
        return Num("b", value.wide, self.put(f"xor {t} {value.ir}, {_ones(t)}"))

    def either(self, a: Any, b: Any) -> Any:
        a, b = self.truth(a), self.truth(b)
        for x, y in ((a, b), (b, a)):
            if isinstance(x, Const):
                return x if x.value else y
        return self.binary(ast.BitOr, a, b)

    def select(self, c: Any, a: Any, b: Any) -> Any:
        """a where c, else b."""
        if isinstance(c, Const):
            return a if c.value else b
        if isinstance(a, Tup) and isinstance(b, Tup) and len(a.items) == len(b.items):
            return Tup(a.cls, tuple(self.select(c, x, y) for x, y in zip(a.items, b.items, strict=True)))
        if isinstance(a, Const) and isinstance(b, Const) and _same(a.value, b.value):
            return a
        x, y, _ = self.both(a, b)
        wide = x.wide or c.wide
        x, y = self.cast(x, x.kind, wide), self.cast(y, x.kind, wide)
        t = _type(x.kind, wide)
        return Num(x.kind, wide, self.put(f"select {_type('b', c.wide)} {c.ir}, {t} {x.ir}, {t} {y.ir}"), x.natural and y.natural)

    def unary(self, function: str, value: Any) -> Num:
        """An LLVM intrinsic of one float."""
        x = self.cast(value, "f", isinstance(value, Num) and value.wide)
        t = _type("f", x.wide)
        name = f"llvm.{function}.{f'v{LANES}f64' if x.wide else 'f64'}"
        self.intrinsic(t, name, t)
        return Num("f", x.wide, self.put(f"call {t} @{name}({t} {x.ir})"))

    # -------------------------------------------------------------------------------------------- masks
    def narrowed(self, c: Any) -> Any:
        """The mask of the lanes that are here and for which c holds."""
        c = self.cast(c, "b", True)
        return c if self.mask is None else self.binary(ast.BitAnd, self.mask, c)

    def full(self) -> Num:
        return self.cast(Const(True), "b", True) if self.mask is None else self.mask

    def anyone(self, mask: Num) -> Num:
        word = self.put(f"bitcast <{LANES} x i1> {mask.ir} to i{LANES}")
        return Num("b", False, self.put(f"icmp ne i{LANES} {word}, 0"))

    def keep_mask(self, slot: str, mask: Any) -> None:
        text = "zeroinitializer" if mask is GONE else "splat (i1 true)" if mask is None else mask.ir
        self.do(f"store <{LANES} x i1> {text}, ptr {slot}")

    def load_mask(self, slot: str) -> Num:
        return Num("b", True, self.put(f"load <{LANES} x i1>, ptr {slot}"))

    # -------------------------------------------------------------------------------------------- arrays
    def place(self, array: Arr, indices: tuple[Any, ...]) -> tuple[Arr, Any]:
        """The array and the element's number; where lanes differ in it, what they share of it goes into the array's shift."""
        shared, own = (Const(0), array.offset) if isinstance(array.offset, Num) and array.offset.wide else (array.offset, None)
        for index, size, stride in zip(indices, array.dims, array.strides, strict=False):
            if kind_of(index) not in ("i", "b"):
                raise Unsupported(f"{self.here()}: an index that is not an integer")
            if isinstance(index, Const):
                index = index if index.value >= 0 else self.binary(ast.Add, size, index)
            elif not index.natural:  # a negative index counts from the end
                index = self.select(self.compare(ast.Lt, index, Const(0)), self.binary(ast.Add, index, size), index)
            step = self.binary(ast.Mult, index, stride)
            if isinstance(step, Num) and step.wide:
                own = step if own is None else self.binary(ast.Add, own, step)
            else:
                shared = self.binary(ast.Add, shared, step)
        return (array, shared) if own is None else (array._replace(shift=shared), own)

    def offset(self, array: Arr, indices: tuple[Any, ...]) -> Any:
        moved, at = self.place(array, indices)
        return self.binary(ast.Add, moved.shift, at)

    def part(self, array: Arr, indices: list[Any]) -> Any:
        """An element, a row, a slice: what fewer indices or slices leave."""
        if len(indices) == len(array.dims) and not any(isinstance(i, tuple) and not isinstance(i, Num | Const) for i in indices):
            return self.load(*self.place(array, tuple(indices)))
        if len(indices) > len(array.dims):
            raise Unsupported(f"{self.here()}: too many indices")
        at, dims, strides = array.offset, [], []
        for j, (size, stride) in enumerate(zip(array.dims, array.strides, strict=True)):
            index = indices[j] if j < len(indices) else (None, None)
            if isinstance(index, Num | Const):
                at = self.offset(array._replace(dims=(size,), strides=(stride,), offset=at), (index,))
                continue
            start, stop = (self.bound(i, size, default) for i, default in zip(index, (Const(0), size), strict=True))
            at = self.binary(ast.Add, at, self.binary(ast.Mult, start, stride))
            dims.append(self.larger(self.binary(ast.Sub, stop, start), Const(0)))
            strides.append(stride)
        if any(isinstance(d, Num) and d.wide for d in dims):
            raise Unsupported(f"{self.here()}: slices of different lengths")
        return array._replace(dims=tuple(dims), strides=tuple(strides), offset=at)

    def bound(self, index: Any, size: Any, default: Any) -> Any:
        """An end of a slice, as Python clips it."""
        if index is None:
            return default
        index = self.select(self.compare(ast.Lt, index, Const(0)), self.larger(self.binary(ast.Add, index, size), Const(0)), index)
        index = self.select(self.compare(ast.Lt, size, index), size, index)
        return index._replace(natural=True) if isinstance(index, Num) else index

    def larger(self, a: Any, b: Any) -> Any:
        made = self.select(self.compare(ast.Gt, b, a), b, a)
        return made._replace(natural=True) if isinstance(made, Num) and kind_of(b) == "i" and isinstance(b, Const) and b.value >= 0 else made

    def pointer(self, array: Arr, at: Any) -> str:
        memory = ITEMS[array.item][0]
        step = self.cast(self.binary(ast.Mult, at, Const(LANES)) if array.lanes else at, "i", False)
        return self.put(f"getelementptr {memory}, ptr {array.base}, i64 {step.ir}")

    def places(self, array: Arr, at: Num) -> Iterator[str]:
        """The address in each lane; in a lane that is off that of an element that exists and does not matter, so no mask is needed."""
        memory = ITEMS[array.item][0]
        if self.mask is not None:
            at = self.select(self.mask, at, array.spare if array.lanes else Const(0))
        base = array.base if array.shift == Const(0) else self.pointer(array, array.shift)
        if array.lanes:
            at = self.binary(ast.Mult, at, Const(LANES))
        for lane in range(LANES):
            one = self.put(f"extractelement <{LANES} x i64> {at.ir}, i64 {lane}")
            place = self.put(f"getelementptr {memory}, ptr {base}, i64 {one}")
            yield self.put(f"getelementptr {memory}, ptr {place}, i64 {lane}") if array.lanes else place

    def element(self, array: Arr, at: Any) -> Any:
        """An element, and the lanes for which it is known."""
        return array.base, str(array.shift), str(at), self.mask and self.mask.ir

    def load(self, array: Arr, at: Any) -> Num:
        memory, kind = ITEMS[array.item]
        wide = array.lanes or (isinstance(at, Num) and at.wide)
        if self.dry:
            return Num(kind, wide)
        key = self.element(array, at)
        if key in self.stored:
            return self.stored[key]
        fixed = ", !invariant.load !0" if not array.lanes and not array.writable else ""
        if isinstance(at, Num) and at.wide:
            ir = "poison"
            for lane, place in enumerate(self.places(array, at)):
                ir = self.put(f"insertelement <{LANES} x {memory}> {ir}, {memory} {self.put(f'load {memory}, ptr {place}{fixed}')}, i64 {lane}")
        else:
            t = f"<{LANES} x {memory}>" if wide else memory
            ir = self.put(f"load {t}, ptr {self.pointer(array, at)}{fixed}")
        t = f"<{LANES} x {memory}>" if wide else memory
        if kind == "b":
            ir = self.put(f"icmp ne {t} {ir}, {_zero(t)}")
        elif kind == "i" and memory != "i64":
            ir = self.put(f"sext {t} {ir} to {_type('i', wide)}")
        return Num(kind, wide, ir)

    def store(self, array: Arr, at: Any, value: Any) -> None:
        if not array.writable:
            raise Unsupported("a function writes an array that it does not own")
        memory, kind = ITEMS[array.item]
        have = kind_of(value)
        if kind in "iu" and have == "f":
            raise Unsupported(f"{self.here()}: a float is written into whole numbers")
        if kind == "b" and have != "b":
            value = self.truth(value)
        wide = isinstance(at, Num) and at.wide
        if not array.lanes and not wide:
            raise Unsupported(f"{self.here()}: lanes write one place")
        x = self.cast(value, kind, True)
        if self.dry:
            return
        self.stored = {key: held for key, held in self.stored.items() if array.base in self.leaves and key[0] != array.base}
        if array.base in self.leaves and memory in ("double", "i64"):
            self.stored[self.element(array, at)] = x
        ir = x.ir
        if memory == "i8" and kind == "b":
            ir = self.put(f"zext <{LANES} x i1> {ir} to <{LANES} x i8>")
        elif kind == "i" and memory != "i64":
            ir = self.put(f"trunc <{LANES} x i64> {ir} to <{LANES} x {memory}>")
        t = f"<{LANES} x {memory}>"
        if not wide:
            place = self.pointer(array, at)
            if self.mask is not None:
                old = self.put(f"load {t}, ptr {place}")
                ir = self.put(f"select <{LANES} x i1> {self.mask.ir}, {t} {ir}, {t} {old}")
            self.do(f"store {t} {ir}, ptr {place}")
            return
        if self.mask is None or array.lanes:
            for lane, place in enumerate(self.places(array, at)):
                self.do(f"store {memory} {self.put(f'extractelement {t} {ir}, i64 {lane}')}, ptr {place}")
            return
        places = self.put(f"getelementptr {memory}, ptr {array.base}, <{LANES} x i64> {self.cast(self.binary(ast.Add, array.shift, at), 'i', True).ir}")
        name = f"llvm.masked.scatter.v{LANES}{memory.replace('double', 'f64')}.v{LANES}p0"
        self.intrinsic("void", name, t, f"<{LANES} x ptr>", "i32", f"<{LANES} x i1>")
        self.do(f"call void @{name}({t} {ir}, <{LANES} x ptr> {places}, i32 1, <{LANES} x i1> {self.mask.ir})")

    def table(self, values: tuple[Any, ...]) -> Arr:
        """A tuple of numbers as an array, for an index that is not known when compiling."""
        kinds = {kind_of(Const(v)) for v in values}
        if not kinds or not kinds <= {"f", "i"}:
            raise Unsupported(f"{self.here()}: an index into a tuple that is not known when compiling")
        kind = "f" if "f" in kinds else "i"
        memory, item = ("double", "<f8") if kind == "f" else ("i64", "<i8")
        text = f"[{len(values)} x {memory}] [{', '.join(f'{memory} {_literal(v, kind)}' for v in values)}]"
        name = self.constants.setdefault(text, f"@c{len(self.constants)}")
        return Arr(item, False, False, name, (Const(len(values)),), (Const(1),), Const(0))

    # -------------------------------------------------------------------------------------------- variables
    def parts(self, value: Any, shape: Any) -> Iterator[str]:
        """What is kept of a value at run time, in the order of `_slots`."""
        if shape[0] == "n":
            yield self.cast(value, shape[1], shape[2]).ir
        elif shape[0] == "t":
            for v, s in zip(value.items, shape[2], strict=True):
                yield from self.parts(v, s)
        elif shape[0] == "a":
            yield value.base
            spare = Const(0) if value.spare is None else value.spare
            for v, s in zip((*value.dims, *value.strides, value.offset, spare), (*shape[4], *shape[5], *shape[6:]), strict=True):
                yield from self.parts(v, s)

    def rebuilt(self, shape: Any, parts: Iterator[str]) -> Any:
        if shape[0] == "c":
            return Const(shape[1])
        if shape[0] == "n":
            return Num(shape[1], shape[2], next(parts), shape[3])
        if shape[0] == "t":
            return Tup(shape[1], tuple(self.rebuilt(s, parts) for s in shape[2]))
        base = next(parts)
        dims, strides = (tuple(self.rebuilt(s, parts) for s in shape[i]) for i in (4, 5))
        return Arr(shape[1], shape[2], shape[3], base, dims, strides, self.rebuilt(shape[6], parts), self.rebuilt(shape[7], parts))

    def alloc(self, shape: Any) -> Alloc:
        return Alloc(shape, tuple(self.slot(kind) for kind in _slots(shape)))

    def write(self, home: Alloc, value: Any, masked: bool) -> None:
        if self.dry:
            return
        for kind, slot, new in zip(_slots(home.shape), home.slots, self.parts(value, home.shape), strict=True):
            if masked:
                old = self.put(f"load {kind}, ptr {slot}")
                new = self.put(f"select <{LANES} x i1> {self.mask.ir}, {kind} {new}, {kind} {old}")
            self.do(f"store {kind} {new}, ptr {slot}")

    def read(self, home: Alloc) -> Any:
        return self.rebuilt(home.shape, iter([self.put(f"load {kind}, ptr {slot}") for kind, slot in zip(_slots(home.shape), home.slots, strict=True)]))

    def differs(self, depth: int = 0) -> bool:
        """Whether lanes part somewhere within the blocks open beyond `depth`."""
        return any(varying for _, varying in self.frames[-1].path[depth:])

    def assign(self, name: str, value: Any) -> None:
        frame = self.frames[-1]
        masked = self.differs(len(frame.source.home[name]))
        shape = shape_of(value)
        if masked and not (shape[0] == "c" and frame.info.shapes.get(name, shape) == shape):
            shape = _widened(shape, name)
        shape = frame.info.widen(name, shape)
        if masked and shape[0] != "c":
            shape = frame.info.widen(name, _widened(shape, name))
        if not self.dry:
            if name not in frame.slots:
                frame.slots[name] = self.alloc(shape)
            self.write(frame.slots[name], value, masked)

    def look(self, name: str) -> Any:
        frame = self.frames[-1]
        if name in frame.bound:
            return frame.bound[name]
        if name in frame.source.stored:
            shape = frame.info.shapes.get(name)
            if shape is None:
                raise Unsupported(f"{self.here()}: {name} is read before it is given a value")
            if self.dry:
                return self.rebuilt(shape, iter(lambda: "", None))
            if name not in frame.slots:
                frame.slots[name] = self.alloc(shape)
            return self.read(frame.slots[name])
        f = frame.function
        if name in f.__code__.co_freevars:
            return _frozen(f.__closure__[f.__code__.co_freevars.index(name)].cell_contents)  # type: ignore[index]
        if name in f.__globals__:
            return _frozen(f.__globals__[name])
        if hasattr(builtins, name):
            return Const(getattr(builtins, name))
        raise Unsupported(f"{self.here()}: no {name}")

    # -------------------------------------------------------------------------------------------- expressions
    def value(self, node: ast.expr) -> Any:
        method = getattr(self, "at_" + type(node).__name__, None)
        if method is None:
            raise Unsupported(f"{self.here()}: {type(node).__name__}")
        return method(node)

    def at_Constant(self, node: ast.Constant) -> Any:
        return Const(node.value)

    def at_Name(self, node: ast.Name) -> Any:
        return self.look(node.id)

    def at_Tuple(self, node: ast.Tuple) -> Any:
        return Tup(None, tuple(self.value(e) for e in node.elts))

    def at_Attribute(self, node: ast.Attribute) -> Any:
        owner = self.value(node.value)
        if isinstance(owner, Tup) and owner.cls is not None and node.attr in owner.cls._fields:
            return owner.items[owner.cls._fields.index(node.attr)]
        if isinstance(owner, Arr):
            if node.attr == "size":
                return functools.reduce(lambda a, b: self.binary(ast.Mult, a, b), owner.dims, Const(1))
            if node.attr == "shape":
                return Tup(None, owner.dims)
            if node.attr == "ndim":
                return Const(len(owner.dims))
        if isinstance(owner, Const) and isinstance(owner.value, types.ModuleType | type | enum.Enum):
            if not hasattr(owner.value, node.attr):
                raise Unsupported(f"{self.here()}: no {ast.unparse(node)}")
            return _frozen(getattr(owner.value, node.attr))
        raise Unsupported(f"{self.here()}: {ast.unparse(node)}")

    def indices(self, node: ast.expr) -> list[Any]:
        nodes = node.elts if isinstance(node, ast.Tuple) else [node]
        out: list[Any] = []
        for n in nodes:
            if isinstance(n, ast.Slice):
                if n.step is not None:
                    raise Unsupported(f"{self.here()}: a slice with a step")
                out.append(tuple(None if e is None else self.value(e) for e in (n.lower, n.upper)))
            else:
                index = self.value(n)
                out += (
                    index.items
                    if isinstance(index, Tup)
                    else [Const(v) for v in index.value]
                    if isinstance(index, Const) and isinstance(index.value, tuple)
                    else [index]
                )
        return out

    def at_Subscript(self, node: ast.Subscript) -> Any:
        owner = self.value(node.value)
        indices = self.indices(node.slice)
        if isinstance(owner, Arr):
            return self.part(owner, indices)
        if len(indices) == 1 and isinstance(indices[0], Const) and isinstance(indices[0].value, int):
            if isinstance(owner, Tup):
                return owner.items[indices[0].value]
            if isinstance(owner, Const) and isinstance(owner.value, tuple):
                return _frozen(owner.value[indices[0].value])
        if isinstance(owner, Const) and isinstance(owner.value, tuple) and len(indices) == 1:
            return self.part(self.table(owner.value), indices)
        raise Unsupported(f"{self.here()}: {ast.unparse(node)}")

    def at_BinOp(self, node: ast.BinOp) -> Any:
        return self.binary(type(node.op), self.value(node.left), self.value(node.right))

    def at_UnaryOp(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return self.negate(self.condition(node.operand))
        value = self.value(node.operand)
        if isinstance(value, Const):
            return Const(-value.value if isinstance(node.op, ast.USub) else +value.value)
        if not isinstance(value, Num) or isinstance(node.op, ast.Invert):
            raise Unsupported(f"{self.here()}: {ast.unparse(node)}")
        if isinstance(node.op, ast.UAdd):
            return value
        if value.kind == "f":
            return Num("f", value.wide, self.put(f"fneg {_type('f', value.wide)} {value.ir}"))
        return self.binary(ast.Sub, Const(0), value)

    def at_Compare(self, node: ast.Compare) -> Any:
        return self.chain(self.value(node.left), list(zip(node.ops, node.comparators, strict=True)))

    def chain(self, left: Any, links: list[tuple[ast.cmpop, ast.expr]]) -> Any:
        (op, node), *more = links
        right = self.value(node)
        first = self.compare(type(op), left, right)
        if not more:
            return first
        if isinstance(first, Const) or _reaches([n for _, n in more]):
            return self.short(first, False, lambda: self.chain(right, more), True)
        return self.conjunction(first, self.chain(right, more))

    def condition(self, node: ast.expr) -> Any:
        """The truth of an expression."""
        return self.at_BoolOp(node, True) if isinstance(node, ast.BoolOp) else self.truth(self.value(node))

    def at_BoolOp(self, node: ast.BoolOp, asked: bool = False) -> Any:
        """The rest is looked at where the first parts leave it open: behind a branch, or under a mask. Asked is the truth only, else the deciding value."""
        stop = isinstance(node.op, ast.Or)
        look = self.condition if asked else self.value
        further = node.values[1] if len(node.values) == 2 else ast.BoolOp(node.op, node.values[1:])
        return self.short(look(node.values[0]), stop, lambda: look(further), _reaches([further]))

    def short(self, first: Any, stop: bool, further: Callable[[], Any], weighty: bool) -> Any:
        """first where its truth is `stop`, else what comes further."""
        c = self.truth(first)
        if isinstance(c, Const):
            return first if c.value == stop else further()
        go_on = self.negate(c) if stop else c
        if not c.wide:
            return self.behind(go_on, further, first)
        outer, self.mask = self.mask, self.narrowed(go_on)
        second = self.behind(self.anyone(self.mask), further, first) if weighty else further()
        self.mask = outer
        if kind_of(first) == kind_of(second) == "b":
            return self.either(first, second) if stop else self.conjunction(first, second)
        return self.select(go_on, second, first)

    def conjunction(self, a: Any, b: Any) -> Any:
        a, b = self.truth(a), self.truth(b)
        for x, y in ((a, b), (b, a)):
            if isinstance(x, Const):
                return y if x.value else x
        return self.binary(ast.BitAnd, a, b)

    def behind(self, condition: Num, yes: Callable[[], Any], otherwise: Any, no: Callable[[], Any] | None = None) -> Any:
        """A value that is only computed where a scalar condition holds, else another, or (None) whatever was there."""

        def shapes() -> Any:
            one = shape_of(yes())
            return one if otherwise is None and no is None else join(one, shape_of(no() if no else otherwise), "a value")

        if self.dry:
            return self.rebuilt(shapes(), iter(lambda: "", None))
        self.dry += 1
        saved = self.mask, self.closed
        shape = shapes()
        self.mask, self.closed = saved
        self.dry -= 1
        if shape[0] == "c":
            return yes()
        home = self.alloc(shape)
        a, b, end = (self.name("b") for _ in range(3))
        self.branch(condition, a, b)
        self.label(a)
        self.write(home, yes(), False)
        self.go(end)
        self.label(b)
        if no or otherwise is not None:
            self.write(home, no() if no else otherwise, False)
        self.go(end)
        self.label(end)
        return self.read(home)

    def at_IfExp(self, node: ast.IfExp) -> Any:
        c = self.condition(node.test)
        if isinstance(c, Const):
            return self.value(node.body if c.value else node.orelse)
        if not c.wide:
            return self.behind(c, lambda: self.value(node.body), None, lambda: self.value(node.orelse))
        outer, ways = self.mask, []
        for part, condition in ((node.body, c), (node.orelse, self.negate(c))):
            self.mask = self.narrowed(condition)
            ways.append(self.behind(self.anyone(self.mask), functools.partial(self.value, part), None) if _reaches([part]) else self.value(part))
            self.mask = outer
        a, b = ways
        if isinstance(a, Arr) or isinstance(b, Arr):
            raise Unsupported(f"{self.here()}: lanes choose between arrays")
        return self.select(c, a, b)

    def at_Call(self, node: ast.Call) -> Any:
        callee = self.value(node.func)
        if not isinstance(callee, Const):
            raise Unsupported(f"{self.here()}: {ast.unparse(node.func)} is not a function")
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            raise Unsupported(f"{self.here()}: a starred argument")
        arguments = [self.value(a) for a in node.args]
        named = {k.arg: self.value(k.value) for k in node.keywords}
        return self.call(callee.value, arguments, named)

    def call(self, function: Any, arguments: list[Any], named: dict[Any, Any] | None = None) -> Any:
        named = named or {}
        own = PRIMITIVES.get(function) if isinstance(function, types.FunctionType | types.BuiltinFunctionType | type) else None
        if own is not None:
            return own(self, *arguments, **named)
        if isinstance(function, types.FunctionType):
            return self.inline(function, arguments, named)
        if isinstance(function, type) and hasattr(function, "_fields"):
            items = dict(zip(function._fields, arguments, strict=False)) | named
            items = {k: Const(v) for k, v in getattr(function, "_field_defaults", {}).items()} | items
            if set(items) != set(function._fields):
                raise Unsupported(f"{self.here()}: {function.__name__} lacks a field")
            return Tup(function, tuple(items[f] for f in function._fields))
        if all(isinstance(a, Const) for a in arguments) and not named and function in _FOLDED:
            return Const(function(*(a.value for a in arguments)))
        raise Unsupported(f"{self.here()} calls {getattr(function, '__name__', function)}")

    # -------------------------------------------------------------------------------------------- calls
    def inline(self, function: Any, arguments: list[Any], named: dict[Any, Any]) -> Any:
        source = source_of(function.__code__)
        names = [a.arg for a in source.node.args.args]
        if source.node.args.vararg or source.node.args.kwarg or source.node.args.kwonlyargs or source.node.args.posonlyargs:
            raise Unsupported(f"{function.__name__}: starred parameters")
        given = dict(zip(names, arguments, strict=False)) | named
        defaults = dict(zip(names[len(names) - len(function.__defaults__ or ()) :], map(_frozen, function.__defaults__ or ()), strict=True))
        given = defaults | given
        if set(given) != set(names):
            raise Unsupported(f"{function.__name__}: got other arguments than it takes")
        if any(frame.function is function for frame in self.frames):
            raise Unsupported(f"{function.__name__} calls itself")
        key = (id(function), repr([(n, shape_of(given[n])) for n in names]))
        info = self.infos.get(key)
        if info is None:
            info = self.infos[key] = Info()
            saved = self.mask, self.closed
            self.dry += 1
            while info.changed:
                info.changed = False
                self.play(function, source, info, given)
                self.mask, self.closed = saved
            self.dry -= 1
        if self.dry:
            return self.rebuilt(info.result, iter(lambda: "", None))
        return self.play(function, source, info, given)

    def play(self, function: types.FunctionType, source: Source, info: Info, given: dict[str, Any]) -> Any:
        frame = Frame(function, source, info)
        entry = self.mask
        self.frames.append(frame)
        frame.exit = self.name("x")
        if not self.dry:
            frame.result = self.alloc(info.result)
            if info.returns:
                frame.returned = self.slot(f"<{LANES} x i1>")
                self.keep_mask(frame.returned, GONE)
        for name, value in given.items():
            if name in source.stored:
                self.assign(name, value)
            else:
                frame.bound[name] = value
        self.statements(source.node.body)
        if not self.closed:
            if self.mask is not GONE:
                self.result(NONE, False)
            self.go(frame.exit)
        self.label(frame.exit)
        self.frames.pop()
        self.mask = entry
        return NONE if self.dry else self.read(frame.result)  # type: ignore[arg-type]

    def result(self, value: Any, masked: bool) -> None:
        frame = self.frames[-1]
        shape = shape_of(value)
        narrow = masked or (self.mask is not None and frame.info.returns)
        if narrow and not (shape[0] == "c" and frame.info.result in (None, shape)):
            shape = _widened(shape, "what is returned")
        shape = join(frame.info.result, shape, f"what {self.here()} returns")
        if narrow and shape[0] != "c":
            shape = _widened(shape, "what is returned")
        if repr(shape) != repr(frame.info.result):
            frame.info.result, frame.info.changed = shape, True
        if not self.dry:
            self.write(frame.result, value, narrow)  # type: ignore[arg-type]

    # -------------------------------------------------------------------------------------------- statements
    def statements(self, body: list[ast.stmt]) -> None:
        for node in body:
            if self.closed or self.mask is GONE:
                return
            method = getattr(self, "do_" + type(node).__name__, None)
            if isinstance(node, ast.For | ast.While) and node.orelse:
                raise Unsupported(f"{self.here()}: a loop with else")
            if method is None:
                raise Unsupported(f"{self.here()}: {type(node).__name__}")
            method(node)

    def block(self, key: Any, body: list[ast.stmt], varying: bool) -> None:
        self.frames[-1].path.append((key, varying))
        self.statements(body)
        self.frames[-1].path.pop()

    def do_Pass(self, node: ast.Pass) -> None:
        pass

    def do_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.value(node.value)

    def do_Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.give(target, value)

    def do_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.give(node.target, self.value(node.value))

    def give(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.assign(target.id, value)
        elif isinstance(target, ast.Tuple):
            items = (
                [_frozen(v) for v in value.value]
                if isinstance(value, Const) and isinstance(value.value, tuple)
                else value.items
                if isinstance(value, Tup)
                else None
            )
            if items is None or len(items) != len(target.elts):
                raise Unsupported(f"{self.here()}: cannot unpack into {ast.unparse(target)}")
            for t, v in zip(target.elts, items, strict=True):
                self.give(t, v)
        elif isinstance(target, ast.Subscript):
            owner = self.value(target.value)
            if not isinstance(owner, Arr):
                raise Unsupported(f"{self.here()}: {ast.unparse(target)} = ...")
            if isinstance(target.slice, ast.Constant) and target.slice.value is Ellipsis:
                self.fill(owner, value)
                return
            indices = self.indices(target.slice)
            if len(indices) != len(owner.dims) or any(not isinstance(i, Num | Const) for i in indices):
                raise Unsupported(f"{self.here()}: a slice is written")
            self.store(*self.place(owner, tuple(indices)), value)
        else:
            raise Unsupported(f"{self.here()}: {ast.unparse(target)} = ...")

    def fill(self, array: Arr, value: Any) -> None:
        if not array.dims:
            array = array._replace(dims=(Const(1),), strides=(Const(1),))
        self.inline(_fill if len(array.dims) == 1 else _fill_rows, [array, value], {})

    def do_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.assign(node.target.id, self.binary(type(node.op), self.look(node.target.id), self.value(node.value)))
            return
        if not isinstance(node.target, ast.Subscript):
            raise Unsupported(f"{self.here()}: {ast.unparse(node)}")
        owner = self.value(node.target.value)
        indices = self.indices(node.target.slice)
        if not isinstance(owner, Arr) or len(indices) != len(owner.dims) or any(not isinstance(i, Num | Const) for i in indices):
            raise Unsupported(f"{self.here()}: {ast.unparse(node)}")
        owner, at = self.place(owner, tuple(indices))
        self.store(owner, at, self.binary(type(node.op), self.load(owner, at), self.value(node.value)))

    def do_Return(self, node: ast.Return) -> None:
        frame = self.frames[-1]
        value = NONE if node.value is None else self.value(node.value)
        if not self.differs():
            self.result(value, False)
            self.go(frame.exit)
            return
        if not frame.info.returns:
            frame.info.returns = frame.info.changed = True
        for around in frame.loops:
            frame.info.mark(frame.info.varying, around.node)
        self.result(value, True)
        if not self.dry:
            self.keep_mask(frame.returned, self.binary(ast.BitOr, self.load_mask(frame.returned), self.full()))
        self.mask = GONE

    def jump(self, skip: bool) -> None:
        frame = self.frames[-1]
        around = frame.loops[-1]
        if self.differs(around.depth + 1):
            frame.info.mark(frame.info.varying, around.node)
        if not around.varying and not self.differs(around.depth + 1):
            self.go(around.resume if skip else around.leave)
            return
        if skip and not self.dry:
            self.keep_mask(around.skipped, self.binary(ast.BitOr, self.load_mask(around.skipped), self.full()))
        self.mask = GONE

    def do_Break(self, node: ast.Break) -> None:
        self.jump(False)

    def do_Continue(self, node: ast.Continue) -> None:
        self.jump(True)

    def do_If(self, node: ast.If) -> None:
        c = self.condition(node.test)
        if isinstance(c, Const):
            self.block((id(node), "body" if c.value else "orelse"), node.body if c.value else node.orelse, False)
        elif c.wide:
            self.wide_if(node, c)
        else:
            self.scalar_if(node, c)

    def scalar_if(self, node: ast.If, c: Num) -> None:
        info, outer = self.frames[-1].info, self.mask
        parting = id(node) in info.parting
        slot = self.slot(f"<{LANES} x i1>") if parting else ""
        yes, no, end = (self.name("b") for _ in range(3))
        self.branch(c, yes, no)
        left: list[Any] = []
        for field, label, body in (("body", yes, node.body), ("orelse", no, node.orelse)):
            self.label(label)
            self.mask = outer
            self.block((id(node), field), body, False)
            if not self.closed:
                if self.mask is not outer:
                    info.mark(info.parting, node)
                left.append(self.mask)
                if parting:
                    self.keep_mask(slot, self.mask)
                self.go(end)
        if not left:
            self.mask = outer
            return  # closed: both ways jump
        self.label(end)
        self.mask = GONE if all(m is GONE for m in left) else self.load_mask(slot) if parting else outer

    def wide_if(self, node: ast.If, c: Num) -> None:
        info, outer = self.frames[-1].info, self.mask
        parting = id(node) in info.parting
        left: list[Any] = []
        for field, body, condition in (("body", node.body, c), ("orelse", node.orelse, self.negate(c) if node.orelse or parting else c)):
            self.mask = outer
            if not body:
                left.append(self.narrowed(condition) if parting else outer)
                continue
            inner = self.mask = self.narrowed(condition)
            weighty, end = _reaches(body, node.test), self.name("b")
            slot = self.slot(f"<{LANES} x i1>") if parting and weighty else ""
            if weighty:
                start = self.name("b")
                if slot:
                    self.keep_mask(slot, GONE)
                self.branch(self.anyone(inner), start, end)
                self.label(start)
            self.block((id(node), field), body, True)
            if self.mask is not inner:
                info.mark(info.parting, node)
            if weighty:
                if slot:
                    self.keep_mask(slot, self.mask)
                self.go(end)
                self.label(end)
            left.append(GONE if self.mask is GONE else self.load_mask(slot) if slot else self.mask)
        if not parting:
            self.mask = outer
            return
        there = [m for m in left if m is not GONE]
        self.mask = GONE if not there else there[0] if len(there) == 1 else self.binary(ast.BitOr, *there)

    def do_While(self, node: ast.While) -> None:
        endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
        self.looped(node, lambda: self.condition(node.test), None, None, endless)

    def do_For(self, node: ast.For) -> None:
        call = node.iter
        if not (isinstance(call, ast.Call) and self.value(call.func) == Const(range) and not call.keywords):
            self.over(node)
            return
        ends = [self.value(a) for a in call.args]
        start, stop, step = (Const(0), ends[0], Const(1)) if len(ends) == 1 else (*ends, Const(1)) if len(ends) == 2 else ends
        if not isinstance(step, Const) or step.value == 0 or any(kind_of(e) != "i" for e in (start, stop)):
            raise Unsupported(f"{self.here()}: {ast.unparse(call)}")
        if isinstance(start, Const) and isinstance(stop, Const) and not range(start.value, stop.value, step.value):
            return
        self.count_up(node, start, stop, step, lambda at: at)

    def count_up(self, node: ast.For, start: Any, stop: Any, step: Any, item: Callable[[Any], Any]) -> None:
        wide = isinstance(start, Num) and start.wide
        counter = self.slot(_type("i", wide))
        natural = step.value > 0 and (start.value >= 0 if isinstance(start, Const) else start.natural)
        self.do(f"store {_type('i', wide)} {self.cast(start, 'i', wide).ir}, ptr {counter}")

        def now() -> Num:
            return Num("i", wide, self.put(f"load {_type('i', wide)}, ptr {counter}"), natural)

        def advance() -> None:
            self.do(f"store {_type('i', wide)} {self.binary(ast.Add, now(), step).ir}, ptr {counter}")

        self.looped(node, lambda: self.compare(ast.Lt if step.value > 0 else ast.Gt, now(), stop), lambda: self.give(node.target, item(now())), advance, False)

    def over(self, node: ast.For) -> None:
        """A loop over a tuple, unrolled, or over an array's first axis."""
        items = self.value(node.iter)
        if isinstance(items, Arr):
            self.count_up(node, Const(0), items.dims[0], Const(1), lambda at: self.part(items, [at]))
            return
        if isinstance(items, Const) and isinstance(items.value, tuple):
            items = Tup(None, tuple(map(_frozen, items.value)))
        if not isinstance(items, Tup) or _jumps(node.body, ast.Break | ast.Continue):
            raise Unsupported(f"{self.here()}: for ... in {ast.unparse(node.iter)}")
        for item in items.items:
            if self.closed or self.mask is GONE:
                return
            self.give(node.target, item)
            self.block((id(node), "body"), node.body, False)

    def looped(self, node: Any, test: Callable[[], Any], begin: Callable[[], None] | None, advance: Callable[[], None] | None, endless: bool) -> None:
        frame, info, outer = self.frames[-1], self.frames[-1].info, self.mask
        varying = id(node) in info.varying
        head, body, resume, leave = (self.name("l") for _ in range(4))
        here = self.slot(f"<{LANES} x i1>") if varying else ""
        around = Loop(node, len(frame.path), varying, resume, leave, self.slot(f"<{LANES} x i1>") if varying else "")
        if varying:
            self.keep_mask(here, outer)
        self.go(head)
        self.label(head)
        if varying:
            self.mask = self.load_mask(here)
        c = self.truth(test())
        if isinstance(c, Const):
            c = self.cast(c, "b", False)
        if c.wide:
            info.mark(info.varying, node)
        if varying and not self.dry:
            if not c.wide:
                on = self.name("b")
                self.branch(c, on, leave)
                self.label(on)
            else:
                self.mask = self.narrowed(c)
            self.branch(self.anyone(self.mask), body, leave)
        else:
            self.branch(c if not c.wide else Num("b", False), body, leave)
        self.label(body)
        if varying:
            self.keep_mask(around.skipped, GONE)
        frame.loops.append(around)
        inside = self.mask
        frame.path.append(((id(node), "body"), varying))
        if begin:
            begin()
        self.statements(node.body)
        frame.path.pop()
        frame.loops.pop()
        if not self.closed:
            if self.mask is not inside and not varying:
                info.mark(info.varying, node)
            if varying and not self.dry:
                skipped = self.load_mask(around.skipped)
                self.keep_mask(here, skipped if self.mask is GONE else self.binary(ast.BitOr, skipped, self.full()))
            self.go(resume)
        self.label(resume)
        if advance:
            advance()
        self.go(head)
        self.label(leave)
        self.mask = outer
        if endless and not _jumps(node.body, ast.Break):
            if varying or self.dry:
                self.mask = GONE
            else:
                self.do("unreachable")
                self.closed = True
        elif varying and info.returns:
            self.mask = self.narrowed(self.negate(Num("b", True) if self.dry else self.load_mask(frame.returned)))


# ------------------------------------------------------------------------------------------------ tables
_FOLD: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b, ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b, ast.Mod: lambda a, b: a % b, ast.LShift: lambda a, b: a << b, ast.RShift: lambda a, b: a >> b,
    ast.BitAnd: lambda a, b: a & b, ast.BitOr: lambda a, b: a | b, ast.BitXor: lambda a, b: a ^ b,
    ast.Lt: lambda a, b: a < b, ast.LtE: lambda a, b: a <= b, ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b,
}  # fmt: skip
_WHOLE = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.LShift: "shl", ast.RShift: "ashr", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor"}
_ORDER: dict[type, tuple[str, str]] = {
    ast.Lt: ("olt", "lt"),
    ast.LtE: ("ole", "le"),
    ast.Gt: ("ogt", "gt"),
    ast.GtE: ("oge", "ge"),
    ast.Eq: ("oeq", "eq"),
    ast.NotEq: ("une", "ne"),
}
_FOLDED = {abs, min, max, int, float, bool, len, math.sqrt, math.floor, math.ceil, math.isinf, math.isnan, math.isfinite}


def _zero(t: str) -> str:
    return "zeroinitializer" if t[0] == "<" else "false" if t == "i1" else "0.0" if t == "double" else "0"


def _ones(t: str) -> str:
    return "splat (i1 true)" if t[0] == "<" else "true"


def _frozen(value: Any) -> Const:
    """A global or a captured value: its number when compiling."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, enum.IntEnum):
        value = int(value)
    if isinstance(value, np.ndarray | list | dict | set):
        raise Unsupported(f"a {type(value).__name__} that is not passed in")
    return Const(value)


def _reaches(body: list[Any], test: ast.expr | None = None) -> bool:
    """Whether code has to be skipped where no lane takes it: it may cost much, or reach for an element that is not there and that no test has read."""
    read = {ast.dump(n) for n in ast.walk(test) if isinstance(n, ast.Subscript)} if test else set()
    nodes = [n for s in body for n in ast.walk(s)]
    return any(isinstance(n, ast.For | ast.While | ast.Call) or (isinstance(n, ast.Subscript) and ast.dump(n) not in read) for n in nodes)


def _jumps(body: list[ast.stmt], kinds: Any) -> bool:
    """Whether a loop's body breaks or continues that loop, not one within."""
    inner = [s for s in body if not isinstance(s, ast.For | ast.While)]
    return any(isinstance(s, kinds) or _jumps([c for c in ast.iter_child_nodes(s) if isinstance(c, ast.stmt)], kinds) for s in inner)


def _copy(array, origin):
    for i in range(array.size):
        array[i] = origin[i]


def _fill(array, value):
    for i in range(array.size):
        array[i] = value


def _fill_rows(array, value):
    for row in array:
        row[...] = value


# ------------------------------------------------------------------------------------------------ primitives
GOLDEN, U32 = draws.GOLDEN, Const(draws.M32)
Wr = Writer


def _word(w: Wr, key: Tup, salt: Any, slot: Any, index: Any) -> Num:
    def u(value: Any) -> Any:
        return value if isinstance(value, Const) else w.cast(value, "u", value.wide)

    step = w.binary(ast.Add, w.binary(ast.Add, u(slot), w.binary(ast.LShift, u(index), Const(32))), w.binary(ast.LShift, u(salt), Const(56)))
    step = Const(GOLDEN * step.value & M64) if isinstance(step, Const) else w.binary(ast.Mult, step, Const(GOLDEN))
    z = w.binary(ast.Add, key.items[0], step)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = w.binary(ast.Mult, w.binary(ast.BitXor, z, w.binary(ast.RShift, z, Const(shift))), Const(factor))
    return w.binary(ast.BitXor, w.binary(ast.BitXor, z, w.binary(ast.RShift, z, Const(31))), key.items[1])


def _block(w: Wr, seed: Any, replication: Any, t: Any, stream: Any) -> tuple[Any, Any]:
    """Ten rounds of Philox, as `draws.philox`."""

    def u(value: Any) -> Any:
        return w.cast(value, "u", isinstance(value, Num) and value.wide)

    def low(value: Any) -> Any:
        return w.binary(ast.BitAnd, value, U32)

    def high(value: Any) -> Any:
        return w.binary(ast.RShift, value, Const(32))

    seed, replication, t, stream = u(seed), u(replication), u(t), u(stream)
    k0, k1 = low(seed), high(seed)
    c0, c1, c2, c3 = low(t), low(replication), low(stream), high(t)
    for _ in range(10):
        p0, p1 = w.binary(ast.Mult, Const(0xD2511F53), c0), w.binary(ast.Mult, Const(0xCD9E8D57), c2)
        c0, c1, c2, c3 = (
            w.binary(ast.BitXor, w.binary(ast.BitXor, high(p1), c1), k0),
            low(p1),
            w.binary(ast.BitXor, w.binary(ast.BitXor, high(p0), c3), k1),
            low(p0),
        )
        k0, k1 = low(w.binary(ast.Add, k0, Const(0x9E3779B9))), low(w.binary(ast.Add, k1, Const(0xBB67AE85)))
    return w.binary(ast.BitOr, w.binary(ast.LShift, c0, Const(32)), c1), w.binary(ast.BitOr, w.binary(ast.LShift, c2, Const(32)), c3)


def _key(w: Wr, seed: Any, replication: Any, t: Any, stream: Any) -> Tup:
    return Tup(draws.CompiledKey, (*_block(w, seed, replication, t, stream), seed, replication))


def _rule_key(w: Wr, key: Tup) -> Tup:
    return Tup(key.cls, (w.binary(ast.Add, key.items[0], Const(draws.TOP)), *key.items[1:]))


def _nth_use(w: Wr, key: Tup, arm: Any, n: Any) -> Tup:
    seed, replication = key.items[2:]
    arm, n = _int(w, arm), _int(w, n)
    return Tup(key.cls, (*_block(w, seed, replication, n, w.binary(ast.Add, Const(draws.USE), w.binary(ast.LShift, arm, Const(8)))), seed, replication))


def _bits(w: Wr, x: Any) -> Num:
    x = w.cast(x, "f", isinstance(x, Num) and x.wide)
    return Num("i", x.wide, w.put(f"bitcast {_type('f', x.wide)} {x.ir} to {_type('i', x.wide)}"))


def _from_bits(w: Wr, x: Any) -> Num:
    x = w.cast(x, "i", isinstance(x, Num) and x.wide)
    return Num("f", x.wide, w.put(f"bitcast {_type('i', x.wide)} {x.ir} to {_type('f', x.wide)}"))


def _int(w: Wr, x: Any) -> Any:
    if isinstance(x, Const):
        return Const(int(x.value))
    return x if kind_of(x) == "i" else w.cast(x, "i", x.wide)


def _float(w: Wr, x: Any) -> Any:
    return Const(float(x.value)) if isinstance(x, Const) else w.cast(x, "f", x.wide)


def _abs(w: Wr, x: Any) -> Any:
    if isinstance(x, Const):
        return Const(abs(x.value))
    if kind_of(x) == "f":
        return w.unary("fabs", x)
    return w.select(w.compare(ast.Lt, x, Const(0)), w.binary(ast.Sub, Const(0), x), x)


def _extreme(op: type) -> Callable[..., Any]:
    def most(w: Wr, *values: Any) -> Any:
        if len(values) < 2:
            raise Unsupported(f"{w.here()}: min or max of one argument")
        first = values[0]
        for other in values[1:]:
            first = w.select(w.compare(op, other, first), other, first)
        if isinstance(first, Num) and op is ast.Gt and any(kind_of(v) == "i" and isinstance(v, Const) and v.value >= 0 for v in values):
            first = first._replace(natural=first.kind == "i")
        return first

    return most


def _rounded(function: str) -> Callable[..., Any]:
    def made(w: Wr, x: Any) -> Any:
        if isinstance(x, Const):
            return Const(getattr(math, function)(x.value))
        return x if kind_of(x) == "i" else w.cast(w.unary(function, x), "i", x.wide)

    return made


def _sqrt(w: Wr, x: Any) -> Any:
    return Const(math.sqrt(x.value)) if isinstance(x, Const) and x.value >= 0.0 else w.unary("sqrt", x)


def _len(w: Wr, x: Any) -> Any:
    if isinstance(x, Arr):
        return x.dims[0]
    if isinstance(x, Tup):
        return Const(len(x.items))
    if isinstance(x, Const):
        return Const(len(x.value))
    raise Unsupported(f"{w.here()}: the length of a number")


def _readonly(w: Wr, x: Any) -> Any:
    if isinstance(x, Tup):
        return Tup(x.cls, tuple(_readonly(w, i) for i in x.items))
    return x._replace(writable=False) if isinstance(x, Arr) else x


def _available(w: Wr, view: Any, action: Any) -> Any:
    legal = _legal(view)
    return Const(True) if legal is None else w.compare(ast.NotEq, w.part(legal, [action]), Const(0.0))


def _legal(view: Any) -> Any:
    return view.items[view.cls._fields.index("legal")] if isinstance(view, Tup) and view.cls is not None and "legal" in view.cls._fields else None


def _index_fault(w: Wr, action: Any, lowest: Any, n_actions: Any, view: Any) -> Any:
    if kind_of(action) not in ("i", "f"):
        raise Unsupported("act returns what is not a whole number")  # refused on the plain Python path, with the value in the message
    wrong = w.negate(w.conjunction(w.compare(ast.GtE, action, lowest), w.compare(ast.Lt, action, n_actions)))
    if kind_of(action) == "f":
        wrong = w.either(wrong, w.compare(ast.NotEq, action, w.unary("floor", action)))
    fault = w.select(wrong, Const(loop.FAULT_ACTION), Const(0))
    legal = _legal(view)
    if legal is None:
        return fault
    outer = w.mask
    index = w.select(w.either(wrong, w.compare(ast.Lt, action, Const(0))), Const(0), _int(w, action))
    masked = w.compare(ast.Eq, w.part(legal, [index]), Const(0.0))
    w.mask = outer
    masked = w.conjunction(w.conjunction(w.negate(wrong), w.compare(ast.GtE, action, Const(0))), masked)
    return w.select(masked, Const(loop.FAULT_UNAVAILABLE), fault)


def _blank(w: Wr, seen: Tup) -> Const:
    for item in seen.items:
        _blank(w, item) if isinstance(item, Tup) else w.fill(item, Const(0))
    return NONE


def _natural(w: Wr, x: Any) -> Any:
    return x._replace(natural=True) if isinstance(x, Num) else x


def _restore(w: Wr, target: Tup, origin: Tup) -> Const:
    for here, there in zip(target.items, origin.items, strict=True):
        if isinstance(here, Tup):
            _restore(w, here, there)
        elif isinstance(here, Arr):
            size = functools.reduce(lambda a, b: w.binary(ast.Mult, a, b), here.dims, Const(1))
            w.inline(_copy, [a._replace(dims=(size,), strides=(Const(1),)) for a in (here, there)], {})
    return NONE


def _is(function: str) -> Callable[..., Any]:
    def asked(w: Wr, x: Any) -> Any:
        if isinstance(x, Const):
            return Const(getattr(math, function)(x.value))
        if function == "isnan":
            return w.compare(ast.NotEq, x, x)
        finite = w.compare(ast.Lt, _abs(w, x), Const(math.inf))
        return finite if function == "isfinite" else w.compare(ast.Eq, _abs(w, x), Const(math.inf))

    return asked


# words of the language that only the writer can say: plain Python never runs them, PRIMITIVES below does what they name
def lanes_from(first: int) -> Any:
    """first, first + 1, ..., first + LANES - 1: a number each."""
    raise NotImplementedError


def someone(condition: Any) -> bool:
    """Whether a condition holds in some lane that is here."""
    raise NotImplementedError


def natural(x: Any) -> Any:
    """The same whole number, known not to be negative."""
    raise NotImplementedError


def refill(target: Any, origin: Any) -> None:
    """Copies nested arrays into arrays of the same shapes."""
    raise NotImplementedError


def one_of(condition: Any, yes: Any, no: Any) -> Any:
    """yes where the condition holds, else no, both being computed."""
    raise NotImplementedError


def _lanes_from(w: Wr, first: Any) -> Num:
    first = w.cast(first, "i", True)
    return Num("i", True, w.put(f"add <{LANES} x i64> {first.ir}, <{', '.join(f'i64 {i}' for i in range(LANES))}>"), True)


def _someone(w: Wr, condition: Any) -> Any:
    condition = w.truth(condition)
    return condition if isinstance(condition, Const) or not condition.wide else w.anyone(w.narrowed(condition))


def _best(view, value):
    arm, greatest = -1, -math.inf
    for k in range(value.size):
        if value[k] > greatest and available(view, k):
            arm, greatest = k, value[k]
    return arm


PRIMITIVES: dict[Any, Callable[..., Any]] = {
    draws.word: _word, draws.nature_key: _key, draws.rule_key: _rule_key, draws.nth_use: _nth_use, draws.to_bits: _bits, draws.from_bits: _from_bits,
    loop.frozen: _readonly, loop.exposed: _readonly, loop.reveal: lambda w, a, b: NONE, loop.is_true: lambda w, x: w.truth(x),
    loop.index_fault: _index_fault, loop.blank: _blank, available: _available, lanes_from: _lanes_from, someone: _someone, refill: _restore, natural: _natural,
    confidence.best: lambda w, view, value: w.inline(_best, [view, value], {}),  # eights are for one replication at a time
    one_of: lambda w, c, a, b: w.select(w.truth(c), a, b),
    int: _int, float: _float, bool: lambda w, x: w.truth(x), abs: _abs, min: _extreme(ast.Lt), max: _extreme(ast.Gt), len: _len,
    math.sqrt: _sqrt, math.floor: _rounded("floor"), math.ceil: _rounded("ceil"), math.isnan: _is("isnan"), math.isinf: _is("isinf"), math.isfinite: _is("isfinite"),
    math.fabs: lambda w, x: w.unary("fabs", x),
}  # fmt: skip
