"""The least ratio OPT_FD / reward that a rule can promise on the adversarial family, exactly."""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BudgetsimError, whole
from ..model import Optimum


class Plan(NamedTuple):
    """`fraction` (k,) of the budget, to be spent in each phase while it pays."""

    fraction: np.ndarray


class Lottery(NamedTuple):
    """`weight` (k,): the probability of each member of the family."""

    weight: np.ndarray


def adversarial_ratio(phases: int) -> Optimum:
    """(1 + H_k) / 2, with H_k = 1 + 1/2 + ... + 1/k: what not knowing the end costs, on k = T/B phases.

    The family is `theory.adversarial_family`: in phase i the arm earns i/k, and member tau ends to pay after phase tau, where
    OPT_FD = B (tau + 1) / (2k). Members agree until they end, so a rule is, for this purpose, the fraction z_i of the budget that it
    spends in phase i in expectation, and 1 / ratio is the value of

        max s   subject to   sum_{i <= tau} i z_i >= s (tau + 1) / 2 for every tau,   sum z <= 1,   z >= 0,

    with the dual min u subject to i sum_{tau >= i} w_tau <= u for every i, sum_tau w_tau (tau + 1) / 2 = 1, w >= 0. Both are worth
    s = 2 / (1 + H_k), at z_1 = s, z_i = s / (2i) and w_tau = s / (tau (tau + 1)), w_k = s / k; that these are feasible and worth the same
    is verified here in rational arithmetic, without a solver. As a lottery w ends the rewards before phase i + 1 with
    probability 1 - 1/(i + 1), so that a unit of budget is worth the same in every phase: on it no rule earns more than B/k on
    average, and OPT_FD is (1 + H_k) / 2 times as much.

    Parameters
    ----------
    phases : k, at least 1.

    Returns
    -------
    Optimum whose `value`, `lower` and `upper` are the ratio, rounded once from the exact fraction, with `plan` = Plan(fraction), the z,
    and `dual` = Lottery(weight), the w brought to sum 1.

    Raises
    ------
    BadType, BadValue : phases that are not a whole number >= 1.

    Examples
    --------
    >>> [round(adversarial_ratio(k).value, 4) for k in (1, 2, 4, 8)]
    [1.0, 1.25, 1.5417, 1.8589]
    >>> adversarial_ratio(2).plan.fraction.tolist(), adversarial_ratio(2).dual.weight.tolist()
    ([0.8, 0.2], [0.5, 0.5])

    References
    ----------
    [Immorlica2019]_ for the growth as log(T/B) of such a bound; the family and its exact value are ours.
    """
    k = whole("phases", phases, 1, 100_000)
    # everything times (1 + H_k) / 2, so that only one sum has long numerators
    ratio = (1 + _sum([Fraction(1, i) for i in range(1, k + 1)])) / 2
    z = [Fraction(1)] + [Fraction(1, 2 * i) for i in range(2, k + 1)]
    w = [Fraction(1, tau * (tau + 1)) for tau in range(1, k)] + [Fraction(1, k)]
    _verify(z, w, ratio)
    plan = Plan(np.array([float(x / ratio) for x in z]))
    dual = Lottery(np.array([float(x) for x in w]))  # they sum to 1 as they are
    value = float(ratio)
    of = f"least ratio OPT_FD / E[reward] over the {k} members of the adversarial family, exact up to one rounding"
    return Optimum("adversarial_ratio", "certified", value, value, value, plan, dual, of)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [{"phases": 1}, {"phases": 4}]


def _verify(z: list[Fraction], w: list[Fraction], ratio: Fraction) -> None:
    """Both programs times `ratio`, at s = u = 1: feasible, and what z spends and what w weighs is the ratio."""
    earned, tail = Fraction(0), Fraction(0)
    for tau, share in enumerate(z, 1):
        earned += tau * share
        if share < 0 or earned < Fraction(tau + 1, 2):
            raise BudgetsimError(f"adversarial_ratio: the plan fails member {tau}")
    for i in range(len(w), 0, -1):
        tail += w[i - 1]
        if w[i - 1] < 0 or i * tail > 1:
            raise BudgetsimError(f"adversarial_ratio: the weights fail phase {i}")
    if _sum(z) != ratio or _sum([x * (tau + 1) / 2 for tau, x in enumerate(w, 1)]) != ratio:
        raise BudgetsimError("adversarial_ratio: the two programs disagree")


def _sum(terms: list[Fraction]) -> Fraction:
    """By halves: few long fractions are ever reduced."""
    return terms[0] if len(terms) == 1 else _sum(terms[: len(terms) // 2]) + _sum(terms[len(terms) // 2 :])
