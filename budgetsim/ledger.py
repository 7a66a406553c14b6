"""The only place where a budget is charged and found exhausted.

What has been spent is kept as an unevaluated sum of two doubles (`spent`, `carry`), so that a million small costs add
up without drift: .3 buys three units at .1, and 1 buys a million at 1e-6. What is left is the budget minus that sum.

A cost fits when cost <= left + TOLERANCE * budget in every resource.
"""

from typing import Any

from .model import CHARGED, CLIPPED, IGNORED, RUIN, TOLERANCE, UNANSWERED, VOID

# plain integers: the loop compares them every round
_CHARGED, _VOID, _CLIPPED, _IGNORED, _RUIN = int(CHARGED), int(VOID), int(CLIPPED), int(IGNORED), int(RUIN)


def open_account(budget: Any, cap: Any, left: Any, spent: Any, carry: Any) -> None:
    """A fresh replication: everything is left, nothing is spent."""
    for j in range(budget.size):
        cap[j] = budget[j]
        left[j] = budget[j]
        spent[j] = 0.0
        carry[j] = 0.0


def renew(cap: Any, left: Any) -> None:
    """The problem has filled `left` with this round's allowance, which becomes the cap."""
    for j in range(cap.size):
        cap[j] = left[j]


def misfit(cost: Any, cap: Any, left: Any, spent: Any, carry: Any, renewing: Any) -> Any:
    """The first resource in which the cost does not fit, or -1. The room is not clipped at 0: a crumb below the tolerance fits, not crumb after crumb."""
    fits = True
    for j in range(cost.size):  # without a branch, so that it vectorises
        room = left[j] if renewing else (cap[j] - spent[j]) - carry[j]
        fits &= cost[j] <= room + TOLERANCE * cap[j]
    j = -1
    while not fits:
        j += 1
        room = left[j] if renewing else (cap[j] - spent[j]) - carry[j]
        fits = not cost[j] <= room + TOLERANCE * cap[j]
    return j


def pay(cost: Any, cap: Any, left: Any, spent: Any, carry: Any, renewing: Any) -> None:
    """Adds a cost that fits to what is spent (TwoSum) and recomputes what is left."""
    for j in range(cost.size):
        c, old = cost[j], spent[j]
        new = old + c
        back = new - old
        spent[j] = new
        carry[j] += (old - (new - back)) + (c - back)
    for j in range(cost.size):
        left[j] = max(left[j] - cost[j] if renewing else (cap[j] - spent[j]) - carry[j], 0.0)


def settle(law: Any, renewing: Any, reward: Any, cost: Any, cap: Any, left: Any, spent: Any, carry: Any, some: Any = True) -> Any:
    """Charges one round: (status, reward counted, resource that did not fit or -1).

    Under STOP a misfit charges nothing and the caller ends the run; under SKIP the round is VOID; under RUIN the stock
    falls to 0 and the reward is clipped by what could not be paid.
    """
    if reward == UNANSWERED:
        return _IGNORED, 0.0, -1
    if not some:  # the caller knows that nothing is to be paid
        return _CHARGED, reward, -1
    j = misfit(cost, cap, left, spent, carry, renewing)
    if j < 0:
        pay(cost, cap, left, spent, carry, renewing)
        return _CHARGED, reward, -1
    if law == _RUIN:
        counted = (reward + cost[j]) - left[j]  # in this order: exact where the reward is the stock's own change
        cost[j] = left[j]
        pay(cost, cap, left, spent, carry, renewing)
        left[j] = 0.0
        return _CLIPPED, counted, j
    return _VOID, 0.0, j


def total(spent: Any, carry: Any, budget: Any) -> Any:
    """What is reported as spent: never above a finite budget."""
    return min(spent + carry, budget)
