"""EXP3: expected regret at most sqrt(2 K T log K) with rate sqrt(2 log K / (K T)), even against an adversary who sees every draw.

**Statement.** Exponential weights on importance-weighted losses l / p of the drawn arm, no mixing: for losses in [0, 1] and each arm k fixed in advance,
E sum_t l_t(A_t) - l_t(k) <= sqrt(2 K T log K).

**Source.** [AuerExp32002]_; in this form (losses, no mixing) [Slivkins2019]_, chapter 6.

**Proved.** K = 2, T = 3 to 14 (9 at scale below 0.3), losses in {0, 1}: the greatest expected regret over *all* adversaries, also those that see the draws, by dynamic programming over the
words of arms hit, in Arb interval arithmetic; loss sequences fixed in advance are among them. The step from there to every K, T and loss is the
inequality e^(-x) <= 1 - x + x^2 / 2 for x >= 0, whose two derivatives are verified by sympy; the rest of the argument is algebra and was not put to a machine.

**Control.** The constant 2 becomes 1/2.
"""

from fractions import Fraction

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"constant": Fraction(1, 2)}


def _worst(horizon: int):  # type: ignore[no-untyped-def]
    """Enclosure of max over adversaries of E sum l(A) - l(1), two arms: each round the adversary decides for each arm whether it costs 1.

    The excess x of arm 1's estimated loss over arm 2's is the state. What arm k does changes the state only if it is drawn, so the maximum splits:
    V(x) = sum_k max(p_k V(x), p_k - [k = 1] + p_k V(x +- 1/p_k)).
    """
    from flint import arb

    eta = (arb(2) * arb(2).log() / (2 * horizon)).sqrt()
    rare = arb(0, 1e-80)  # above e^-200; what follows when such an arm is drawn is only known to be a regret in [-T, T]

    def both(x):  # type: ignore[no-untyped-def]
        if bool(abs(eta * x) > 200):
            return (rare, 1 - rare) if x > 0 else (1 - rare, rare)
        return 1 / (1 + (eta * x).exp()), 1 / (1 + (-eta * x).exp())

    states, shares = [[arb(0)]], []
    for _ in range(horizon):
        shares.append([None if x is None else both(x) for x in states[-1]])
        states.append([])
        for x, p in zip(states[-2], shares[-1]):
            states[-1] += [None if p is None or p[k] is rare else x + (1 - 2 * k) / p[k] for k in (0, 1)]
    value = [[arb(0) if x is not None else arb(0, horizon) for x in s] for s in states]  # by number of hits so far
    for t in range(horizon - 1, -1, -1):
        for hits in range(t + 1):
            stay, after = value[hits], value[hits + 1]
            value[hits] = [
                stay[i] if p is None else (p[0] * stay[i]).max(p[0] * after[2 * i] - p[1]) + (p[1] * stay[i]).max(p[1] * (1 + after[2 * i + 1]))
                for i, p in enumerate(shares[hits])
            ]
    return value[0][0]


def _step_holds() -> bool:
    """g = 1 - x + x^2/2 - e^-x has g(0) = g'(0) = 0 and g'' = 1 - e^-x >= 0 where x >= 0."""
    import sympy as sp

    x = sp.symbols("x", nonnegative=True)
    g = 1 - x + x**2 / 2 - sp.exp(-x)
    return bool(g.subs(x, 0) == 0 and g.diff(x).subs(x, 0) == 0 and sp.simplify(g.diff(x, 2) - (1 - sp.exp(-x))) == 0)


def check(scale: float, seed: int, constant: Fraction = Fraction(2)) -> Verdict:
    from flint import arb

    ok, margins, shares, last = _step_holds(), [], [], 14 if scale >= 0.3 else 9
    for horizon in range(3, last + 1):
        bound = (arb(constant.numerator) / constant.denominator * 2 * horizon * arb(2).log()).sqrt()
        worst = _worst(horizon)
        assert bool(bound < horizon), "the trivial bound is T"
        ok = ok and bool(worst <= bound)
        margins.append(float(bound - worst))
        shares.append(100 * float(worst / bound))
    claim = f"EXP3: E regret <= sqrt({constant} K T log K) against every adversary with losses in {{0, 1}}, K = 2, 3 <= T <= {last}"
    return claims.proved(
        claim, ok, min(margins), f"the worst adversary reaches {min(shares):.1f} to {max(shares):.1f}% of the bound; dynamic programming in Arb"
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
