"""The compiled twins of a few plain functions: bits of doubles, Philox words, read-only types. Imported when first compiling."""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing import signature
from numba.extending import intrinsic, overload

from .. import draws, loop
from . import available

INLINE = {"error_model": "numpy", "forceinline": True, "no_cfunc_wrapper": True}
U = np.uint64
M32, S32 = U(draws.M32), U(32)
PH0, PH1, W0, W1 = U(0xD2511F53), U(0xCD9E8D57), U(0x9E3779B9), U(0xBB67AE85)
GOLDEN, TOP, MIX1, MIX2 = U(draws.GOLDEN), U(draws.TOP), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
S30, S27, S31, S11, S12, S56, S8 = U(30), U(27), U(31), U(11), U(12), U(56), U(8)
CompiledKey = draws.CompiledKey


# ------------------------------------------------------------------------------------------------ bits
@intrinsic
def _to_bits(typingctx, x):
    def codegen(context, builder, sig, args):
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), codegen


@intrinsic
def _from_bits(typingctx, x):
    def codegen(context, builder, sig, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), codegen


@overload(draws.to_bits, jit_options=INLINE)
def _(x):
    return lambda x: _to_bits(float(x))


@overload(draws.from_bits, jit_options=INLINE)
def _(bits):
    return lambda bits: _from_bits(bits)


# ------------------------------------------------------------------------------------------------ words
def _turn(c0, c1, c2, c3, k0, k1, j):
    """Round j of Philox. Arguments are uint64 that hold 32-bit words: LLVM then multiplies 32 x 32 -> 64."""
    p0, p1 = PH0 * c0, PH1 * c2
    return (p1 >> S32) ^ c1 ^ ((k0 + W0 * U(j)) & M32), p1 & M32, (p0 >> S32) ^ c3 ^ ((k1 + W1 * U(j)) & M32), p0 & M32


@overload(_turn, jit_options=INLINE)
def _(c0, c1, c2, c3, k0, k1, j):
    return _turn


def _block(seed, replication, t, stream):
    """Ten rounds unrolled by hand: as a loop LLVM neither unrolls nor vectorises them."""
    k0, k1 = seed & M32, seed >> S32
    c0, c1, c2, c3 = t & M32, replication & M32, stream & M32, t >> S32
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1, 0)
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1, 1)
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1, 2)
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1, 3)
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1, 4)
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1, 5)
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1, 6)
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1, 7)
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1, 8)
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1, 9)
    return (c0 << S32) | c1, (c2 << S32) | c3


@overload(_block, jit_options=INLINE)
def _(seed, replication, t, stream):
    return _block


@overload(draws.block, jit_options=INLINE)
def _(seed, replication, t, stream):
    return lambda seed, replication, t, stream: _block(U(seed), U(replication), U(t), U(stream))


@overload(draws.nature_key, jit_options=INLINE)
def _(seed, replication, t, stream):
    def impl(seed, replication, t, stream):
        x0, x1 = _block(U(seed), U(replication), U(t), U(stream))
        return CompiledKey(x0, x1, U(seed), U(replication))

    return impl


@overload(draws.rule_key, jit_options=INLINE)
def _(key):
    return lambda key: CompiledKey(key.x0 + TOP, key.x1, key.seed, key.replication)


@overload(draws.nth_use, jit_options=INLINE)
def _(key, arm, n):
    def impl(key, arm, n):
        x0, x1 = _block(key.seed, key.replication, U(n), U(draws.USE) + (U(arm) << S8))
        return CompiledKey(x0, x1, key.seed, key.replication)

    return impl


def _word(key, salt, slot, index):
    z = key.x0 + GOLDEN * (U(slot) + (U(index) << S32) + (U(salt) << S56))
    z = (z ^ (z >> S30)) * MIX1
    z = (z ^ (z >> S27)) * MIX2
    return z ^ (z >> S31) ^ key.x1


@overload(_word, jit_options=INLINE)
def _(key, salt, slot, index):
    return _word


@overload(draws.unit, jit_options=INLINE)
def _(key, salt, slot, index):
    return lambda key, salt, slot, index: np.float64(np.int64(_word(key, salt, slot, index) >> S11)) * 1.1102230246251565e-16


@overload(draws.open_unit, jit_options=INLINE)
def _(key, salt, slot, index):
    return lambda key, salt, slot, index: (np.float64(np.int64(_word(key, salt, slot, index) >> S12)) + 0.5) * 2.220446049250313e-16


# ------------------------------------------------------------------------------------------------ read-only
@intrinsic
def _readonly(typingctx, array):
    """The same array under a type that refuses writes: an error when compiling, no work when running."""

    def codegen(context, builder, sig, args):
        context.nrt.incref(builder, sig.args[0], args[0])
        return args[0]

    return signature(array.copy(readonly=True), array), codegen


