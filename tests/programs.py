"""Small random programs in the part of Python that vectors hold, and a bench that plays them lane by lane beside CPython."""

import importlib.util
import itertools
import math
import struct
from typing import Any

import numpy as np

from budgetsim.kernels import lanes, spmd

_number = itertools.count()

HEAD = '''
import math
from budgetsim.kernels.spmd import lanes_from

PAIR = (0.5, -1.5, 2.25)


def part(x, k, own):
    if x > 1.0:
        return k
    for j in range(3):
        if own[j] > x:
            return j + 10
        if k > 2 and j == 1:
            break
    else_ = k % 4
    return else_ - 7


def moved(own, k, x):
    own[k % 5] = own[k % 5 - 5] * 0.5 + x
    if k > 0:
        own[0] += 0.25
        return x > 0.0
    return k < -2


def two(x, k):
    while k > 0:
        if x > 40.0:
            return x, k
        x = x * 1.5 + 0.5
        k -= 1
    return k - 0.5, 3


def drive(floats, wholes, own, grid, table, board, n, u, out):
    i = lanes_from(0)
    out[i] = program(floats[i, 0], floats[i, 1], wholes[i, 0], wholes[i, 1], own, grid, table, board, n, u)
'''
PROGRAM = "def program(a, b, k, m, own, grid, table, board, n, u):\n"


