"""The best organisation for a budget of tokens: one agent, or a tree of majority votes."""

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadType, BadValue, array, number, whole
from ..model import Optimum
from ..theory.majority_tree import amplification, fixed_point, largest_fan_in, leaf_bias, level_map, node_cost, optimal_leaf_compute, organisation_exponent

_MOST = 5_000_000  # organisations tried
_LOOK = 1_001  # fan-ins that a regime is judged by, where the budget does not reach further
_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """The organisation, and what it is compared with.

    `fan_in`, `message_length`, `depth` (0: one agent, then fan_in 1 and no message); `leaves`, `leaf_compute` (tokens), `leaf_bias`;
    `fidelity`, `amplification` alpha, `exponent` s and `fixed_point` of its levels (1, 1, 0 and nan for one agent); `regime`;
    `single`, the bias of one agent; `relaxed`, the bound that needs no search; `tried`, organisations.
    """

    fan_in: int
    message_length: float
    depth: int
    leaves: int
    leaf_compute: float
    leaf_bias: float
    fidelity: float
    amplification: float
    exponent: float
    fixed_point: float
    regime: str
    single: float
    relaxed: float
    tried: int


class Rule(NamedTuple):
    """What a simple rule builds, and its root bias."""

    bias: float
    fan_in: int
    message_length: float
    depth: int
    leaf_compute: float


class _Market(NamedTuple):
    """The arguments, read: messages that fit thrice, their fidelity and greatest odd fan-in."""

    budget: float
    scale: float
    beta: float
    message: np.ndarray
    fidelity: np.ndarray
    widest: np.ndarray
    correlation: float
    fan_in: int
    least: float


def organisation_search(
    budget: float,
    window: float,
    leaf_scale: float,
    beta: float,
    message_lengths: Any,
    fidelity: Any,
    correlation: float = 0.0,
    *,
    fan_in: int | None = None,
    least_compute: float = 0.0,
) -> Optimum:
    """The greatest root bias over all complete trees that a budget and a window allow, one agent among them, by trying all.

    A tree of fan-in b, odd, and depth L has N = b^L leaves; messages of m tokens are written once and read once, so with c0 = 2 m b / (b - 1)

        B = N x + c0 (N - 1),   mu_0 = min(1, kappa x^beta),   mu_(t+1) = rho g + (1 - rho) f_b(g),  g = gamma(m) mu_t,   b m <= W,

    and its value is mu_L; L = 0 is one agent with x = B. The class is finite, so `lower` = `value` = `upper`. Beside it stands a bound that needs no search,
    `plan.relaxed`: each map F is concave with F(0) = 0, so mu_L <= min(alpha^L mu_0, max(mu*, F(mu_0))), and N (x + c0) = B + c0 makes
    alpha^L mu_0 = kappa (B + c0)^s x^beta (x + c0)^-s, which rises in x up to x* = beta c0 / (s - beta) and not beyond; x <= (B - c0 (b - 1)) / b, that of one level.

    Regimes: "collapse", alpha <= 1 for every fan-in and message; "no synergy", s <= beta for every one; "below the threshold", one agent is best though
    some s > beta: the budget is small or the agent is strong; "growth", the best tree has alpha^L mu_0 < mu*; "saturation", it has not.

    Parameters
    ----------
    budget : B, tokens, at least 1. window : W, tokens, at least three of the shortest messages; messages that do not fit thrice are left out.
    leaf_scale, beta : kappa > 0 and beta > 0 of the leaf's bias.
    message_lengths : (M,) or one number, tokens, > 0.
    fidelity : gamma in (0, 1]: a function of one message length, or an array (M,) beside them, or one number for all. See `exponential_fidelity`.
    correlation : rho in [0, 1), of the messages that reach one node.
    fan_in : only this one, odd; None for every odd one from 3 to floor(W / m).
    least_compute : tokens that a leaf needs to be one, >= 0.

    Returns
    -------
    Optimum in units of root bias, with a `Plan`. Of equals, one agent, then the shorter message (as given), the lower depth, the smaller fan-in.

    Raises
    ------
    BadType, BadValue : numbers out of range; an even fan-in; a window below three messages; a budget below one leaf; more than 5e6 organisations.

    Examples
    --------
    >>> for budget in (495, 497, 20_000, 10_000_000):
    ...     plan = organisation_search(budget, 150, 0.01, 0.2, 50, 1.0).plan
    ...     print(plan.depth, round(plan.leaf_compute, 1), plan.regime)
    0 495.0 below the threshold
    1 65.7 growth
    4 98.8 growth
    9 358.1 saturation

    References
    ----------
    [Liu2026]_ for the model; the cost, the bound and the search are derived here.
    """
    market = _read(budget, window, leaf_scale, beta, message_lengths, fidelity, correlation, fan_in, least_compute)
    money = market.budget
    single = float(_leaf(market, money))
    best, tried, relaxed = Rule(single, 1, 0.0, 0, money), 1, single
    gain, growth = 0.0, -math.inf  # greatest alpha and s - beta of all pairs
    for m, g, widest in zip(market.message, market.fidelity, market.widest, strict=True):
        fans = _fans(market, m, widest, tried)
        relaxed = max(relaxed, float(_relaxed(market, fans, m, g).max(initial=0.0)))
        seen = fans if market.fan_in else np.arange(3.0, min(widest, max(_LOOK, fans.max(initial=3.0))) + 1.0, 2.0)
        gain = max(gain, float(amplification(seen, market.correlation, g).max()))
        growth = max(growth, float(organisation_exponent(seen, market.correlation, g).max()) - market.beta)
        for depth in itertools.count(1):
            x = _compute(money, fans, m, depth)
            fans, x = fans[(x > 0.0) & (x >= market.least)], x[(x > 0.0) & (x >= market.least)]
            if not fans.size:
                break
            bias = _grow(_leaf(market, x), fans, market.correlation, g, depth)
            k = int(np.argmax(bias))
            tried += fans.size
            if bias[k] > best.bias:
                best = Rule(float(bias[k]), int(fans[k]), float(m), depth, float(x[k]))
    plan = _plan(market, best, single, max(relaxed, best.bias), tried, gain, growth)
    return Optimum("organisation_search", "certified", best.bias, best.bias, best.bias, plan, None, "root bias, one agent or a complete tree of majority votes")


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    market = {"budget": 20_000.0, "window": 150.0, "leaf_scale": 0.01, "beta": 0.2, "message_lengths": [30.0, 50.0], "fidelity": [0.9, 1.0]}
    return [{**market, "budget": 400.0}, market, {**market, "correlation": 0.2}]