def _counting(module, name):
    """Puts an inlinable body of numba's NRT_incref or NRT_decref into a module, in place of the one that is never inlined.

    The engine's arrays own nothing (their memory is held by Python while the kernel runs), so every count is of a null
    pointer, and inlined it vanishes. Called, it would cost a rule with early returns several times its own time.
    """
    pointer, word = ir.IntType(8).as_pointer(), ir.IntType(64)
    function = cgutils.get_or_insert_function(module, ir.FunctionType(ir.VoidType(), [pointer]), name)
    if function.blocks:
        return
    function.linkage = "linkonce_odr"
    builder = ir.IRBuilder(function.append_basic_block())
    with builder.if_then(builder.icmp_unsigned("!=", function.args[0], pointer(None))):
        count = builder.bitcast(function.args[0], word.as_pointer())
        if name == "NRT_incref":
            builder.atomic_rmw("add", count, word(1), ordering="monotonic")
        else:
            builder.fence("release")
            old = builder.atomic_rmw("sub", count, word(1), ordering="monotonic")
            with builder.if_then(builder.icmp_unsigned("==", old, word(1)), likely=False):
                builder.fence("acquire")
                end = cgutils.get_or_insert_function(module, ir.FunctionType(ir.VoidType(), [pointer]), "NRT_MemInfo_call_dtor")
                builder.call(end, [function.args[0]])
    builder.ret_void()


@intrinsic
def borrow(typingctx, array):
    """The same array, owned by nobody: numba then has no references to count."""

    def codegen(context, builder, sig, args):
        _counting(builder.module, "NRT_incref")
        _counting(builder.module, "NRT_decref")
        struct = context.make_array(sig.args[0])(context, builder, value=args[0])
        struct.meminfo = cgutils.get_null_value(struct.meminfo.type)
        struct.parent = cgutils.get_null_value(struct.parent.type)
        return struct._getvalue()

    return array(array), codegen


def _rebuild(value, leaf):
    """A function that rebuilds a NamedTuple with `leaf` applied to each array."""
    env = {"frozen": loop.frozen, "cls": value.instance_class}
    fields = [leaf(i) if isinstance(t, (types.Array, types.BaseTuple)) else f"value[{i}]" for i, t in enumerate(value.types)]
    exec(f"def impl(value):\n    return cls({', '.join(fields)})\n", env)
    return env["impl"]


@overload(loop.frozen, jit_options=INLINE)
def _(value):
    if isinstance(value, types.Array):
        return (lambda value: _readonly(value)) if value.mutable else (lambda value: value)
    if isinstance(value, types.BaseNamedTuple):
        return _rebuild(value, lambda i: f"frozen(value[{i}])")
    return lambda value: value


@overload(loop.exposed, jit_options=INLINE)
def _(left):
    return lambda left: _readonly(left)


@overload(loop.reveal, jit_options=INLINE)
def _(left_r, left):
    return lambda left_r, left: None


@overload(loop.is_true, jit_options=INLINE)
def _(value):
    if isinstance(value, types.NoneType):
        return lambda value: False
    return lambda value: bool(value)


AHEAD, LAST, ROUND = loop.AHEAD, loop.AHEAD - 1, U(draws.ROUND)


def _fill(work, seed, replication, t):
    """Words of AHEAD rounds at once: this loop vectorises, ten dependent rounds of multiplications do not."""
    x0, x1 = work.ahead0, work.ahead1
    start = U(t - (t & LAST))
    for i in range(AHEAD):
        x0[i], x1[i] = _block(U(seed), U(replication), start + U(i), ROUND)


@overload(_fill, jit_options={"error_model": "numpy", "no_cfunc_wrapper": True})
def _(work, seed, replication, t):
    return _fill


@overload(loop.enter, jit_options=INLINE)
def _(work, seed, replication, t):
    return lambda work, seed, replication, t: _fill(work, seed, replication, t)


@overload(loop.round_key, jit_options=INLINE)
def _(work, seed, replication, t):
    def impl(work, seed, replication, t):
        i = t & LAST
        if i == 0:
            _fill(work, seed, replication, t)
        return CompiledKey(work.ahead0[i], work.ahead1[i], U(seed), U(replication))

    return impl


# ------------------------------------------------------------------------------------------------ actions
def _masked(view):
    return isinstance(view, types.BaseNamedTuple) and "legal" in view.fields


@overload(available, jit_options=INLINE)
def _(view, action):
    if _masked(view):
        return lambda view, action: view.legal[action] != 0.0
    return lambda view, action: True


@overload(loop.index_fault, jit_options=INLINE)
def _(action, lowest, n_actions, view):
    if not isinstance(action, (types.Integer, types.Float)):
        return None  # refused on the plain Python path, with the value in the message
    bad, unavailable = loop.FAULT_ACTION, loop.FAULT_UNAVAILABLE
    whole = isinstance(action, types.Integer)
    masked = _masked(view)

    def impl(action, lowest, n_actions, view):
        if not (action >= lowest and action < n_actions):
            return bad
        if not whole and action != np.floor(action):
            return bad
        if masked and action >= 0 and view.legal[int(action)] == 0.0:
            return unavailable
        return 0

    if masked:
        return impl

    def unmasked(action, lowest, n_actions, view):
        if not (action >= lowest and action < n_actions):
            return bad
        if not whole and action != np.floor(action):
            return bad
        return 0

    return unmasked


@overload(loop.blank, jit_options=INLINE)
def _(seen):
    body = "\n".join(f"    blank(seen[{i}])" if isinstance(t, types.BaseTuple) else f"    seen[{i}][...] = 0" for i, t in enumerate(seen.types))
    env = {"blank": loop.blank}
    exec(f"def impl(seen):\n{body}\n    return None\n", env)
    return env["impl"]
