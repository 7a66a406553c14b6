"""With fixed shares B_k ruin has probability prod_k min(1, r_k)^(B_k), whichever live arm is played when.

Statement: K arms with gains -1, 0, +1, odds r_k = P(-1) / P(+1); arm k is left for good once its own sum is -B_k; ruin is that all arms are left.
Whatever the rule among live arms, provided that it goes on playing, P(ruin) = prod_k min(1, r_k)^(B_k). "Pull the arm of the largest sum" does so
with equal shares where K divides B, without knowing B. Source: [Riou2024]_ for the bound that shares attain; this form is ours.

Proved by enumeration, in rationals: two arms, shares (2, 1), (1, 2), (1, 1), (2, 2), every rule that chooses by both sums (2 to 512 a case), three
instances; an arm that reaches +M, M = 2, is counted as never left, so that P(all arms left before any reaches M) = prod_k (r_k^B_k - r_k^(B_k + M)) /
(1 - r_k^(B_k + M)), exactly, for every rule; that tends to the statement as M grows. For all: prod_k r_k^(S_k + B_k) over live arms is a martingale,
whichever is played (sympy, one step). The largest-sum rule never lets sums of losing arms differ by more than one (all paths of 12 steps).
Compared: `share_ruin` of theory/ruin against the limit.
Control: shares are not kept; ruin is that the sums together are -B.
"""

from itertools import islice, product
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = "no constant: an identity"

CASES = ((2, 1), (1, 2), (1, 1), (2, 2))
INSTANCES = (((3, 1, 1), (2, 1, 2)), ((4, 0, 1), (3, 0, 2)), ((1, 1, 3), (5, 0, 2)))  #: weights of +1, 0, -1; r = 1, and an arm that loses on average, too
TOP = 2


def chances(shares: tuple[int, int], law: Any, kept: bool, rules: int) -> set[Any]:
    """P(ruin before an arm reaches TOP) of every rule, in rationals."""
    from flint import fmpq_mat

    def end(s: tuple[int, ...]) -> int | None:
        if max(s) >= TOP:
            return 0
        if all(x <= -n for x, n in zip(s, shares)) if kept else sum(s) <= -sum(shares):
            return 1
        return None

    states, todo = [], [(0, 0)]
    while todo:
        s = todo.pop()
        if end(s) is None and s not in states:
            states.append(s)
            live = [k for k in (0, 1) if not kept or s[k] > -shares[k]]
            todo += [(s[0] + x * (k == 0), s[1] + x * (k == 1)) for k in live for x in (1, -1)]
    options = [[k for k in (0, 1) if not kept or s[k] > -shares[k]] for s in states]
    found = set()
    for rule in islice(product(*options), rules):
        rows, known = fmpq_mat(len(states), len(states)), fmpq_mat(len(states), 1)
        for i, (s, arm) in enumerate(zip(states, rule)):
            rows[i, i] += 1
            for x, w in zip((1, 0, -1), law[arm]):
                to = tuple(v + x * (j == arm) for j, v in enumerate(s))
                if end(to) is None:
                    rows[i, states.index(to)] -= w
                else:
                    known[i, 0] += w * end(to)
        found.add(rows.solve(known)[states.index((0, 0)), 0])
    return found


def martingale() -> bool:
    """One pull of a live arm, gains -1, 0, +1, leaves the mean of r^S where it is."""
    import sympy as sp

    up, down, s = sp.symbols("up down s", positive=True)
    r = down / up
    return sp.simplify(up * s * r + (1 - up - down) * s + down * s / r - s) == 0


def level(steps: int) -> bool:
    """The first arm of the largest sum: minima of the two sums so far differ by at most one, the first arm's being lower or equal, along all paths."""
    todo = [((0, 0), (0, 0))]
    for _ in range(steps):
        after = set()
        for s, low in todo:
            k = 0 if s[0] >= s[1] else 1
            for x in (1, -1):
                t = tuple(v + x * (j == k) for j, v in enumerate(s))
                after.add((t, tuple(min(a, b) for a, b in zip(low, t))))
        if any(not 0 <= low[1] - low[0] <= 1 for _, low in after):
            return False
        todo = list(after)  # type: ignore[arg-type]
    return True


def run(kept: bool) -> Verdict:
    from flint import fmpq

    from budgetsim.theory.ruin import share_ruin

    ok, seen, spread, house = True, 0, 0.0, 0.0
    real = lambda q: int(q.p) / int(q.q)  # noqa: E731
    rules = 512 if kept else 64  # all of them where shares are kept
    for shares, weights in product(CASES, INSTANCES):
        law = [[fmpq(w, sum(arm)) for w in arm] for arm in weights]
        r = [arm[2] / arm[0] for arm in law]
        formula = fmpq(1)
        for odds, n in zip(r, shares):
            formula *= fmpq(TOP, n + TOP) if odds == 1 else (odds**n - odds ** (n + TOP)) / (1 - odds ** (n + TOP))
        found = chances(shares, law, kept, rules)
        ok &= found == {formula}
        seen += 1
        spread = max(spread, real(max(found)) - real(min(found)))
        product_ = 1.0
        for odds, n in zip(r, shares):
            product_ *= min(1.0, real(odds)) ** n
        house = max(house, abs(share_ruin([real(odds) for odds in r], list(shares)) - product_))
    even = level(12)
    return claims.proved(
        f"P(ruin) is the product of gamblers' ruins under {'shares' if kept else 'one common stock'}, all rules, {seen} cases",
        ok and martingale() and even and house < 1e-12,
        detail=f"rationals: up to {rules} rules in each of {seen} cases differ by {spread:.3g}; "
        f"the largest-sum rule keeps equal shares: {even}; share_ruin differs by {house:.1g}",
    )


def check(scale: float, seed: int) -> Verdict:
    return run(True)


def control(scale: float, seed: int) -> Verdict:
    return run(False)
