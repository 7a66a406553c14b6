"""With n identically distributed independent values the best rule earns at least .745 of the prophet's mean; a law of 200 rounds leaves less than .75.

Statement. X_1, ..., X_n >= 0 i.i.d., V the best rule's mean. Then V >= E max / beta, where beta = 1.3414... is the root of int_0^1 dy / (y (1 - ln y)
+ beta - 1) = 1, and no greater constant is valid for all n and laws. For each n the best constant is that of the recursion below.

Source: [HillKertz1982]_ (recursion); the integral is Kertz's. The proof by random quantiles is a reconstruction of a known argument.

What was proved. (1) Arb: beta in [1.3414, 1.3415] (rigorous integration; the integrand falls in beta), so 1/beta > .745;
`theory.stopping.identical_prophet_constant` lies there. (2) For each n tried and *every* law: with R(q) = the mean of a value cut at its upper
q-quantile, E max = n int (n - 1)(1 - q)^(n - 2) R dq. Cut [0, 1] at e_0 = 0 < e_1 < ...; in round t draw q from the density (n - 1)(1 - q)^(n - 2) /
a_t on (e_(t-1), e_t) and accept the upper q-quantile. Where a_1 = 1 / (n kappa) and a_(t+1) = a_t (1 - E q_t), each part of the integral is earned
kappa times; if the a_t reach sum 1 in n rounds, V >= kappa E max. The recursion for y_t = (1 - e_t)^(n - 1) is run in Arb for all n <= 300, n = 1000
and 3000 (n <= 100 at scale < .3). (3) It is sharp: the law with R(q) = min_t V_t - (1 - q) V_(t-1), V_(t+1) - V_t = (1 - e_(n-t)) (V_t - V_(t-1)), at
n = 200 has V by dynamic programming and E max by integration, both in Arb. Not proved: n not tried; that the constants fall to 1/beta.
"""

from functools import reduce

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"share": "0.755"}


def _integral(beta):
    """int_0^1 dy / (y (1 - ln y) + beta - 1) with y = e^-t; beyond t = 40 at most e^-40 / (beta - 1)."""
    from flint import acb, arb

    def f(t, _):
        y = (-t).exp()
        return y / (y * (1 + t) + beta - 1)

    body = sum((acb.integral(f, acb(a), acb(a + 4)).real for a in range(0, 40, 4)), arb(0))
    tail = (-arb(40)).exp() / (beta - 1)
    return body + arb(tail / 2, tail / 2)


def _cuts(n, kappa):
    """y_t = (1 - e_t)^(n - 1), from 1 down to 0 or for n rounds: the a_t add up to y_(t+1) = (1 - 1/n) y_t^(n/(n-1)) - (1/kappa - 1) / n."""
    from flint import arb

    power, y = arb(n) / (n - 1), arb(1)
    out = [y]
    while len(out) <= n and y > 0:
        y = (1 - 1 / arb(n)) * y**power - (1 / kappa - 1) / n
        out.append(y)
    return out


def _covers(n, kappa):
    return bool(_cuts(n, kappa)[-1] <= 0)


def _worst_law(n):
    """(V_n, E max) of the law that makes every cut of the recursion tight, at the best constant for n as halving finds it."""
    from flint import arb

    low, high = 0.7, 1.0
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (middle, high) if _covers(n, arb(middle)) else (low, middle)
    y = [v for v in _cuts(n, arb(high)) if v > 0]
    stay = [v ** (arb(1) / (n - 1)) for v in y[:n]]  # 1 - e_t, e_0 = 0; the last ends at 1
    stay = [v.mid() for v in stay] + [arb(0)]
    step = [arb(1)]  # V_1 - V_0, then with ever more rounds left
    for t in range(1, n):
        step.append(step[-1] * stay[n - t])
    value, total = [arb(0)], arb(0)
    for d in step:
        value.append(value[-1] + d)
    for i in range(1, n + 1):  # on 1 - q in (stay_i, stay_(i-1)): R = V_t - (1 - q) V_(t-1), t = n - i + 1
        t, a, b = n - i + 1, stay[i], stay[i - 1]
        total += value[t] * (b ** (n - 1) - a ** (n - 1)) / (n - 1) - value[t - 1] * (b**n - a**n) / n
    return _programmed(n, stay, value), n * (n - 1) * total


def _programmed(n, stay, value):
    """The best rule's mean: R is linear between cuts, hence max over cuts q of R(q) + (1 - q) V."""
    from flint import arb

    at = [(s, reduce(arb.min, (value[t] - s * value[t - 1] for t in range(1, n + 1)))) for s in stay]
    ahead = arb(0)
    for _ in range(n):
        ahead = reduce(arb.max, [r + s * ahead for s, r in at])
    return ahead


def check(scale: float, seed: int, share: str = "0.745") -> Verdict:
    from flint import arb, ctx

    from budgetsim.theory.stopping import identical_prophet_constant

    before, ctx.prec = ctx.prec, 120
    try:
        kappa = arb(share)
        low, high = arb("1.3414"), arb("1.3415")
        root = bool(_integral(low) > 1) and bool(_integral(high) < 1) and 1.3414 < identical_prophet_constant() < 1.3415
        rounds = [*range(2, 101)] if scale < 0.3 else [*range(2, 301), 1000, 3000]
        failed = [n for n in rounds if not _covers(n, kappa)]
        value, prophet = _worst_law(200)
        ratio = value / prophet
        ok = root and not failed and bool(ratio >= kappa) and bool(ratio < arb("0.75"))
        margin = float((ratio - kappa).mid())
    finally:
        ctx.prec = before
    return proved(
        f"identical values: a rule earns {share} of the prophet, for all laws, n <= {300 if scale >= 0.3 else 100} rounds",
        ok,
        max(margin, 0.0) if ok else min(margin, 0.0),
        f"Arb: 1/beta in [.74543, .74549]: {root}; "
        f"rounds where the quantiles do not suffice: {f'{failed[0]} and {len(failed) - 1} more' if failed else 'none'}; a law of 200 rounds leaves {float(ratio.mid()):.5f}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
