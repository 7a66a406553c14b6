"""Random draws and portable elementary functions that a rule or a problem calls.

Counter-based: a draw is a pure function of (seed, replication, round, stream, slot), nothing is advanced. One block of
Philox4x32-10 [Salmon2011]_ gives a round its 128 bits (x0, x1); word i of that round is mix64(x0 + G i) xor x1, mix64
being the finaliser of SplitMix64 [Steele2014]_ and G the odd constant nearest 2**64 / golden ratio. The index i packs
the draw function's salt, the slot and a running number, so that

- nature and the rule draw from separate words of one block, and every rule meets the same luck;
- a slot names one whole draw, however many words a rejection loop takes: `normal(key, 0)` and `uniform(key, 0)` never
  share a word; the plain Python path raises when one slot of one function is drawn twice in a round;
- adding replications, rules or rounds changes no other number.

Everything here is + - * /, comparisons, square roots and moves of bits: the same bits in plain Python, compiled, on any
thread and any x86-64 machine. The few primitives at the top have a compiled twin in `kernels/primitives.py`.
"""

import math
import struct
from typing import Any, NamedTuple

__all__ = [
    "Key",
    "bernoulli",
    "beta",
    "binomial",
    "categorical",
    "exp",
    "exponential",
    "gamma",
    "integer",
    "log",
    "normal",
    "normal_quantile",
    "nth_use",
    "poisson",
    "shuffle",
    "uniform",
]

M32 = (1 << 32) - 1
M64 = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
TOP = 1 << 63  # x0 of the rule's key: nature's plus 2**63

# streams of one replication: a block each
ROUND, BEGIN_PROBLEM, BEGIN_POLICY, RECOMMEND, USE = range(5)

# salts: four for each draw function, all below 64
UNIFORM, INTEGER, CATEGORICAL, NORMAL, EXPONENTIAL, SHUFFLE, GAMMA, BETA_X, BETA_Y, BINOMIAL, POISSON = range(0, 44, 4)


# ------------------------------------------------------------------------------------------------ primitives
class CompiledKey(NamedTuple):
    """What compiled code calls a Key: four 64-bit words."""

    x0: Any
    x1: Any
    seed: Any
    replication: Any


class Key:
    """Randomness of one (seed, replication, round, stream); opaque to rules and problems, which only pass it on."""

    __slots__ = ("drawn", "replication", "seed", "where", "x0", "x1")

    def __init__(self, x0: int, x1: int, seed: int, replication: int, where: str = "") -> None:
        self.x0, self.x1, self.seed, self.replication, self.where = x0, x1, seed, replication, where
        self.drawn: set[tuple[int, int]] = set()


def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Philox4x32 with ten rounds: four 32-bit words from a counter and a key."""
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & M32, (p0 >> 32) ^ c3 ^ k1, p0 & M32
        k0, k1 = (k0 + 0x9E3779B9) & M32, (k1 + 0xBB67AE85) & M32
    return c0, c1, c2, c3


def block(seed: int, replication: int, t: int, stream: int) -> tuple[int, int]:
    """128 bits (x0, x1) of counter (t low, replication, stream, t high) under the key `seed`."""
    a, b, c, d = philox(t & M32, replication & M32, stream & M32, t >> 32, seed & M32, seed >> 32)
    return (a << 32) | b, (c << 32) | d


def nature_key(seed: Any, replication: Any, t: Any, stream: Any) -> Any:
    """The key that a problem's functions are handed."""
    seed, replication, t = int(seed), int(replication), int(t)
    return Key(*block(seed, replication, t, stream), seed, replication, "the problem")


def rule_key(key: Any) -> Any:
    """The rule's key of the same round."""
    return Key((key.x0 + TOP) & M64, key.x1, key.seed, key.replication, "the policy")


def nth_use(key: Any, arm: Any, n: Any) -> Any:
    """The key of the n-th use of an arm: luck tied to uses instead of rounds, at one more block a pull.

    >>> a, b = nature_key(1, 0, 5, ROUND), nature_key(1, 0, 9, ROUND)
    >>> uniform(nth_use(a, 2, 7), 0) == uniform(nth_use(b, 2, 7), 0)
    True
    """
    arm, n = int(arm), int(n)
    return Key(*block(key.seed, key.replication, n, USE + (arm << 8)), key.seed, key.replication, key.where)


