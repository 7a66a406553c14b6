"""Under periodic arrivals (values 1, 2, 1, 2, ...) no static price keeps more than .9 of the optimum; over a family of periods only 1/2.

Statement. Unit costs, values 1 and 2 in turn, budget 3 T / 4: the optimum is 5 T / 4, every static price (served above it, while the budget lasts)
earns at most 9 T / 8, whatever the price. With a value of M at the end of each period of n^2 requests of value 1, M = n and budget rate rho = x / (x
+ 1 - h), h = 1 / n^2, x = 1 / n, the best static price keeps a share that falls to 1/2. Where the dear requests come first, a price of 0 earns the
optimum.

Source: derived here; [Balseiro2023]_ for the model. Dual descent has O(sqrt(q T)) regret on such days.

What was proved. In rationals, by playing: (1) T = 4, 8, ..., 400, prices 0, 1, 2 and between (all that differ): the best share is 9/10 exactly. (2)
sympy: in the family both useful prices, 1 and 0, earn x a request, the optimum x + rho - h, and the share tends to 1/2. (3) `fixed_price` itself,
played by the engine for T = 200 at four prices, earns exactly that; `dual_descent` on the same day earns more than .95 of the optimum (certified).
"""

from fractions import Fraction

from budgetsim.claims import proved
from budgetsim.model import Verdict

PERTURBED = {"share": Fraction(17, 20)}


def check(scale: float, seed: int, share: Fraction = Fraction(9, 10)) -> Verdict:
    return _verdict(True, scale, seed, share, f"values 1, 2, 1, 2, ...: no static price keeps more than {float(share)}; dual descent keeps .95")


def control(scale: float, seed: int) -> Verdict:
    """The same requests, all the dear ones first."""
    return _verdict(False, scale, seed, Fraction(9, 10), "control: the same values, dear ones first: no static price keeps more than .9")


def _verdict(periodic, scale, seed, share, claim):
    from budgetsim.engine import run
    from budgetsim.policies.dual_descent import dual_descent
    from budgetsim.policies.fixed_price import fixed_price
    from budgetsim.problems.online_allocation import online_allocation

    prices = (0, Fraction(1, 2), 1, Fraction(3, 2), 2)
    best = max(max(_earned(_day(t, periodic), price, 3 * t // 4) for price in prices) / Fraction(5 * t, 4) for t in range(4, 401 if scale >= 0.3 else 101, 4))
    horizon = 200
    day = _day(horizon, periodic)
    problem = online_allocation(reward=[[float(v)] for v in day], cost=[[[1.0]]] * horizon, budget=[0.75 * horizon])
    house = all(
        float(run(problem, fixed_price(float(p)), replications=1, seed=seed, path="python").reward.values[0, -1]) == _earned(day, p, 3 * horizon // 4)
        for p in prices[:4]
    )
    moving = float(run(problem, dual_descent(eta=0.1), replications=1, seed=seed, path="python").reward.values[0, -1]) / (1.25 * horizon)
    ok = best <= share and _family() and house and (moving > 0.95 or not periodic)
    return proved(
        claim,
        ok,
        float(share - best),
        f"rationals: best static share {float(best):.4f}; fixed_price agrees: {house}; dual descent keeps {moving:.4f}; sympy: the family's share falls to 1/2",
    )


def _day(horizon, periodic):
    return [1, 2] * (horizon // 2) if periodic else [2] * (horizon // 2) + [1] * (horizon // 2)


def _earned(day, price, budget):
    total = 0
    for value in day:
        if value > price and budget > 0:
            total, budget = total + value, budget - 1
    return total


def _family():
    """Per request: a share h worth M, the rest 1, x = h M, rho = x / (x + 1 - h).

    A price of 1 earns x, a price of 0 rho (x + 1 - h) = x, the optimum x + rho - h.
    """
    import sympy

    n = sympy.Symbol("n", positive=True)
    h, x = 1 / n**2, 1 / n
    rho = x / (x + 1 - h)
    low, optimum = rho * (x + 1 - h), x + rho - h
    return sympy.simplify(low - x) == 0 and sympy.limit(x / optimum, n, sympy.oo) == sympy.Rational(1, 2) and bool((rho - h).subs(n, 2) > 0)