def exponential_fidelity(scale: float) -> Callable[[float], float]:
    """gamma(m) = 1 - exp(-m / scale), a reconstruction: the paper's own form was not available.

    >>> round(exponential_fidelity(20.0)(60.0), 4)
    0.9502
    """
    scale = number("scale", scale, 1e-300)

    def gamma(m: float) -> float:
        return -math.expm1(-m / scale)

    return gamma


def simple_rules(
    budget: float, window: float, leaf_scale: float, beta: float, message_lengths: Any, fidelity: Any, correlation: float = 0.0
) -> dict[str, Rule]:
    """What simple rules build with a budget; regret is the optimum less theirs, the ratio theirs over the optimum.

    - "single": one agent, always.
    - "star": one level, as wide as window and budget allow.
    - "equal split": half the tokens for the leaves and half for the messages, so N = 1 + B / (2 c0), rounded down to a power of the greatest fan-in.
    - "tree at x*": where s > beta, N = (B + c0) / (x* + c0), rounded down to a power of b, so that no leaf gets less than x*; the fan-in and message
      are those for which min(G, mu*) is greatest, G being the smooth value at x*; one agent where s <= beta or G is below it.
    - "tree near x*": the same, rounded to the nearest power, which may starve the leaves.

    The star and the equal split take the message length that serves them best, so they are not weaker than they must be. "Equal split" is our reading of a
    name without a definition.

    Parameters
    ----------
    As of `organisation_search`.

    Returns
    -------
    dict of `Rule`; what cannot be paid is one agent.

    Examples
    --------
    >>> rules = simple_rules(20_000, 150, 0.01, 0.2, 50, 1.0)
    >>> {name: (rule.depth, round(rule.bias, 4)) for name, rule in rules.items()}
    {'single': (0, 0.0725), 'star': (1, 0.0869), 'equal split': (3, 0.1207), 'tree at x*': (3, 0.1207), 'tree near x*': (4, 0.1263)}
    """
    market = _read(budget, window, leaf_scale, beta, message_lengths, fidelity, correlation, None, 0.0)
    money = market.budget
    single = Rule(float(_leaf(market, money)), 1, 0.0, 0, money)
    found = dict.fromkeys(("single", "star", "equal split", "tree at x*", "tree near x*"), single)
    for m, g, widest in zip(market.message, market.fidelity, market.widest, strict=True):
        fans = _fans(market, m, widest, 0)
        if not fans.size:
            continue
        b = int(fans[-1])
        c0 = 2.0 * m * b / (b - 1.0)
        halves = max(1, math.floor(math.log(1.0 + money / (2.0 * c0)) / math.log(b) + 1e-12))
        for name, depth in (("star", 1), ("equal split", halves)):
            tree = _built(market, b, float(m), float(g), depth)
            if tree and (tree.bias > found[name].bias or found[name].depth == 0):
                found[name] = tree
    found["tree at x*"], found["tree near x*"] = (_at_optimal_compute(market, single, upwards) for upwards in (1e-12, 0.5))
    return found


