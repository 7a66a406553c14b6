"""Organisations of agents that vote: what a tree of majorities keeps of a weak signal, and which budget it needs to beat one agent [Liu2026]_.

Answers are +1 or -1, an agent's bias is mu = 2 P(right) - 1. A node takes the majority of b messages, b odd. A message keeps the fraction gamma of
its bias (`fidelity`), and with probability rho (`correlation`) all b received messages are one and the same, so that any two have correlation rho;
all luck is fresh at every node. With the odd, concave f_b(mu) = E sign(Z_1 + ... + Z_b), one level maps mu to F(mu) = rho gamma mu +
(1 - rho) f_b(gamma mu), and F'(0) = alpha decides.

With correlated="sent" the shared bit is drawn before the channel and then sent b times: the first term becomes rho mu f_b(gamma). All arguments broadcast as
numpy's do. Tags: [S2] as a public note on the paper quotes it, [D] derived by us and checked by the tests, [R] a reconstruction of ours.
"""

import math
from functools import cache
from typing import Any

import numpy as np
from scipy import special

from ..arguments import BadType, BadValue, array, choice

_BELOW_ONE = math.nextafter(1.0, 0.0)
_TINY = math.nextafter(0.0, 1.0)


# ------------------------------------------------------------------------------------------------ what came in
def _real(name: str, value: Any, low: float = -math.inf, high: float = math.inf, allowed: str = "") -> np.ndarray:
    """Numbers of any shape in [low, high]; `allowed` says it in words where an end is open."""
    try:
        shape = np.shape(value)
    except ValueError:
        raise BadType(f"{name}: got lists of several lengths; allowed: a number or an array of numbers") from None
    if np.asarray(value).dtype == bool:
        raise BadType(f"{name}: got {value!r}; allowed: a number or an array of numbers")
    out = array(name, value, (None,) * len(shape))
    bad = (out < low) | (out > high)
    if bad.any():
        raise BadValue(f"{name}: got {out[bad].flat[0]:.17g}; allowed: {allowed or f'numbers in [{low:g}, {high:g}]'}")
    return out


def _positive(name: str, value: Any) -> np.ndarray:
    return _real(name, value, _TINY, allowed="numbers > 0")


def _odd(fan_in: Any) -> np.ndarray:
    b = _real("fan_in", fan_in)
    bad = (b < 3) | (b > 2**53) | (b % 2.0 != 1.0)
    if bad.any():
        raise BadValue(
            f"fan_in: got {b[bad].flat[0]:g}; allowed: odd whole numbers, at least 3 (an even group needs a rule for ties: with fair ones b votes as b - 1)"
        )
    return b


def _group(fan_in: Any) -> np.ndarray:
    b = _real("fan_in", fan_in, 2.0)
    if (b != np.floor(b)).any():
        raise BadValue(f"fan_in: got {b[b != np.floor(b)].flat[0]:g}; allowed: whole numbers, at least 2")
    return b


def _counts(name: str, value: Any, low: int) -> np.ndarray:
    n = _real(name, value, low)
    if (n != np.floor(n)).any():
        raise BadValue(f"{name}: got {n[n != np.floor(n)].flat[0]:g}; allowed: whole numbers, at least {low}")
    return n


def _correlation(value: Any) -> np.ndarray:
    return _real("correlation", value, 0.0, _BELOW_ONE, "numbers in [0, 1)")


def _fidelity(value: Any) -> np.ndarray:
    return _real("fidelity", value, 0.0, 1.0)