class Maker:
    """Writes a program from a source of choices; it always ends, never divides by zero and stays inside its arrays."""

    def __init__(self, random: Any) -> None:
        self.random, self.lines, self.names, self.loops = random, [], 0, []
        self.budget = 14

    def pick(self, *options: Any) -> Any:
        return options[self.random.randint(0, len(options) - 1)]

    def fresh(self, stem: str) -> str:
        self.names += 1
        return f"{stem}{self.names}"

    def real(self, depth: int = 2) -> str:
        leaf = self.pick("a", "b", "x0", "x1", "x2", "u", "0.5", "-2.0", "own[" + self.at(5, 0) + "]", "table[" + self.at(7, 0) + "]")
        if depth <= 0:
            return leaf
        r, w, c = (lambda: self.real(depth - 1)), (lambda: self.whole(depth - 1)), (lambda: self.truth(depth - 1))
        return self.pick(
            lambda: leaf, lambda: f"({r()} + {r()})", lambda: f"({r()} - {r()})", lambda: f"({r()} * {r()})", lambda: f"({r()} / (abs({r()}) + 1.0))",
            lambda: f"min({r()}, {r()})", lambda: f"max({r()}, {r()}, {r()})", lambda: f"abs({r()})", lambda: f"math.sqrt(abs({r()}))", lambda: f"(-{r()})",
            lambda: f"({r()} if {c()} else {r()})", lambda: f"float({w()})", lambda: f"({r()} + {w()})", lambda: f"grid[{self.at(3, 1)}, {self.at(4, 1)}]",
            lambda: f"board[{self.at(4, 1)}, {self.at(3, 1)}]", lambda: f"grid[{self.at(3, 1)}][{self.at(4, 1)}]", lambda: f"own[{self.at(5, 1)}]",
            lambda: f"PAIR[{self.at(3, 1)}]", lambda: f"({r()} or {r()})", lambda: f"({r()} and {r()})", lambda: f"two({self.small(depth - 1)}, {w()} % 4)[0]",
        )()  # fmt: skip

    def small(self, depth: int) -> str:
        return f"max(-50.0, min(50.0, {self.real(depth)}))"

    def whole(self, depth: int = 2) -> str:
        leaf = self.pick("k", "m", "i0", "i1", "n", "3", "-2", "0", *self.loops)
        if depth <= 0:
            return leaf
        r, w, c = (lambda: self.real(depth - 1)), (lambda: self.whole(depth - 1)), (lambda: self.truth(depth - 1))
        return self.pick(
            lambda: leaf, lambda: f"({w()} + {w()})", lambda: f"({w()} - {w()})", lambda: f"({w()} * {w()} % 101)", lambda: f"({w()} // {self.pick('3', '-4', '(abs(' + w() + ') + 1)')})",
            lambda: f"({w()} % {self.pick('5', '-3', '(abs(' + w() + ') + 1)')})", lambda: f"min({w()}, {w()})", lambda: f"max({w()}, 0)", lambda: f"abs({w()})", lambda: f"(-{w()})",
            lambda: f"int(min(50.0, max(-50.0, {r()})))", lambda: f"math.floor(min(50.0, max(-50.0, {r()})))", lambda: f"({w()} if {c()} else {w()})", lambda: f"len({self.pick('own', 'table', 'grid')})",
            lambda: f"int({c()})", lambda: f"({w()} + ({c()}))", lambda: f"part({r()}, {w()}, own)", lambda: f"({w()} or {w()})", lambda: f"two(1.0, {w()} % 5)[1]",
            lambda: "table.size",
        )()  # fmt: skip

    def truth(self, depth: int = 2) -> str:
        r, w, c = (lambda: self.real(depth - 1)), (lambda: self.whole(depth - 1)), (lambda: self.truth(depth - 1))
        order = self.pick("<", "<=", ">", ">=", "==", "!=")
        if depth <= 0:
            return f"{self.pick('a', 'x0', 'x1')} {order} {self.pick('b', 'x2', '0.0')}"
        return self.pick(
            lambda: f"{r()} {order} {r()}", lambda: f"{w()} {order} {w()}", lambda: f"{w()} {order} {r()}", lambda: f"{r()} <= {r()} < {r()}", lambda: f"0 <= {w()} < {w()}",
            lambda: f"not ({c()})", lambda: f"({c()} and {c()})", lambda: f"({c()} or {c()})", lambda: f"({c()} if {c()} else {c()})", lambda: f"({w()} in (1, 2, 5))", lambda: f"n > {w()}",
            lambda: f"moved(own, {w()}, {self.small(depth - 1)})", lambda: f"({r()} < {r()} and moved(own, {w()}, {self.small(depth - 1)}))",
            lambda: f"({c()} or {c()} and not {c()})", lambda: f"u > {r()}", lambda: f"n {order} 3",
        )()  # fmt: skip

    def at(self, size: int, depth: int) -> str:
        return self.pick(f"{self.random.randint(-size, size - 1)}", f"{self.whole(depth)} % {size}", f"{self.whole(depth)} % {size} - {size}")

    def block(self, pad: str, depth: int, looped: bool) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.statement(pad, depth, looped)

    def statement(self, pad: str, depth: int, looped: bool) -> None:
        def put(text: str) -> None:
            self.lines.append(pad + text)

        self.budget -= 1
        kinds = ["real", "whole", "store", "add", "swap", "call", "late"]
        if depth > 0 and self.budget > 0:
            kinds += ["if", "if", "else", "for", "varying", "while", "for", "each", "tuple", "elif"]
        if looped:
            kinds += ["break", "continue", "carry"]
        if depth < 3:
            kinds += ["return"]
        kind = self.pick(*kinds)
        inside = pad + "    "
        if kind == "real":
            put(f"{self.pick('x0', 'x1', 'x2')} = {self.real()}")
        elif kind == "whole":
            put(f"{self.pick('i0', 'i1')} = {self.whole()}")
        elif kind == "store":
            put(self.pick(f"own[{self.at(5, 1)}] = {self.real()}", f"grid[{self.at(3, 1)}, {self.at(4, 1)}] = {self.real()}", f"grid[{self.at(3, 1)}][...] = {self.real(1)}",
                          f"own[{self.at(5, 1)}] {self.pick('+=', '-=')} {self.real(1)}", f"grid[:, {self.random.randint(0, 3)}][...] = {self.real(1)}"))  # fmt: skip
        elif kind == "add":
            put(self.pick(f"x0 {self.pick('+=', '*=')} {self.real(1)}", f"i0 += {self.whole(1)} % 9"))
        elif kind == "swap":
            put(self.pick("x0, x1 = x1, x0", "i0, i1 = i1, i0 + 1", f"x2, i1 = two({self.small(1)}, {self.whole(1)} % 4)", f"own[{self.at(5, 0)}], own[{self.at(5, 0)}] = x0, x1"))
        elif kind == "call":
            put(f"moved(own, {self.whole(1)}, {self.small(1)})")
        elif kind == "late":  # a variable that some ways never set
            put(f"if {self.truth(1)}:")
            self.lines.append(f"{inside}y{self.pick(0, 1)} = {self.real(1)}")
            put(f"if {self.pick('False', self.truth(1))}:")
            self.lines.append(f"{inside}x1 = y{self.pick(0, 1)}")
        elif kind == "carry":  # what an earlier round of a loop left
            name = self.fresh("z")
            put(f"if {self.pick(self.truth(1), 'n > 0', *(f'{j} < 2' for j in self.loops))}:")
            self.lines.append(f"{inside}{name} = {self.real(1)}")
            self.statement(pad, depth - 1, looped)
            put(f"x1 += {name}")
        elif kind in ("if", "else", "elif"):
            put(f"if {self.truth()}:")
            self.block(inside, depth - 1, looped)
            if kind == "elif":
                put(f"elif {self.truth()}:")
                self.block(inside, depth - 1, looped)
            if kind != "if":
                put("else:")
                self.block(inside, depth - 1, looped)
        elif kind in ("for", "varying", "each", "tuple"):
            name = self.pick(self.fresh("j"), "i1")
            ends = self.pick(f"range({self.pick('3', 'n', '1, 4', '4, 0, -1', 'n - 1')})")
            if kind == "varying":
                ends = self.pick(f"range({self.whole(1)} % 5)", f"range({self.whole(1)} % 4, {self.pick('n', '5', self.whole(1) + ' % 6')})", f"range(5, {self.whole(1)} % 4, -2)")
            if kind == "each":
                name, ends = self.pick(self.fresh("v"), "x2"), self.pick("own", "table", "grid[1]", f"grid[{self.whole(1)} % 3]")
            if kind == "tuple":
                name, ends = "x2", self.pick("(1.0, -0.5)", f"({self.real(1)}, x0)", "PAIR")
            put(f"for {name} in {ends}:")
            new = [name] if name[0] == "j" else []
            self.loops += new
            self.block(inside, depth - 1, looped=kind != "tuple")
            if new:
                self.loops.remove(name)
        elif kind == "while":
            fuel = self.fresh("fuel")
            put(f"{fuel} = {self.pick('4', f'{self.whole(1)} % 6', 'n')}")
            put(f"while {self.pick(f'{fuel} > 0', f'{fuel} > 0 and {self.truth(1)}', 'True')}:")
            self.lines.append(f"{inside}{fuel} -= 1")
            self.lines.append(f"{inside}if {fuel} < 0:")
            self.lines.append(f"{inside}    break")
            self.block(inside, depth - 1, True)
        elif kind == "return":
            put(f"return {self.real(1)}")
        else:
            put(kind)

    def text(self) -> str:
        self.lines = ["    x0, x1, x2 = 1.0, a, 0.0", "    i0, i1 = 0, k", "    y0, y1 = 0.0, 1.0"]
        if self.pick(True, False, False):
            self.lines[-1] = "    y1 = 1.0"
        for _ in range(self.random.randint(2, 5)):
            self.statement("    ", 3, False)
        self.lines.append(f"    return {self.real(1)} + own[1]")
        return PROGRAM + "\n".join(self.lines) + "\n"


