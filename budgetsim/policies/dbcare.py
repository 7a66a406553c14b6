"""DBCARE: eliminate in turns, for as long as one more turn can be worth its price."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, choice, number
from ..draws import log
from ..model import ARM, Policy
from ..shared.live_arms import drop, greatest_mean, needed, take, turns
from ..theory.identification import RISKS, pulls_allowed


class Params(NamedTuple):
    allowed: np.ndarray  #: N*(k) for k = 0, ..., K live arms
    scale: float  #: kappa sigma
    sigma: float
    price: float
    regret: float  #: 1 for simple regret, 0 for misidentification


def act(memory, params, view, left, t, key):
    return memory.arm[0]


def update(memory, params, view, action, outcome, t):
    if take(memory, action, outcome.seen.sample[0]):
        n = memory.turns[0]
        if params.regret > 0.0:
            worth = params.sigma / ((memory.remaining[0] - 1.0) * params.price * n * math.sqrt(n))
        else:
            worth = 1.0 / (memory.remaining[0] * params.price * n)
        drop(memory, params.scale * math.sqrt(max(log(worth), 1.0) / n))


def stop(memory, params, left, t):
    return memory.remaining[0] <= 1.0 or memory.turns[0] + 1.0 > params.allowed[int(memory.remaining[0])]


def recommend(memory, params, left, t, key):
    return greatest_mean(memory, key)


def dbcare(kappa: float = 2.0, risk: str | None = None) -> Policy:
    """All live arms once a turn; an arm goes when it is surely worse; all stop when the price of a turn exceeds what it can gain.

    With k live arms, n turns, sigma and the price c: while k > 1 and ``n + 1 <= N*(k)``, sample every live arm once, then drop
    every arm whose mean is more than ``e_n = kappa sigma sqrt(L/n)`` below the greatest. Against misidentification ``N*(k) = 1/(k e c)``
    and ``L = max(1, ln(1/(k c n)))``, which is 1 at n = N*; against simple regret ``N*(k) = (3/(2e)) (sigma/((k-1) c))^(2/3)`` and
    ``L = max(1, ln(sigma/((k-1) c n^(3/2))))``. Recommends the live arm of greatest mean, each of several with the same
    probability: any arm where nothing was worth sampling. Never spends more than ``(H_K - 1/2)/e`` against
    misidentification, which for gaps far below sqrt(sigma^2 c) is spent for nothing: there `guess` is better.

    Parameters
    ----------
    kappa
        Width of the interval, >= 0. 2 is Hoeffding's for a difference of means; sqrt(2) does better on two normal arms.
    risk
        "misidentification" | "simple_regret"; None for what the problem says.

    Returns
    -------
    Policy
        For problems that show `seen.sample` and make sigma, price and risk public, such as `priced_arms`.

    Raises
    ------
    BadValue, BadType
        If kappa is not a number >= 0 or the risk unknown; on a problem that shows no sample or price.

    Departures from the paper
    -------------------------
    A reconstruction: the budget functions are the paper's, the form of the width e_n was not available and is ours, and so
    are ties.

    Examples
    --------
    >>> dbcare().name, dbcare(kappa=1.5, risk="simple_regret").name
    ('dbcare(kappa=2; told sigma, the price and the risk)', 'dbcare(kappa=1.5, risk=simple_regret; told sigma and the price)')

    References
    ----------
    [Harding2025]_.
    """
    kappa = number("kappa", kappa, 0.0)
    if risk is not None:
        choice("risk", risk, RISKS)

    def init(spec):
        known = needed("dbcare", spec, "sigma", "price", *(("risk",) if risk is None else ()))
        aim = RISKS[int(known.risk)] if risk is None else risk
        if not (known.sigma > 0.0 and known.price > 0.0):
            raise BadValue(f"dbcare: got sigma={known.sigma:g} and price={known.price:g}; allowed: both above 0")
        k = spec.n_actions
        allowed = np.zeros(k + 1)
        allowed[2:] = np.floor(pulls_allowed(np.arange(2, k + 1), known.price, known.sigma, aim)) if k > 1 else 0.0
        return turns(k), Params(allowed, kappa * known.sigma, known.sigma, known.price, float(aim == RISKS[1]))

    told = "; told sigma, the price and the risk" if risk is None else f", risk={risk}; told sigma and the price"
    return Policy(ARM, init, act, update, stop=stop, recommend=recommend, name=f"dbcare(kappa={kappa:g}{told})")