class Regrets(NamedTuple):
    """`optimum` (K,) of each budget; `bias`, `regret` (optimum - bias) and `ratio` (bias / optimum), (rules, K). Printed, it is a table."""

    rule: tuple[str, ...]
    budget: np.ndarray
    optimum: np.ndarray
    bias: np.ndarray
    regret: np.ndarray
    ratio: np.ndarray

    def __str__(self) -> str:
        lines = [" ".join([f"{'budget':>10} {'optimum':>8}", *(f"{name:>15}" for name in self.rule)])]
        for k, (budget, best) in enumerate(zip(self.budget, self.optimum, strict=True)):
            cells = [f"{r:8.4f} {100.0 * q:5.1f}%" for r, q in zip(self.regret[:, k], self.ratio[:, k], strict=True)]
            lines.append(" ".join([f"{budget:10.0f} {best:8.4f}", *cells]))
        return "\n".join(lines)


def rule_regrets(budgets: Any, window: float, leaf_scale: float, beta: float, message_lengths: Any, fidelity: Any, correlation: float = 0.0) -> Regrets:
    """Regret and ratio of every simple rule at many budgets.

      Parameters
      ----------
      budgets : (K,) tokens. Others as of `organisation_search`.

      Returns
      -------
      Regrets, whose text is a table: regret and ratio of each rule.

      Examples
      --------
      >>> print(rule_regrets([1e3, 1e5, 1e7], 450, 0.01, 0.2, 50, 0.9))
          budget  optimum          single            star     equal split      tree at x*    tree near x*
          1000   0.0424   0.0026  94.0%   0.0065  84.6%   0.0065  84.6%   0.0026  94.0%   0.0065  84.6%
        100000   0.2117   0.1117  47.2%   0.0699  67.0%   0.0139  93.4%   0.0139  93.4%   0.0076  96.4%
      10000000   0.8575   0.6063  29.3%   0.5090  40.6%   0.0628  92.7%   0.0628  92.7%   0.0000 100.0%
    """
    money = array("budgets", budgets, (None,))
    known = window, leaf_scale, beta, message_lengths, fidelity, correlation
    optimum = np.array([organisation_search(float(b), *known).value for b in money])
    built = [simple_rules(float(b), *known) for b in money]
    bias = np.array([[rules[name].bias for rules in built] for name in built[0]])
    return Regrets(tuple(built[0]), money, optimum, bias, optimum - bias, bias / optimum)


def _at_optimal_compute(market: _Market, single: Rule, upwards: float) -> Rule:
    best, most = single, single.bias
    for m, g, widest in zip(market.message, market.fidelity, market.widest, strict=True):
        fans = _fans(market, m, widest, 0)
        if not fans.size:
            continue
        c0, s, fixed = node_cost(fans, m), organisation_exponent(fans, market.correlation, g), fixed_point(fans, market.correlation, g)
        x = optimal_leaf_compute(market.beta, fans, m, s)
        said = np.where(x < market.budget, np.minimum(_smooth(market, c0, s, np.minimum(x, market.budget)), fixed), 0.0)
        k = int(np.argmax(said))
        if said[k] > most:
            depth = math.floor(math.log((market.budget + c0[k]) / (x[k] + c0[k])) / math.log(fans[k]) + upwards)
            tree = _built(market, int(fans[k]), float(m), float(g), depth) if depth > 0 else None
            best, most = tree or single, float(said[k])
    return best


def _built(market: _Market, b: int, m: float, g: float, depth: int) -> Rule | None:
    x = float(_compute(market.budget, np.array([float(b)]), m, depth)[0])
    if x <= 0.0:
        return None
    return Rule(float(_grow(_leaf(market, x), np.array([float(b)]), market.correlation, g, depth)[0]), b, m, depth, x)