def module(folder: Any, text: str) -> Any:
    path = folder / f"programs_{next(_number)}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def inputs(seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    floats = np.round(rng.normal(0, 2, (spmd.LANES, 2 + 5 + 12)), 2)
    return floats, rng.integers(-6, 9, (spmd.LANES, 2)), np.round(rng.normal(0, 1, 7), 2), np.round(rng.normal(0, 1, (4, 3)), 2)


def aligned(size: int) -> np.ndarray:
    """Room for so many elements of all lanes, where a whole vector may be loaded."""
    space = np.zeros((size + 1) * spmd.LANES)
    start = -space.ctypes.data // 8 % spmd.LANES
    return space[start : start + size * spmd.LANES].reshape(size, spmd.LANES)


def called(made: Any, values: Any) -> None:
    """Plays a module's `drive` as vector code; `values` makes its arguments from slots."""
    writer = spmd.Writer()
    arguments = values(lanes.Slots(writer))
    head, writer.lines = writer.lines, []
    writer.call(made.drive, arguments)
    text = "\n".join([*(f"{label} = private unnamed_addr constant {c}" for c, label in writer.constants.items()), *sorted(writer.declared),
                      f'define void @{made.__name__}(ptr noalias %words) "prefer-vector-width"="512" "min-legal-vector-width"="512" {{', "entry:",
                      *writer.allocas, *head, *writer.lines, "  ret void", "}", "!0 = !{}", ""])  # fmt: skip
    llvm, _, engine = lanes._machine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(lanes.build(text)))
    engine.finalize_object()
    plain = lanes.Slots()
    values(plain)
    words = np.array(plain.words, np.uint64)
    lanes.ctypes.CFUNCTYPE(None, lanes.ctypes.c_void_p)(engine.get_function_address(made.__name__))(words.ctypes.data)


