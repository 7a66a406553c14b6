"""The best rule of a one-item vending machine by enumeration, collecting or not: the value of `vending_plan`."""

import math
from functools import cache


def best(base, reference, e, cost, capacity, cash, fee, lead, days, limit, prices, survival, factor=lambda t: 1.0, always_pays=False):
    """Mean final net worth, or the probability of survival; with always_pays a fee that cannot be paid is owed, the control."""

    def law(mean, stock):
        p = [math.exp(-mean) * mean**d / math.factorial(d) for d in range(stock)]
        return [*p, 1 - sum(p)]

    @cache
    def value(t, cash, till, stock, way, unpaid):
        worth = cash + till + cost * (stock + sum(way))
        if unpaid == limit:
            return 0.0 if survival else worth
        if t == days:
            return 1.0 if survival else worth
        top = -math.inf
        for collect in (0, 1):
            purse, rest = (cash + till, 0) if collect else (cash, till)
            for order in range(min(capacity - stock - sum(way), purse // cost) + 1):
                for price in prices:
                    total = 0.0
                    for sold, chance in enumerate(law(factor(t) * base * (price / reference) ** -e, stock)):
                        here, there, u = purse - order * cost, rest + price * sold, unpaid + 1
                        if here + there >= fee or always_pays:
                            here, there, u = here - min(here, fee), there - (fee - min(here, fee)), 0
                        queue = (*way, order)
                        total += chance * value(t + 1, here, there, stock - sold + queue[0], queue[1:], u)
                    top = max(top, total)
        return top

    return value(0, cash, 0, 0, (0,) * (lead - 1), 0)