def _out(value: Any) -> Any:
    """A float for a single number, else an array."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value)


# ------------------------------------------------------------------------------------------------ one majority
@cache
def _slope(b: int) -> float:
    """b C(b-1, h) / 2^(b-1): whole numbers, divided once and rounded once; beyond 20,001 the series of Gamma(h + 1/2) / Gamma(h + 1)."""
    h = (b - 1) // 2
    if b <= 20001:
        return b * math.comb(b - 1, h) / 2 ** (b - 1)
    u = 1.0 / h
    return b * (1.0 - u / 8 * (1.0 - u / 16 * (1.0 + 5 * u / 8 * (1.0 - 21 * u / 160)))) / math.sqrt(math.pi * h)


def _slopes(b: np.ndarray) -> np.ndarray:
    values, back = np.unique(b, return_inverse=True)
    return np.array([_slope(int(v)) for v in values]).reshape(-1)[back].reshape(b.shape)


def _majority(mu: np.ndarray, b: np.ndarray) -> np.ndarray:
    """f_b(mu) = sign(mu) I(mu^2; 1/2, (b+1)/2), no digits lost at small mu; beyond b = 301 by `_wide`."""
    h = (b - 1.0) / 2.0
    small, wide = h * mu * mu < 1e-18, b > 301.0
    value = special.betainc(0.5, np.where(wide, 2.0, h + 1.0), mu * mu)
    if wide.any():
        value = np.where(wide, _wide(mu, np.where(wide, h, 151.0)), value)
    return np.where(small, _slopes(b) * mu, np.sign(mu) * value)


def _wide(mu: np.ndarray, h: np.ndarray) -> np.ndarray:
    """|f_b(mu)| for large b: with e^(-y^2) = 1 - u^2, (1 - u^2)^h du = e^(-(h + 3/4) y^2) (1 - y^4/48 + y^8/2560 - ...) dy."""
    a = h + 0.75
    with np.errstate(divide="ignore"):
        x = -a * np.log1p(-mu * mu)
    first, second = 1.0 / (64.0 * a**2), 21.0 / (8192.0 * a**4)  # of the whole line: 3/4 of 1/48, 105/16 of 1/2560
    part = special.erf(np.sqrt(x)) - first * special.gammainc(2.5, x) + second * special.gammainc(4.5, x)
    return part / (1.0 - first + second)


def majority_slope(fan_in: Any) -> Any:
    """f_b'(0) = b C(b-1, h) / 2^(b-1) with h = (b-1)/2, which is E |S_b| of a fair walk: between sqrt(2b/pi) and sqrt(b) [S2].

    Parameters
    ----------
    fan_in : odd b >= 3.

    Examples
    --------
    >>> majority_slope([3, 5, 7]).tolist()
    [1.5, 1.875, 2.1875]
    """
    return _out(_slopes(_odd(fan_in)))


def majority_map(bias: Any, fan_in: Any) -> Any:
    """f_b(mu) = E sign(Z_1 + ... + Z_b) = f_b'(0) int_0^mu (1 - u^2)^h du: the bias of a majority of b independent votes of bias mu [D].

    Odd, increasing, concave on [0, 1], f_b(1) = 1. b = 3: (3 mu - mu^3) / 2. Computed as sign(mu) I(mu^2; 1/2, (b+1)/2), the regularised
    incomplete beta function, for large b by its uniform expansion: to 1e-14, relative, for every b up to 2^53.

    Parameters
    ----------
    bias : mu in [-1, 1]. fan_in : odd b >= 3.

    Examples
    --------
    >>> round(majority_map(0.5, 3), 12), round(majority_map(0.5, 5), 12)
    (0.6875, 0.79296875)
    """
    mu, b = np.broadcast_arrays(_real("bias", bias, -1.0, 1.0), _odd(fan_in))
    return _out(_majority(mu, b))


# ------------------------------------------------------------------------------------------------ one level
class _Level:
    """F(mu) = first mu + second f_b(gamma mu), its pieces broadcast to one shape."""

    def __init__(self, fan_in: Any, correlation: Any, fidelity: Any, correlated: str, *more: np.ndarray) -> None:
        b, rho, g, *self.more = np.broadcast_arrays(_odd(fan_in), _correlation(correlation), _fidelity(fidelity), *more)
        sent = choice("correlated", correlated, ("received", "sent")) == "sent"
        self.b, self.rho, self.g, self.slope = b, rho, g, _slopes(b)
        self.first = rho * (_majority(g, b) if sent else g)
        self.second = 1.0 - rho
        # for b received messages factored, so that published critical points come out as 1 exactly
        self.alpha = self.first + (1.0 - rho) * g * self.slope if sent else g * (rho + (1.0 - rho) * self.slope)

    def map(self, mu: np.ndarray) -> np.ndarray:
        return self.first * mu + self.second * _majority(self.g * mu, self.b)

    def derivative(self, mu: np.ndarray) -> np.ndarray:
        h = (self.b - 1.0) / 2.0
        with np.errstate(divide="ignore"):
            rest = np.exp(special.xlog1py(h, -((self.g * mu) ** 2)))
        return self.first + self.second * self.g * self.slope * rest

    def shortfall(self, mu: np.ndarray, growth: np.ndarray) -> np.ndarray:
        """growth mu - F(mu), by the series of F where that difference would lose digits."""
        z, h = self.g * mu, (self.b - 1.0) / 2.0
        t, total, term = z * z, np.zeros_like(z), np.ones_like(z)
        near = h * t < 0.1
        for k in range(1, 16):
            term = term * np.where(near, -(h - (k - 1)) / k * t, 0.0)
            total -= term / (2 * k + 1)
        series = (growth - self.alpha + self.second * self.g * self.slope * total) * mu
        return np.where(near, series, growth * mu - self.map(mu))

    def crossing(self, growth: np.ndarray) -> np.ndarray:
        """The mu in (0, 1] with F(mu) = growth mu, where growth >= 1; 0 where alpha <= growth.

        F(mu) - growth mu is concave and not positive at 1, so that Newton's steps from 1 fall to the root and never pass it.
        """
        alive, mu = self.alpha > growth, np.ones(self.alpha.shape)
        for _ in range(500):
            gap, steep = self.shortfall(mu, growth), growth - self.derivative(mu)
            falls = alive & (gap > 0.0) & (steep > 0.0)
            new = np.where(falls, np.maximum(mu - gap / np.where(falls, steep, 1.0), 0.0), mu)
            if not (mu - new > 1e-16 * mu).any():
                break
            mu = new
        return np.where(alive, mu, 0.0)

    def fixed(self) -> np.ndarray:
        star = np.minimum(self.crossing(np.ones(self.alpha.shape)), _BELOW_ONE)  # 1 - 1e-20 is not to be mistaken for 1
        return np.where((self.g == 1.0) & (self.alpha > 1.0), 1.0, star)


def level_map(bias: Any, fan_in: Any, correlation: Any = 0.0, fidelity: Any = 1.0, correlated: str = "received") -> Any:
    """F(mu) = rho gamma mu + (1 - rho) f_b(gamma mu): the bias one level up [S2].

    Parameters
    ----------
    bias : mu in [-1, 1]. fan_in : odd b >= 3. correlation : rho in [0, 1). fidelity : gamma in [0, 1], the factor on the bias of a message.
    correlated : "received", the shared failure replaces the b received messages, or "sent", it comes before the channel and is sent b times:
        rho mu f_b(gamma) + (1 - rho) f_b(gamma mu).

    Examples
    --------
    >>> round(level_map(0.05, 3, fidelity=0.9), 10), round(level_map(1.0, 3, 0.2, 0.9), 4)
    (0.0674544375, 0.9684)
    """
    level = _Level(fan_in, correlation, fidelity, correlated, _real("bias", bias, -1.0, 1.0))
    return _out(level.map(level.more[0]))


def level_slope(bias: Any, fan_in: Any, correlation: Any = 0.0, fidelity: Any = 1.0, correlated: str = "received") -> Any:
    """F'(mu) = rho gamma + (1 - rho) gamma f_b'(0) (1 - gamma^2 mu^2)^h; at mu* the factor by which |mu_t - mu*| shrinks each level [D].

    Parameters
    ----------
    As for `level_map`. For b = 3, F'(mu*) = 3 - 2 alpha where that is below 1.

    Examples
    --------
    >>> round(level_slope(fixed_point(3, 0.0, 0.9), 3, 0.0, 0.9), 12)
    0.3
    """
    level = _Level(fan_in, correlation, fidelity, correlated, _real("bias", bias, -1.0, 1.0))
    return _out(level.derivative(level.more[0]))


def amplification(fan_in: Any, correlation: Any = 0.0, fidelity: Any = 1.0, correlated: str = "received") -> Any:
    """alpha = F'(0) = gamma (rho + (1 - rho) f_b'(0)): at most 1, a deep tree forgets everything; above, the signal survives ([S2], Theorem 4).

    Parameters
    ----------
    fan_in : odd b >= 3. correlation : rho in [0, 1). fidelity : gamma in [0, 1].
    correlated : as for `level_map`; "sent" gives rho f_b(gamma) + (1 - rho) gamma f_b'(0).

    Examples
    --------
    >>> amplification(3, 0.5, 0.8), round(amplification(5, 0.2, 0.8), 12)
    (1.0, 1.36)
    """
    return _out(_Level(fan_in, correlation, fidelity, correlated).alpha)


def tree_bias(start_bias: Any, depth: int, fan_in: Any, correlation: Any = 0.0, fidelity: Any = 1.0, correlated: str = "received") -> Any:
    """mu_L, the bias of the root of a tree of `depth` levels: mu_(t+1) = F(mu_t) from mu_0 [S2].

    Parameters
    ----------
    start_bias : mu_0 in [-1, 1], of the leaves. depth : whole numbers >= 0, one or an array. Others as for `level_map`.

    Examples
    --------
    >>> round(tree_bias(0.1, 4, 3, fidelity=0.9), 5), round(tree_bias(0.2, 2, 7, 0.1, 0.85), 5)
    (0.32155, 0.55567)
    """
    level = _Level(fan_in, correlation, fidelity, correlated, _real("start_bias", start_bias, -1.0, 1.0), _counts("depth", depth, 0))
    mu, depths = level.more
    for t in range(int(depths.max())):
        new = np.where(t < depths, level.map(mu), mu)
        if np.array_equal(new, mu):
            break
        mu = new
    return _out(mu)


# ------------------------------------------------------------------------------------------------ many levels
def fixed_point(fan_in: Any, correlation: Any = 0.0, fidelity: Any = 1.0, correlated: str = "received") -> Any:
    """mu* = lim mu_t from any mu_0 > 0: the root of F(mu) = mu in (0, 1) where alpha > 1, 0 where alpha <= 1, 1 where gamma = 1 and nowhere else [S2].

    For b = 3, mu* = sqrt(2 (alpha - 1) / ((1 - rho) gamma^3)) [D]. F is concave, so that Newton's method from 1 falls to the root; what
    is left is the rounding of alpha, a relative error of up to 6e-16 / (alpha - 1).

    Parameters
    ----------
    As for `amplification`.

    Examples
    --------
    >>> fixed_point(3, 0.0, [0.6, 0.7, 0.8, 0.9, 1.0]).round(6).tolist()
    [0.0, 0.539949, 0.883883, 0.979908, 1.0]
    """
    return _out(_Level(fan_in, correlation, fidelity, correlated).fixed())


def fixed_point_ceiling(correlation: Any, fidelity: Any) -> Any:
    """lim mu* as b -> infinity: (1 - rho) / (1 - rho gamma), for shared failures among the received messages [D].

    Parameters
    ----------
    correlation : rho in [0, 1). fidelity : gamma in (0, 1].

    Examples
    --------
    >>> round(fixed_point_ceiling(0.2, 0.9), 6), round(fixed_point(1000001, 0.2, 0.9), 6)
    (0.97561, 0.97561)
    """
    rho, g = _correlation(correlation), _real("fidelity", fidelity, _TINY, 1.0, "numbers in (0, 1]")
    return _out((1.0 - rho) / (1.0 - rho * g))


def _settle(value: np.ndarray, alpha: Any, to: float) -> np.ndarray:
    """Moves a critical value by ulps, until alpha there is not above 1 in floating point either."""
    for _ in range(8):
        over = alpha(value) > 1.0
        if not over.any():
            break
        value = np.where(over, np.nextafter(value, to), value)
    return value


def critical_fidelity(fan_in: Any, correlation: Any = 0.0, correlated: str = "received") -> Any:
    """gamma_c = 1 / (rho + (1 - rho) f_b'(0)), where alpha = 1 [D]; (1 - gamma_c) / 2 is the critical probability of a flip.

    With correlated="sent" the root of rho f_b(gamma) + (1 - rho) gamma f_b'(0) = 1. At the number returned `amplification` is at most 1: nothing survives.

    Parameters
    ----------
    fan_in : odd b >= 3. correlation : rho in [0, 1).

    Examples
    --------
    >>> critical_fidelity([3, 5, 7]).round(6).tolist()
    [0.666667, 0.533333, 0.457143]
    """
    level = _Level(fan_in, correlation, 1.0, correlated)

    def alpha(g: np.ndarray) -> np.ndarray:
        return np.asarray(amplification(level.b, level.rho, g, correlated))

    if correlated == "received":
        return _out(_settle(1.0 / level.alpha, alpha, 0.0))
    low, high = np.zeros(level.b.shape), np.ones(level.b.shape)
    for _ in range(60):
        middle = 0.5 * (low + high)
        over = alpha(middle) > 1.0
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return _out(low)


def critical_correlation(fan_in: Any, fidelity: Any = 1.0, correlated: str = "received") -> Any:
    """rho_c = (f_b'(0) - 1/gamma) / (f_b'(0) - 1), where alpha = 1 [D]: alpha > 1 below it. 0 where independent messages collapse already.

    With correlated="sent", (gamma f_b'(0) - 1) / (gamma f_b'(0) - f_b(gamma)).

    Parameters
    ----------
    fan_in : odd b >= 3. fidelity : gamma in (0, 1].

    Examples
    --------
    >>> critical_correlation([3, 5, 7], 0.9).round(6).tolist()
    [0.777778, 0.873016, 0.906433]
    """
    level = _Level(fan_in, 0.0, _real("fidelity", fidelity, _TINY, 1.0, "numbers in (0, 1]"), correlated)
    shared = level.g if correlated == "received" else _majority(level.g, level.b)
    rho = np.clip((level.alpha - 1.0) / (level.alpha - shared), 0.0, 1.0)

    def alpha(r: np.ndarray) -> np.ndarray:
        return np.where(rho == 0.0, 0.0, np.asarray(amplification(level.b, np.minimum(r, _BELOW_ONE), level.g, correlated)) * (r < 1.0))

    return _out(_settle(rho, alpha, 1.0))


def organisation_exponent(fan_in: Any, correlation: Any = 0.0, fidelity: Any = 1.0, correlated: str = "received") -> Any:
    """s = ln alpha / ln b: a weak signal grows as N^s with the N = b^L leaves. Always below 1/2 ([S2], Theorem 5; the bound [D]).

    Parameters
    ----------
    As for `amplification`; -inf at fidelity 0.

    Examples
    --------
    >>> organisation_exponent([3, 5, 7]).round(6).tolist()
    [0.36907, 0.390577, 0.402259]
    """
    level = _Level(fan_in, correlation, fidelity, correlated)
    with np.errstate(divide="ignore"):
        return _out(np.log(level.alpha) / np.log(level.b))


def mixing_depth(start_bias: Any, fan_in: Any, correlation: Any = 0.0, fidelity: Any = 1.0, correlated: str = "received") -> Any:
    """L_mix = ln(mu* / mu_0) / ln alpha: the depth at which growth by alpha would reach mu*; more depth buys little. N_mix = b^L_mix = (mu*/mu_0)^(1/s) [D].

    0 where mu_0 >= mu*, so also where alpha <= 1: no depth gains anything. The paper defines a mixing depth too; its constants were not available.

    Parameters
    ----------
    start_bias : mu_0 in (0, 1]. Others as for `amplification`.

    Examples
    --------
    >>> round(mixing_depth(0.01, 3, 0.0, 0.9), 3), round(mixing_depth(0.01, 5, 0.0, 0.9), 3)
    (15.278, 8.796)
    """
    level = _Level(fan_in, correlation, fidelity, correlated, _real("start_bias", start_bias, _TINY, 1.0, "numbers in (0, 1]"))
    mu, star = level.more[0], level.fixed()
    grows = star > mu
    return _out(np.where(grows, np.log(np.where(grows, star, 1.0) / mu), 0.0) / np.log(np.where(grows, level.alpha, 2.0)))


def clipped_bias(
    start_bias: Any, depth: Any, fan_in: Any, correlation: Any = 0.0, fidelity: Any = 1.0, eta: Any = None, correlated: str = "received"
) -> tuple[Any, Any]:
    """(lower, upper), two closed forms with lower <= mu_t <= upper: a signal that grows by a factor and is clipped [D].

    From mu_0 <= mu*: upper = min(alpha^t mu_0, mu*), and lower = min(((1 - eta) alpha)^t mu_0, mu_eta), F(mu_eta) = (1 - eta) alpha mu_eta. From mu_0 > mu*
    (always where alpha <= 1): upper = mu* + F'(mu*)^t (mu_0 - mu*) and lower = max(mu*, (F(mu_0) / mu_0)^t mu_0). All four use only that F is concave.

    Parameters
    ----------
    start_bias : mu_0 in (0, 1]. depth : t, whole numbers >= 0.
    eta : in [0, 1) with (1 - eta) alpha > 1 wherever mu_0 < mu*; unless given, the eta for which the lower bound is best, for each t.
    Others as for `amplification`.

    Departures from the paper
    -------------------------
    Its "conservative clipped predictor" has constants that were not available; the lower bound is ours.

    Examples
    --------
    >>> [round(x, 6) for x in clipped_bias(0.05, 3, 3, 0.0, 0.9)], round(tree_bias(0.05, 3, 3, 0.0, 0.9), 6)
    ([0.121552, 0.123019], 0.12251)
    """
    told = np.zeros(()) if eta is None else _real("eta", eta, 0.0, _BELOW_ONE, "numbers in [0, 1)")
    start = _real("start_bias", start_bias, _TINY, 1.0, "numbers in (0, 1]")
    level = _Level(fan_in, correlation, fidelity, correlated, start, _counts("depth", depth, 0), told)
    mu, t, given = level.more
    star = level.fixed()
    rises = mu < star
    with np.errstate(over="ignore"):
        upper = np.where(rises, np.minimum(level.alpha**t * mu, star), star + level.derivative(star) ** t * (mu - star))
        lower = np.maximum(star, np.minimum(level.map(mu) / mu, 1.0) ** t * mu)
        if eta is None:
            low, high = mu, np.where(rises, star, mu)
            for _ in range(60):  # the best eta: the largest m with F(m) / m >= (m / mu_0)^(1/t), whose sides fall and rise
                middle = np.sqrt(low) * np.sqrt(high)
                fits = level.map(middle) / middle >= (middle / mu) ** (1.0 / np.maximum(t, 1.0))
                low, high = np.where(fits, middle, low), np.where(fits, high, middle)
            clipped = np.where(t > 0, low, mu)
        else:
            growth = (1.0 - given) * level.alpha
            bad = rises & (growth <= 1.0)
            if bad.any():
                raise BadValue(f"eta: got {given[bad].flat[0]:g}; allowed: (1 - eta) alpha > 1, alpha = {level.alpha[bad].flat[0]:.6g}")
            growth = np.where(rises, growth, 1.0)
            clipped = np.minimum(growth**t * mu, level.crossing(growth))
        lower = np.where(rises, clipped, lower)
    return _out(lower), _out(upper)


# ------------------------------------------------------------------------------------------------ messages that are lost
def abstention_map(bias: Any, fan_in: Any, correlation: Any = 0.0, fidelity: Any = 1.0) -> Any:
    """One level where a message is lost with probability 1 - gamma, those that arrive vote, and ties (nothing arrived, too) are fair coins [D].

    (1 - rho) sum over k of P(K = k) f_k(mu) + rho mu (1 - (1 - gamma)^b), K ~ Bin(b, gamma); f_k = f_(k-1) for even k, f_0 = 0. In the second term
    one bit is sent b times and counts where any of them arrives [R].

    Parameters
    ----------
    As for `level_map`; the time grows with fan_in.

    Examples
    --------
    >>> round(abstention_map(0.1, 3, 0.0, 0.8), 6), round(level_map(0.1, 3, 0.0, 0.8), 6)
    (0.124544, 0.119744)
    """
    mu, b, rho, g = np.broadcast_arrays(_real("bias", bias, -1.0, 1.0), _odd(fan_in), _correlation(correlation), _fidelity(fidelity))
    return _out(rho * mu * _any_arrives(b, g) + (1.0 - rho) * _over_arrivals(b, g, lambda k, m: _majority(mu[..., None], k)))


def abstention_slope(fan_in: Any, correlation: Any = 0.0, fidelity: Any = 1.0) -> Any:
    """The slope of `abstention_map` at 0: at rho = 0 E |S_K|, K ~ Bin(b, gamma), which is at least gamma f_b'(0) [D]. b = 3: 3 g - 3 g^2 + 1.5 g^3.

    Parameters
    ----------
    As for `amplification`.

    Examples
    --------
    >>> round(abstention_slope(3, 0.0, 0.8), 12), round(amplification(3, 0.0, 0.8), 12)
    (1.248, 1.2)
    """
    b, rho, g = np.broadcast_arrays(_odd(fan_in), _correlation(correlation), _fidelity(fidelity))
    return _out(rho * _any_arrives(b, g) + (1.0 - rho) * _over_arrivals(b, g, lambda k, m: _slopes(k)))


def _any_arrives(b: np.ndarray, g: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return -np.expm1(special.xlog1py(b, -g))


def _over_arrivals(b: np.ndarray, g: np.ndarray, value: Any) -> np.ndarray:
    """sum over k >= 1 of P(Bin(b, g) = k) value(the odd one of k, k - 1)."""
    from scipy.stats import binom

    k = np.arange(1.0, b.max() + 1.0 if b.size else 1.0)
    return np.sum(binom.pmf(k, b[..., None], g[..., None]) * value(k - 1.0 + k % 2.0, k), axis=-1)


def abstention_critical_fidelity(fan_in: Any, correlation: Any = 0.0) -> Any:
    """The gamma where `abstention_slope` is 1, by bisection: below `critical_fidelity` [D].

    Parameters
    ----------
    fan_in : odd b >= 3. correlation : rho in [0, 1).

    Examples
    --------
    >>> abstention_critical_fidelity([3, 5, 7]).round(6).tolist()
    [0.557507, 0.347927, 0.252895]
    """
    b, rho = np.broadcast_arrays(_odd(fan_in), _correlation(correlation))
    low, high = np.zeros(b.shape), np.ones(b.shape)
    for _ in range(54):
        middle = 0.5 * (low + high)
        over = np.asarray(abstention_slope(b, rho, middle)) > 1.0
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return _out(low)


# ------------------------------------------------------------------------------------------------ budgets
def leaf_bias(compute: Any, beta: Any, leaf_scale: Any) -> Any:
    """mu_0(x) = min(1, kappa x^beta): what an agent's answer is worth after x tokens (the exponent [S2], kappa and the cap [R]).

    Parameters
    ----------
    compute : x >= 0, tokens. beta > 0. leaf_scale : kappa >= 0.

    Examples
    --------
    >>> leaf_bias(100.0, 0.5, 0.02), leaf_bias(1e6, 0.5, 0.02)
    (0.2, 1.0)
    """
    return _out(np.minimum(1.0, _real("leaf_scale", leaf_scale, 0.0) * _real("compute", compute, 0.0) ** _positive("beta", beta)))


def node_cost(fan_in: Any, message_length: Any) -> Any:
    """c0 = 2 m b / (b - 1), tokens: each edge costs 2m, written once and read once, so that B = N x + c0 (N - 1) exactly for N leaves of x tokens [S2].

    Parameters
    ----------
    fan_in : b >= 2, whole. message_length : m > 0, tokens.

    Examples
    --------
    >>> node_cost(3, 50), node_cost(5, 50)
    (150.0, 125.0)
    """
    b = _group(fan_in)
    return _out(2.0 * _positive("message_length", message_length) * b / (b - 1.0))


def largest_fan_in(window: Any, message_length: Any) -> Any:
    """The largest odd b with b m <= W: what a node can read [S2].

    Parameters
    ----------
    window : W, tokens, at least 3 messages. message_length : m > 0, tokens.

    Examples
    --------
    >>> largest_fan_in([150, 400, 449, 450], 50).tolist()
    [3.0, 7.0, 7.0, 9.0]
    """
    w, m = np.broadcast_arrays(_positive("window", window), _positive("message_length", message_length))
    fits = np.floor(w / m)
    fits = np.where((fits + 1.0) * m <= w, fits + 1.0, np.where(fits * m > w, fits - 1.0, fits))
    if (fits < 3.0).any():
        raise BadValue(f"window: got {w[fits < 3.0].flat[0]:g}; allowed: at least three messages, {3.0 * m[fits < 3.0].flat[0]:g} tokens")
    return _out(fits - (fits % 2.0 == 0.0))


def optimal_leaf_compute(beta: Any, fan_in: Any, message_length: Any, exponent: Any) -> Any:
    """x* = beta c0 / (t - beta), tokens a leaf, maximises N^t x^beta under B = N (x + c0); infinite where t <= beta: one agent gets all ([S2], Theorem 9).

    Parameters
    ----------
    beta > 0. fan_in, message_length : as for `node_cost`. exponent : t, s of `organisation_exponent` for votes, 1/2 for averages.

    Examples
    --------
    >>> round(optimal_leaf_compute(0.2, 3, 50, organisation_exponent(3)), 3), optimal_leaf_compute(0.5, 3, 50, 0.4)
    (177.441, inf)
    """
    beta, c0, t = np.broadcast_arrays(_positive("beta", beta), node_cost(fan_in, message_length), _real("exponent", exponent, high=1.0))
    return _out(np.where(t > beta, beta * c0 / np.where(t > beta, t - beta, 1.0), np.inf))


def smooth_value(budget: Any, leaf_scale: Any, beta: Any, fan_in: Any, message_length: Any, exponent: Any) -> Any:
    """G* = kappa B^s beta^beta (s - beta)^(s - beta) / (s^s c0^(s - beta)): the root bias at x*, for a weak signal and real N [D]; kappa B^beta if s <= beta.

    Parameters
    ----------
    budget : B > 0, tokens. leaf_scale : kappa >= 0. Others as for `optimal_leaf_compute`.

    Examples
    --------
    >>> round(smooth_value(1e5, 0.01, 0.2, 5, 50, 0.35871), 6), round(0.01 * 1e5**0.2, 6)
    (0.22584, 0.1)
    """
    budget, kappa, beta, c0, s = np.broadcast_arrays(
        _positive("budget", budget),
        _real("leaf_scale", leaf_scale, 0.0),
        _positive("beta", beta),
        node_cost(fan_in, message_length),
        _real("exponent", exponent, high=1.0),
    )
    gain, tree = np.where(s > beta, s - beta, 0.0), np.where(s > beta, s, beta)
    with np.errstate(over="ignore"):
        log = tree * np.log(budget) + beta * np.log(beta) + special.xlogy(gain, np.maximum(gain, _TINY)) - tree * np.log(tree) - gain * np.log(c0)
        return _out(kappa * np.exp(log))


def budget_threshold(beta: Any, fan_in: Any, message_length: Any, exponent: Any, depth: Any = None) -> Any:
    """The budget from which a tree of weak signals beats one agent, tokens; infinite where s <= beta [D].

    With a depth, at exact cost: B_L = c0 (N - 1) / (1 - N^(1 - s/beta)), N = b^depth; it rises with N and tends to x* as N -> 1. Without, for real N and
    B = N (x + c0): B_c = c0 / (s - beta) (s^s / beta^beta)^(1 / (s - beta)). The paper has explicit thresholds too; their form was not available.

    Parameters
    ----------
    beta, fan_in, message_length, exponent : as for `optimal_leaf_compute`. depth : L > 0, real numbers too, or None.

    Examples
    --------
    >>> s = organisation_exponent(3)
    >>> round(budget_threshold(0.2, 3, 50, s), 1), budget_threshold(0.2, 3, 50, s, depth=[1, 2, 3]).round(2).tolist()
    (675.9, [495.92, 1421.93, 4156.27])
    """
    levels = np.ones(()) if depth is None else _positive("depth", depth)
    beta, b, c0, s, levels = np.broadcast_arrays(
        _positive("beta", beta), _group(fan_in), node_cost(fan_in, message_length), _real("exponent", exponent, high=1.0), levels
    )
    wins = s > beta
    over = np.where(wins, s / beta - 1.0, 1.0)
    with np.errstate(over="ignore"):
        if depth is None:
            value = c0 / (beta * over) * np.where(wins, s, 1.0) * np.exp(np.log1p(over) / over)
        else:
            size = levels * np.log(b)
            value = c0 * np.expm1(size) / -np.expm1(-over * size)
    return _out(np.where(wins, value, np.inf))


def depth_budget(beta: Any, fan_in: Any, message_length: Any, exponent: Any, depth: Any) -> Any:
    """The budget from which, at exact cost, depth L is better than depth L - 1 for a weak signal, tokens [D].

    c0 (r (b N - 1) - (N - 1)) / (r - 1) with N = b^(L - 1) and r = b^(s/beta - 1). Each is about b times the one before;
    that of L = 1 is B_1. Infinite where s <= beta.

    Parameters
    ----------
    beta, fan_in, message_length, exponent : as for `optimal_leaf_compute`. depth : L, whole numbers >= 1.

    Examples
    --------
    >>> depth_budget(0.2, 3, 50, organisation_exponent(3), [1, 2, 3, 4]).round(1).tolist()
    [495.9, 1787.8, 5663.3, 17289.8]
    """
    beta, b, c0, s, levels = np.broadcast_arrays(
        _positive("beta", beta), _group(fan_in), node_cost(fan_in, message_length), _real("exponent", exponent, high=1.0), _counts("depth", depth, 1)
    )
    wins = s > beta
    with np.errstate(over="ignore"):
        r, n = np.where(wins, b ** (s / beta - 1.0), 2.0), b ** (levels - 1.0)
        value = c0 * ((b * n - 1.0) + (b - 1.0) * n / (r - 1.0))  # r / (r - 1) = 1 + 1 / (r - 1)
    return _out(np.where(wins, value, np.inf))


# ------------------------------------------------------------------------------------------------ averages instead of votes
def leaf_variance(compute: Any, beta: Any, variance_scale: Any) -> Any:
    """v(x) = v1 x^(-2 beta), so that the root mean square error falls as x^(-beta) [R].

    Parameters
    ----------
    compute : x > 0, tokens. beta > 0. variance_scale : v1 >= 0, squared units of the answer.

    Examples
    --------
    >>> leaf_variance(100.0, 0.5, 2.0)
    0.02
    """
    return _out(_real("variance_scale", variance_scale, 0.0) * _positive("compute", compute) ** (-2.0 * _positive("beta", beta)))


def star_risk(agents: Any, variance: Any, correlation: Any, message_noise: Any) -> Any:
    """R = v (rho + (1 - rho) / N) + s2 / N: the mean of N agents at one node; its floor is rho v [D].

    Parameters
    ----------
    agents : N >= 1, whole. variance : v >= 0, of an agent's error. correlation : rho in [0, 1), of two errors.
    message_noise : s2 >= 0, the variance that a message adds.

    Examples
    --------
    >>> star_risk([2, 8, 30], 2.0, 0.3, 0.5).round(5).tolist()
    [1.55, 0.8375, 0.66333]
    """
    n, v, rho, s2 = np.broadcast_arrays(
        _counts("agents", agents, 1), _real("variance", variance, 0.0), _correlation(correlation), _real("message_noise", message_noise, 0.0)
    )
    return _out(v * (rho + (1.0 - rho) / n) + s2 / n)


def chain_risk(agents: Any, variance: Any, correlation: Any, message_noise: Any) -> Any:
    """R = v (rho + (1 - rho) / N) + s2 (N - 1) (2N - 1) / (6N): a running mean that is passed along N agents; it ends by growing as s2 N / 3 [D].

    Parameters
    ----------
    As for `star_risk`.

    Departures from the paper
    -------------------------
    Its chain was not available; this one is ours.

    Examples
    --------
    >>> chain_risk([1, 2, 3, 4, 5], 2.0, 0.3, 0.5).round(5).tolist()
    [2.0, 1.425, 1.34444, 1.3875, 1.48]
    """
    n, v, rho, s2 = np.broadcast_arrays(
        _counts("agents", agents, 1), _real("variance", variance, 0.0), _correlation(correlation), _real("message_noise", message_noise, 0.0)
    )
    return _out(v * (rho + (1.0 - rho) / n) + s2 * (n - 1.0) * (2.0 * n - 1.0) / (6.0 * n))


def best_chain_length(variance: Any, correlation: Any, message_noise: Any) -> Any:
    """N = sqrt(3 (1 - rho) v / s2 + 1/2), where `chain_risk` is least over real N; the best whole N is within 1 of it [D].

    Parameters
    ----------
    variance : v >= 0. correlation : rho in [0, 1). message_noise : s2 > 0.

    Examples
    --------
    >>> round(best_chain_length(2.0, 0.3, 0.5), 2)
    2.98
    """
    return _out(np.sqrt(3.0 * (1.0 - _correlation(correlation)) * _real("variance", variance, 0.0) / _positive("message_noise", message_noise) + 0.5))


def optimal_chain_floor(variance: Any, message_noise: Any) -> Any:
    """(-s2 + sqrt(s2^2 + 4 s2 v)) / 2: where a chain of independent agents, each with the best weights, ends up [D].

    Parameters
    ----------
    variance : v >= 0. message_noise : s2 >= 0.

    Examples
    --------
    >>> round(optimal_chain_floor(2.0, 0.5), 6)
    0.780776
    """
    v, s2 = _real("variance", variance, 0.0), _real("message_noise", message_noise, 0.0)
    root = s2 + np.sqrt(s2 * s2 + 4.0 * s2 * v)
    return _out(2.0 * s2 * v / np.where(root > 0.0, root, 1.0))


def tree_risk_floor(fan_in: Any, correlation: Any, message_noise: Any) -> Any:
    """v* = s2 / ((b - 1) (1 - rho)): what the messages of a deep tree leave of the error, whatever its leaves are [S2].

    Parameters
    ----------
    fan_in : b >= 2, whole. correlation : rho in [0, 1). message_noise : s2 >= 0.

    Examples
    --------
    >>> round(tree_risk_floor(3, 0.3, 0.5), 6)
    0.357143
    """
    return _out(_real("message_noise", message_noise, 0.0) / ((_group(fan_in) - 1.0) * (1.0 - _correlation(correlation))))


def tree_risk(depth: Any, fan_in: Any, variance: Any, correlation: Any, message_noise: Any) -> Any:
    """v_L = v* + q^L (v_0 - v*), q = rho + (1 - rho) / b: means of b at every node, the correlation drawn anew at each; v_(t+1) = q v_t + s2 / b [D].

    Parameters
    ----------
    depth : L >= 0, whole. fan_in : b >= 2, whole. Others as for `star_risk`.

    Examples
    --------
    >>> tree_risk([1, 2, 3, 4, 5, 6], 3, 2.0, 0.3, 0.5).round(5).tolist()
    [1.23333, 0.82444, 0.60637, 0.49006, 0.42803, 0.39495]
    """
    levels, b, v, rho, s2 = np.broadcast_arrays(
        _counts("depth", depth, 0), _group(fan_in), _real("variance", variance, 0.0), _correlation(correlation), _real("message_noise", message_noise, 0.0)
    )
    floor = s2 / ((b - 1.0) * (1.0 - rho))
    return _out(floor + (rho + (1.0 - rho) / b) ** levels * (v - floor))


def averaging_exponent(fan_in: Any, correlation: Any = 0.0) -> Any:
    """t = ln(1/q) / (2 ln b), q = rho + (1 - rho) / b: the root mean square error of a tree of means falls as N^(-t); 1/2 at rho = 0 [D].

    Parameters
    ----------
    fan_in : b >= 2, whole. correlation : rho in [0, 1).

    Examples
    --------
    >>> averaging_exponent(3), round(averaging_exponent(3, 0.3), 6)
    (0.5, 0.286092)
    """
    b, rho = np.broadcast_arrays(_group(fan_in), _correlation(correlation))
    return _out(-np.log(rho + (1.0 - rho) / b) / (2.0 * np.log(b)))