def vectors(made: Any, seed: int, n: int, u: float) -> np.ndarray:
    """What the program gives in each lane, played as vector code."""
    floats, wholes, table, board = inputs(seed)
    out = np.zeros(spmd.LANES)
    own, grid = (aligned(2 * size + 1) for size in (5, 12))  # the element of lanes that are off lies up to one size beyond any place
    own[:5], grid[:12] = floats[:, 2:7].T, floats[:, 7:].T

    def values(slots: Any) -> list[Any]:
        shared = [slots.array(a, False, False) for a in (floats, wholes)]
        mine = [slots.array(np.empty(shape), True, True, a.ctypes.data) for shape, a in ((5, own), ((3, 4), grid))]
        rest = [slots.array(a, False, False) for a in (table, board)]
        return [*shared, *mine, *rest, slots.value(n, None), slots.value(u, None), slots.array(out, False, True)]

    called(made, values)
    return np.column_stack([out, own[:5].T, grid[:12].T])


def plainly(made: Any, seed: int, n: int, u: float) -> list[Any]:
    """The same by CPython; None for a lane in which it raises."""
    floats, wholes, table, board = inputs(seed)
    rows: list[Any] = []
    for i in range(spmd.LANES):
        own, grid = floats[i, 2:7].tolist(), floats[i, 7:].reshape(3, 4).copy()
        own = np.array(own)
        try:
            result = made.program(*map(float, floats[i, :2]), *map(int, wholes[i]), own, grid, table, board, n, u)
        except UnboundLocalError:
            rows.append(None)
        else:
            rows.append([float(result), *own.tolist(), *grid.ravel().tolist()])
    return rows


def bits(x: float) -> int:
    return struct.unpack("<q", struct.pack("<d", x + 0.0 if not math.isnan(x) else math.nan))[0]


def differences(made: Any, seed: int, n: int, u: float) -> list[Any]:
    got, right = vectors(made, seed, n, u), plainly(made, seed, n, u)
    return [(i, j, a, b) for i, row in enumerate(right) if row for j, (a, b) in enumerate(zip(got[i].tolist(), row, strict=True)) if bits(a) != bits(b)]