def word(key: Key, salt: int, slot: int, index: int) -> int:
    """64 bits; `index` runs within one draw."""
    slot = int(slot)
    if not 0 <= slot <= M32:
        raise ValueError(f"slot: got {slot}; allowed: 0 to 2**32 - 1")
    if index == 0:
        if (salt, slot) in key.drawn:
            raise ValueError(f"slot {slot} drawn twice in one round by {key.where}: give each draw its own slot")
        key.drawn.add((salt, slot))
    z = (key.x0 + GOLDEN * (slot + (index << 32) + (salt << 56))) & M64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31) ^ key.x1


def unit(key: Any, salt: Any, slot: Any, index: Any) -> Any:
    """[0, 1) with 53 bits."""
    return (word(key, salt, slot, index) >> 11) * 1.1102230246251565e-16


def open_unit(key: Any, salt: Any, slot: Any, index: Any) -> Any:
    """(0, 1): the centres of 2**52 cells, never 0 nor 1."""
    return ((word(key, salt, slot, index) >> 12) + 0.5) * 2.220446049250313e-16


def to_bits(x: Any) -> Any:
    """The 64 bits of a double, as a signed integer."""
    return struct.unpack("<q", struct.pack("<d", x))[0]


def from_bits(bits: Any) -> Any:
    """The double with these 64 bits."""
    return struct.unpack("<d", struct.pack("<q", bits))[0]


# ------------------------------------------------------------------------------------------------ elementary functions
LN2_HI, LN2_LO = 6.93147180369123816490e-01, 1.90821492927058770002e-10


def log(x: Any) -> Any:
    """Natural logarithm of a positive normal double, to 1 ulp (the kernel of fdlibm); -inf at 0.

    >>> log(1.0), abs(log(10.0) - math.log(10.0)) < 1e-15
    (0.0, True)
    """
    if not x > 0.0:
        return -math.inf if x == 0.0 else math.nan
    if x > 1.7976931348623157e308:
        return math.inf
    bits = to_bits(x)
    k = (bits - 0x3FE6A09E667F3BCD) >> 52
    f = from_bits(bits - (k << 52)) - 1.0  # 1 + f in [sqrt(1/2), sqrt(2))
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    t2 = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)))
    h = 0.5 * f * f
    dk = float(k)
    return dk * LN2_HI - ((h - (s * (h + (t2 + t1)) + dk * LN2_LO)) - f)


def exp(x: Any) -> Any:
    """Exponential to 1 ulp (the kernel of fdlibm); 0 below -708, inf above 709.

    >>> exp(0.0), abs(exp(1.0) - math.e) < 1e-15
    (1.0, True)
    """
    if not x >= -708.0:
        return 0.0 if x < -708.0 else math.nan
    if x > 709.0:
        return math.inf
    kd = (x * 1.44269504088896338700 + 6755399441055744.0) - 6755399441055744.0  # nearest integer to x / ln 2
    hi = x - kd * LN2_HI
    lo = kd * LN2_LO
    r = hi - lo
    t = r * r
    c = r - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))))
    y = 1.0 - ((lo - (r * c) / (2.0 - c)) - hi)
    return y * from_bits((int(kd) + 1023) << 52)


def normal_quantile(u: Any) -> Any:
    """Standard normal quantile of u in (0, 1), to 1e-15 relative: algorithm AS 241 [Wichura1988]_.

    >>> normal_quantile(0.5), round(normal_quantile(0.975), 12)
    (0.0, 1.95996398454)
    """
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        num = ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r + 1.3314166789178437745e2) * r + 3.3871328727963666080e0
        den = ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r + 4.2313330701600911252e1) * r + 1.0
        return q * num / den
    r = math.sqrt(-log(min(u, 1.0 - u)))
    if r <= 5.0:
        r -= 1.6
        num = ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r + 4.63033784615654529590e0) * r + 1.42343711074968357734e0
        den = ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r + 2.05319162663775882187e0) * r + 1.0
    else:
        r -= 5.0
        num = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r + 5.46378491116411436990e0) * r + 6.65790464350110377720e0
        den = ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r + 5.99832206555887937690e-1) * r + 1.0
    return -num / den if q < 0.0 else num / den


# ------------------------------------------------------------------------------------------------ draws
def uniform(key: Any, slot: Any) -> Any:
    """Uniform on [0, 1), 53 bits."""
    return unit(key, UNIFORM, slot, 0)


def bernoulli(key: Any, slot: Any, p: Any) -> Any:
    """1.0 with probability p (exact for multiples of 2**-53), else 0.0."""
    return 1.0 if unit(key, UNIFORM, slot, 0) < p else 0.0


