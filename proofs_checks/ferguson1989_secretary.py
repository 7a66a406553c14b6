"""The best rule for the secretary problem wins with a chance above 1/e, for every n <= 400; the chance never rises in n and tends to 1/e.

Statement. n candidates come in random order and only relative ranks are seen. The best chance of hiring the best one is ``max_r (r / n) sum over k =
r..n-1 of 1/k`` (1/n at r = 0); it does not rise in n and tends to 1/e from above.

Source: [Ferguson1989]_.

What was proved. For each n <= N (N = 60 at scale < .3, else 400), in rationals: the value of dynamic programming over *all* rules on relative ranks
(whose indicators of a record are independent, with chance 1/k at the k-th) equals the maximum over thresholds r; it is at most that of n - 1, above
1/e (Arb), and at most 1/e + 1/n. `theory.stopping` gives the same chance to 1e-12 and the same r. Not proved: n > N, and that records are
independent.
"""

from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"more": 0.02}


def _threshold(n, harmonic):
    """(best chance, fewest rejections attaining it)."""
    r = n - 1
    while r > 0 and harmonic[n - 1] - harmonic[r - 1] <= 1:  # sum over k = r..n-1 of 1/k
        r -= 1
    return (Fraction(1, n) if r == 0 else Fraction(r, n) * (harmonic[n - 1] - harmonic[r - 1])), r


def _programmed(n):
    """Backwards over candidates: the k-th is a record with chance 1/k, and then the best of all with chance k / n."""
    from flint import fmpq

    ahead = fmpq(0)
    for k in range(n, 0, -1):
        ahead = (max(fmpq(k, n), ahead) + (k - 1) * ahead) / k
    return Fraction(int(ahead.p), int(ahead.q))


def check(scale: float, seed: int, more: float = 0.0) -> Verdict:
    from flint import arb, fmpq

    from budgetsim.theory.stopping import secretary_best

    most, inverse = 400 if scale >= 0.3 else 60, 1 / arb(1).exp()
    ok, margin, before, harmonic = True, 1.0, Fraction(1), [Fraction(0)]
    for n in range(1, most + 1):
        harmonic.append(harmonic[-1] + Fraction(1, n))
        best, rejected = _threshold(n, harmonic)
        chance, r = secretary_best(n)
        exact = arb(fmpq(best.numerator, best.denominator))
        ok &= _programmed(n) == best <= before and abs(chance - best) <= 1e-12 and r == rejected and bool(exact <= inverse + arb(1) / n)
        ok &= bool(exact > inverse + arb(more))
        margin, before = min(margin, float((exact - inverse - arb(more)).mid())), best
    return proved(
        f"the secretary's best chance is above 1/e{f' + {more}' if more else ''}, at most 1/e + 1/n, never rising, n <= {most}",
        ok,
        margin,
        f"rationals and Arb; at n = {most}: {float(before):.6f} with r = {rejected}, 1/e = {float(inverse.mid()):.6f}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
