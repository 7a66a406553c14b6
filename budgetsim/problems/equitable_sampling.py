"""Which groups to collect data from: unlike costs, unlike learning curves, one budget, bought in batches."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import array, choice, number, probabilities, whole
from ..model import STOP, VECTOR, Problem, Spec, Units
from ..shared.learning_curves import WORST, Groups, Losses, loss_at


class Curves(NamedTuple):
    floor: np.ndarray
    scale: np.ndarray
    rate: np.ndarray
    cost: np.ndarray
    weight: np.ndarray
    start: np.ndarray
    noise: float
    aim: int


class Samples(NamedTuple):
    samples: np.ndarray  #: (G,) so far
    loss: np.ndarray  #: (1,) the objective now; 0 before the first round


def init(instance):
    return Samples(instance.start.copy(), np.zeros(1))


def objective_at(instance, samples, more):
    total, worst = 0.0, 0.0
    for g in range(samples.size):
        loss = loss_at(instance.floor[g], instance.scale[g], instance.rate[g], samples[g] + more[g])
        total += instance.weight[g] * loss
        worst = max(worst, loss)
    return worst if instance.aim == WORST else total


# In rounds to come, group g meets the same luck whatever was bought: slot g of the round.
def step(instance, state, view, action, left, t, key, cost, seen):
    for g in range(action.size):
        cost[0] += instance.cost[g] * action[g]
        loss = loss_at(instance.floor[g], instance.scale[g], instance.rate[g], state.samples[g] + action[g])
        seen.loss[g] = loss * draws.exp(instance.noise * (draws.normal(key, g) - 0.5 * instance.noise))
    return state.loss[0] - objective_at(instance, state.samples, action)


def advance(instance, state, view, action, outcome, left, t, key):
    state.loss[0] -= outcome.reward
    for g in range(action.size):
        state.samples[g] += action[g]
    return False


def equitable_sampling(
    floor: Any, scale: Any, rate: Any, cost: Any, weight: Any, budget: Any, horizon: Any = 20, start: Any = 1.0, noise: Any = 0.05, aim: str = "mean"
) -> Problem:
    """G groups; n samples of group g cost c_g n and bring its loss to a_g + b_g n^-rate_g. A round buys amounts and sees noisy validation losses.

    The total reward after any round is -F, F being sum_g w_g L_g(n_g) for the aim "mean", max_g L_g(n_g) for "worst": the first round earns -F, later ones what
    F has fallen by. The run ends before the first purchase that does not fit (law STOP).

    Parameters
    ----------
    floor, scale : (G,) a, b >= 0, loss.
    rate : (G,) in (0, 10].
    cost : (G,) > 0, money a sample. It may be as small as 1e-9.
    weight : (G,) w, probabilities.
    budget : money, >= 0, one number or (1,).
    horizon : purchases, at least 1.
    start : (G,) or one number, >= 1e-9: samples of each group that are there already, free.
    noise : >= 0; a seen loss is the true one times a lognormal with mean 1 and this standard deviation of its logarithm.
    aim : "mean" or "worst".

    Returns
    -------
    Problem of kind VECTOR, an action being amounts (G,) >= 0, of samples that can be divided. `public`: cost, weight, start, aim; `seen.loss` (G,).

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range, weights that do not sum to 1.

    Examples
    --------
    >>> problem = equitable_sampling([0.1, 0.1], [2.0, 4.0], [0.8, 0.7], [1.0, 2.0], [0.5, 0.5], budget=400)
    >>> problem.name
    'equitable_sampling(2 groups, mean loss, noise 0.05)'

    References
    ----------
    [Cai2022]_ for the setting; the form of the curves is a reconstruction.
    """
    a = array("floor", floor, (None,), 0.0)
    g = a.size
    b, rates = array("scale", scale, (g,), 0.0), array("rate", rate, (g,), 1e-9, 10.0)
    c, w = array("cost", cost, (g,), 1e-9), probabilities("weight", weight, (g,))
    first = array("start", np.full(g, start) if np.ndim(start) == 0 else start, (g,), 1e-9)
    money = array("budget", np.atleast_1d(budget), (1,), 0.0)
    code, noise = int(choice("aim", aim, ("mean", "worst")) == "worst"), number("noise", noise, 0.0, 10.0)
    spec = Spec(VECTOR, g, whole("horizon", horizon, 1), low=np.zeros(g), high=np.full(g, np.inf), budget=money, law=STOP, feedback="full",
                seen=Losses(np.zeros(g)), public=Groups(c, w, first, code), units=Units("-loss", ("money",), "purchase"))  # fmt: skip
    return Problem(spec, Curves(a, b, rates, c, w, first, noise, code), step, init, advance=advance, name=f"equitable_sampling({g} groups, {aim} loss, noise {noise:g})")


def examples() -> list[Problem]:
    """Four groups and their mean loss; the worst of three; two with no noise.

    >>> [p.spec.n_actions for p in examples()]
    [4, 3, 2]
    """
    return [
        equitable_sampling([0.1, 0.1, 0.12, 0.15], [2, 4, 8, 16], [0.8, 0.7, 0.6, 0.5], [1, 1, 2, 4], [0.6, 0.25, 0.1, 0.05], 4000.0),
        equitable_sampling([0.1, 0.2, 0.1], [1, 2, 4], [0.5, 0.5, 0.7], [1, 2, 1], [0.5, 0.3, 0.2], 600.0, 30, 5.0, 0.1, "worst"),
        equitable_sampling([0.1, 0.1], [2, 4], [0.8, 0.7], [1, 2], [0.5, 0.5], 400.0, 10, noise=0.0),
    ]