def integer(key: Any, slot: Any, n: Any) -> Any:
    """0 to n - 1, each with probability 1/n to within 2**-53."""
    return int(unit(key, INTEGER, slot, 0) * n)


def categorical(key: Any, slot: Any, upto: Any) -> Any:
    """Index i with probability upto[i] - upto[i-1]; the last entry takes what is left."""
    u = unit(key, CATEGORICAL, slot, 0)
    i = 0
    while i < len(upto) - 1 and u >= upto[i]:
        i += 1
    return i


def normal(key: Any, slot: Any) -> Any:
    """Standard normal, one word, monotone in its uniform."""
    return normal_quantile(open_unit(key, NORMAL, slot, 0))


def exponential(key: Any, slot: Any) -> Any:
    """Exponential with mean 1."""
    return -log(open_unit(key, EXPONENTIAL, slot, 0))


def _gamma(key: Any, slot: Any, shape: Any, salt: Any) -> Any:
    boost = 1.0
    a = shape
    if a < 1.0:
        boost = exp(log(open_unit(key, salt + 2, slot, 0)) / a)
        a = a + 1.0
    d = a - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    i = 0
    while True:
        z = normal_quantile(open_unit(key, salt, slot, i))
        u = open_unit(key, salt + 1, slot, i)
        i += 1
        v = 1.0 + c * z
        if v > 0.0:
            v = v * v * v
            z2 = z * z
            if u < 1.0 - 0.0331 * z2 * z2 or log(u) < 0.5 * z2 + d * (1.0 - v + log(v)):
                return boost * d * v


def gamma(key: Any, slot: Any, shape: Any) -> Any:
    """Gamma with scale 1, exact law, by rejection [Marsaglia2000]_; shape > 0."""
    return _gamma(key, slot, shape, GAMMA)


def beta(key: Any, slot: Any, a: Any, b: Any) -> Any:
    """Beta(a, b), exact law, from two gammas; a, b > 0."""
    x, y = _gamma(key, slot, a, BETA_X), _gamma(key, slot, b, BETA_Y)
    if x + y > 0.0:
        return x / (x + y)
    return 1.0 if unit(key, BETA_X + 3, slot, 0) < a / (a + b) else 0.0  # both below 1e-307: which is greater is all that matters


def shuffle(key: Any, slot: Any, values: Any) -> None:
    """Shuffles an array (n,) in place, n < 2**24 (Fisher and Yates)."""
    for i in range(len(values) - 1, 0, -1):
        j = int(unit(key, SHUFFLE, slot, len(values) - 1 - i) * (i + 1))
        values[i], values[j] = values[j], values[i]


# ------------------------------------------------------------------------------------------------ counts
# log k! - log(sqrt(2 pi k) (k / e)^k) for k = 1 .. 9; the first entry is not used
STIRLING = (0.0, 0.08106146679532726, 0.0413406959554093, 0.02767792568499834, 0.020790672103765093,
            0.016644691189821193, 0.013876128823070748, 0.01189670994589177, 0.010411265261972096, 0.009255462182712733)  # fmt: skip
LOG_2PI = 1.8378770664093453
FEW = 10.0  #: a mean up to which counts are drawn by inversion, from which by rejection


def _stirling(k: Any) -> Any:
    """log k! - log(sqrt(2 pi k) (k / e)^k) of a whole k >= 1, to 2e-14."""
    if k < 10.0:
        return STIRLING[int(k)]
    r = 1.0 / (k * k)
    return (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - r / 1188.0) * r) * r) * r) / k


def _deviance(x: Any, mean: Any) -> Any:
    """x log(x / mean) + mean - x without cancellation [Loader2000]_; x, mean > 0."""
    d = x - mean
    v = d / (x + mean)
    if abs(v) >= 0.1:
        return x * log(x / mean) - d
    total, term, v2, j = d * v, 2.0 * x * v, v * v, 3.0
    while True:
        term *= v2
        longer = total + term / j
        if longer == total:
            return total
        total = longer
        j += 2.0


def _log_complement(p: Any) -> Any:
    """log(1 - p) of a p in [0, 1/2], to a few ulp."""
    w = 1.0 - p
    return -p if w == 1.0 else log(w) * p / (1.0 - w)


def log_binomial(k: Any, n: Any, p: Any) -> Any:
    """Log-probability of k successes among n trials, whole 0 <= k <= n, 0 < p <= 1/2: its error does not grow with n.

    >>> abs(log_binomial(1.0, 2.0, 0.5) - log(0.5)) < 1e-15
    True
    """
    if k == 0.0:
        return n * _log_complement(p)
    if k == n:
        return n * log(p)
    rest = n - k
    return _stirling(n) - _stirling(k) - _stirling(rest) - _deviance(k, n * p) - _deviance(rest, n * (1.0 - p)) + 0.5 * (log(n / k / rest) - LOG_2PI)