# ------------------------------------------------------------------------------------------------ the pieces
def _read(
    budget: Any, window: Any, leaf_scale: Any, beta: Any, message_lengths: Any, fidelity: Any, correlation: Any, fan_in: Any, least_compute: Any
) -> _Market:
    least = number("least_compute", least_compute, 0.0)
    money = number("budget", budget)
    if money < max(1.0, least):
        raise BadValue(f"budget: got {money:g}, below one leaf; allowed: at least {max(1.0, least):g} tokens")
    scale, power = number("leaf_scale", leaf_scale, 1e-300), number("beta", beta, 1e-9)
    m = array("message_lengths", [message_lengths] if np.ndim(message_lengths) == 0 else message_lengths, (None,), 1e-9)
    if callable(fidelity):
        g = array("fidelity", [_gamma(fidelity, float(v)) for v in m], (m.size,), 0.0, 1.0)
    else:
        g = array("fidelity", np.full(m.size, fidelity) if np.ndim(fidelity) == 0 else fidelity, (m.size,), 0.0, 1.0)
    if not g.all():
        raise BadValue("fidelity: got 0, a message of which nothing arrives; allowed: numbers in (0, 1]")
    rho = number("correlation", correlation, 0.0)
    if rho >= 1.0:
        raise BadValue(f"correlation: got {rho:g}; allowed: a number in [0, 1)")
    room = number("window", window, 0.0)
    only = 0 if fan_in is None else whole("fan_in", fan_in, 3)
    if fan_in is not None and only % 2 == 0:
        raise BadValue(f"fan_in: got {only}, with which a vote may tie; allowed: an odd number, at least 3")
    least_room = max(3, only) * float(m.min())
    if room < least_room:
        raise BadValue(f"window: got {room:g} tokens; allowed: at least {max(3, only)} messages of {m.min():g} tokens, {least_room:g}")
    fits = max(3, only) * m <= room
    return _Market(money, scale, power, m[fits], g[fits], largest_fan_in(room, m[fits]), rho, only, least)


def _gamma(fidelity: Callable[[float], Any], m: float) -> float:
    value = fidelity(m)
    if np.ndim(value) != 0:
        raise BadType(f"fidelity: of the message length {m:g} it returned an array; allowed: one number")
    return float(value)


def _fans(market: _Market, m: float, widest: float, tried: int) -> np.ndarray:
    """The odd fan-ins of a message length for which one level leaves something for the leaves: 2 m b < B."""
    if market.fan_in:
        return np.array([float(market.fan_in)])
    most = min(widest, math.floor(market.budget / (2.0 * m)))
    if tried + most / 2 > _MOST:
        raise BadValue(f"window: got {tried + most / 2:.3g} organisations to try; allowed: at most {_MOST:g}; a coarser grid of messages has fewer")
    return np.arange(3.0, most + 1.0, 2.0)


def _compute(money: float, fans: np.ndarray, m: float, depth: int) -> np.ndarray:
    """x = (B - c0 (N - 1)) / N, with (N - 1) / (b - 1) = 1 + b + ... + b^(L - 1)."""
    with np.errstate(over="ignore"):
        leaves, inner = fans**depth, (fans**depth - 1.0) / (fans - 1.0)
        return (money - 2.0 * m * fans * inner) / leaves


def _leaf(market: _Market, x: Any) -> Any:
    return leaf_bias(x, market.beta, market.scale)


def _grow(bias: Any, fans: np.ndarray, rho: float, g: float, depth: int) -> Any:
    for _ in range(depth):
        bias = level_map(bias, fans, rho, g)
    return np.atleast_1d(bias)


def _smooth(market: _Market, c0: Any, s: Any, x: Any) -> Any:
    """kappa (B + c0)^s x^beta (x + c0)^-s, the value of (B + c0) / (x + c0) leaves without clips."""
    return market.scale * ((market.budget + c0) / (x + c0)) ** s * x**market.beta


def _relaxed(market: _Market, fans: np.ndarray, m: float, g: float) -> np.ndarray:
    x = _compute(market.budget, fans, m, 1)
    fans, x = fans[x > 0.0], x[x > 0.0]
    if not fans.size:
        return fans
    s = organisation_exponent(fans, market.correlation, g)
    at = np.minimum(x, optimal_leaf_compute(market.beta, fans, m, s))
    # above the fixed point biases only fall, so there one level of the strongest leaf is the most
    ceiling = np.maximum(fixed_point(fans, market.correlation, g), level_map(_leaf(market, x), fans, market.correlation, g))
    return np.minimum(_smooth(market, node_cost(fans, m), s, at), ceiling) * (1.0 + 64 * _EPS)


def _plan(market: _Market, best: Rule, single: float, relaxed: float, tried: int, gain: float, growth: float) -> Plan:
    g, alpha, s, fixed, regime = 1.0, 1.0, 0.0, math.nan, "below the threshold" if growth > 0.0 else "no synergy" if gain > 1.0 else "collapse"
    bias = best.bias
    if best.depth:
        g = float(market.fidelity[list(market.message).index(best.message_length)])
        alpha, s, fixed = (f(best.fan_in, market.correlation, g) for f in (amplification, organisation_exponent, fixed_point))
        bias = float(_leaf(market, best.leaf_compute))
        regime = "growth" if alpha**best.depth * bias < fixed else "saturation"
    leaves = best.fan_in**best.depth
    return Plan(best.fan_in, best.message_length, best.depth, leaves, best.leaf_compute, bias, g, alpha, s, fixed, regime, single, relaxed, tried)
