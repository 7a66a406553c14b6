"""A coin more may ruin, a fee more never does: where an unpaid fee is forgiven, survival does not grow with cash.

Statement: one item, demand as large as the stock, unit cost c, price p, lead time 1, a fee f every day; a day on which cash and takings do not reach
f goes unpaid and is forgiven; two unpaid days in a row are the end. With c = 1, p = 2, f = 3, three days, 3 coins survive and 4 cannot, whatever is
ordered. But whoever survives with m coins survives with m + f coins (do the same; the spare fee pays the first day that would have gone unpaid).
Source: the machine [Backlund2025]_, its rules as in problems/vending_machine; the counterexample is ours.

Proved by enumeration of all orders of all machines with f <= 3, c <= 2, p <= 3, capacity <= 2, horizon <= 4, cash <= 8 (whole numbers, no luck:
demand always exceeds the stock). Compared: `vending_dp`, survival with a mean demand of 100 units for one place.
Control: a coin less than a fee more.
"""

from functools import cache
from itertools import product

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"short": 1}


@cache
def survives(days: int, cash: int, stock: int, unpaid: int, shop: tuple[int, int, int, int]) -> bool:
    """Whether some orders see all days out; today's order is tomorrow's stock."""
    if days == 0:
        return True
    fee, cost, price, capacity = shop
    for order in range(min(capacity - stock, cash // cost) + 1):
        money = cash - cost * order + price * stock  # all of the stock is sold
        paid = money >= fee
        streak = 0 if paid else unpaid + 1
        if streak < 2 and survives(days - 1, money - fee * paid, order, streak, shop):
            return True
    return False


def house() -> list[float]:
    """Survival of the counterexample with 3, 4 and 6 coins, by the house's dynamic program."""
    from budgetsim.optima.vending_dp import vending_dp

    machine = {"base_demand": 100.0, "reference_price": 2, "elasticity": 0.0, "unit_cost": 1, "capacity": 1, "fee": 3, "lead_time": 1, "horizon": 3}
    return [vending_dp(cash=cash, unpaid_limit=2, prices=[2], objective="survival", **machine).value for cash in (3, 4, 6)]


def check(scale: float, seed: int, short: int = 0) -> Verdict:
    seen, wrong, witness = 0, 0, ""
    for shop in product((1, 2, 3), (1, 2), (2, 3), (1, 2)):
        more = shop[0] - short
        for days, cash in product(range(1, 5), range(9)):
            if survives(days, cash, 0, 0, shop):
                seen += 1
                harm = not survives(days, cash + more, 0, 0, shop)
                wrong += harm
                if harm and not witness:
                    witness = f"; e.g. fee, cost, price, capacity {shop}: {cash} coins see {days} days, {cash + more} do not"
    known = survives(3, 3, 0, 0, (3, 1, 2, 1)) and not survives(3, 4, 0, 0, (3, 1, 2, 1)) and survives(3, 6, 0, 0, (3, 1, 2, 1))
    found = house()
    agrees = max(abs(a - b) for a, b in zip(found, (1.0, 0.0, 1.0))) < 1e-9
    return claims.proved(
        f"whoever survives still does with {'a whole fee' if short == 0 else f'a fee less {short}'} more: all orders of 24 machines",
        wrong == 0 and known and agrees,
        detail=f"{seen} starts that survive, {wrong} harmed; "
        f"fee 3, cost 1, price 2, three days: 3 and 6 coins survive, 4 do not: {known}; vending_dp says the same: {agrees}{witness}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