def _log_poisson(k: Any, mean: Any) -> Any:
    return -mean if k == 0.0 else -_stirling(k) - _deviance(k, mean) - 0.5 * (log(k) + LOG_2PI)


def _search(key: Any, slot: Any, salt: Any, first: Any, odds: Any, n: Any) -> Any:
    """By inversion, upwards from 0: P(0) = first, P(x) / P(x - 1) = odds (n - x + 1) / x, or odds / x for an infinite n."""
    i = 0
    while True:
        u = open_unit(key, salt, slot, i)
        i += 1
        x, chance = 0.0, first
        while u >= chance and x < 90.0:  # beyond 90: below 1e-50 at a mean of 10, so what is left of u is rounding: again
            u -= chance
            x += 1.0
            chance *= odds / x if n == math.inf else odds * (n - x + 1.0) / x
        if x < 90.0 and x <= n:
            return x


def binomial(key: Any, slot: Any, n: Any, p: Any) -> Any:
    """Number of successes among n trials of probability p, a float64 whole number: the exact law for n up to 1e15.

    Inversion where the mean (or n less the mean) is below 10, else transformed rejection (BTRS, [Hormann1993]_) with
    probabilities that do not cancel [Loader2000]_. No word is used where the result is certain. binomial(key, slot, n,
    1 - p) is n less what p gives, where 1 - p is exact and p is not 1/2.

    >>> key = nature_key(1, 0, 0, ROUND)
    >>> binomial(key, 0, 10, 0.0), binomial(key, 0, 10, 1.0), binomial(key, 0, 0, 0.5)
    (0.0, 10.0, 0.0)
    >>> abs(binomial(key, 1, 1e12, 0.3) - 0.3e12) < 3e6
    True
    """
    n, p = float(n), float(p)
    if not (n > 0.0 and p > 0.0):
        return 0.0
    if p >= 1.0:
        return n
    if p > 0.5:
        return n - _successes(key, slot, n, 1.0 - p)
    return _successes(key, slot, n, p)


def _successes(key: Any, slot: Any, n: Any, p: Any) -> Any:
    """Binomial(n, p), 0 < p <= 1/2, n >= 1."""
    if n * p < FEW:
        return _search(key, slot, BINOMIAL, exp(n * _log_complement(p)), p / (1.0 - p), n)
    spread = math.sqrt(n * p * (1.0 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    centre, steep, quick = n * p + 0.5, (2.83 + 5.1 / b) * spread, 0.92 - 4.2 / b
    mode = log_binomial(math.floor((n + 1.0) * p), n, p)
    i = 0
    while True:
        u, v = open_unit(key, BINOMIAL, slot, i) - 0.5, open_unit(key, BINOMIAL + 1, slot, i)
        i += 1
        us = 0.5 - abs(u)
        k = float(math.floor((2.0 * a / us + b) * u + centre))
        if us >= 0.07 and v <= quick:
            return k
        if 0.0 <= k <= n and log(v * steep / (a / (us * us) + b)) <= log_binomial(k, n, p) - mode:
            return k


def poisson(key: Any, slot: Any, mean: Any) -> Any:
    """Poisson, a float64 whole number: the exact law for means up to 1e15; 0 where the mean is not above 0.

    Inversion below a mean of 10, else transformed rejection (PTRS, [HormannPoisson1993]_).

    >>> key = nature_key(1, 0, 0, ROUND)
    >>> poisson(key, 0, 0.0), abs(poisson(key, 1, 1e12) - 1e12) < 1e7
    (0.0, True)
    """
    mean = float(mean)
    if not mean > 0.0:
        return 0.0
    if mean < FEW:
        return _search(key, slot, POISSON, exp(-mean), mean, math.inf)
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    steep, quick = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2.0)
    i = 0
    while True:
        u, v = open_unit(key, POISSON, slot, i) - 0.5, open_unit(key, POISSON + 1, slot, i)
        i += 1
        us = 0.5 - abs(u)
        k = float(math.floor((2.0 * a / us + b) * u + mean + 0.43))
        if us >= 0.07 and v <= quick:
            return k
        if k >= 0.0 and (us >= 0.013 or v <= us) and log(v * steep / (a / (us * us) + b)) <= _log_poisson(k, mean):
            return k
