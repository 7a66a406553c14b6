"""Tiny problems of every kind and law, and a rule that tries every action: what `checks` plays, for rules that have no problem of their own yet."""

import math
from typing import Any, NamedTuple

import numpy as np

from . import arguments, draws
from .arguments import BadValue, choice
from .kernels import available
from .model import ARM, REQUEST, RUIN, VECTOR, Kind, Law, Nothing, Policy, Problem, Spec


class Truth(NamedTuple):
    """Chances (n,) of a reward, or of a demand; chances, or shares, (n, d) of a cost; `worth`: what a reward of 1 is multiplied by."""

    mean_reward: np.ndarray
    mean_cost: np.ndarray
    worth: float = 1.0


class Mask(NamedTuple):
    legal: np.ndarray


class Offer(NamedTuple):
    reward: np.ndarray
    cost: np.ndarray


class Demand(NamedTuple):
    demand: np.ndarray


class Day(NamedTuple):
    day: np.ndarray


def coins(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    d = cost.size
    for j in range(d):
        cost[j] = draws.bernoulli(key, action * (d + 1) + 1 + j, instance.mean_cost[action, j])
    return instance.worth * draws.bernoulli(key, action * (d + 1), instance.mean_reward[action])


def mean_coin(instance, state, view, action, t):
    return instance.worth * instance.mean_reward[action] if action >= 0 else 0.0


def gamble(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    won = draws.bernoulli(key, action, instance.mean_reward[action])
    cost[0] = 2.0 - 3.0 * won
    return instance.worth * won


def some_arms(instance, state, t, key, view):
    for k in range(view.legal.size):
        view.legal[k] = draws.bernoulli(key, 100 + k, 0.5)
    view.legal[t % view.legal.size] = 1.0


def first_day(instance):
    return Day(np.zeros(1))


def next_day(instance, state, view, action, outcome, left, t, key):
    state.day[0] = (state.day[0] + 1.0) % 3.0


def ration(instance, state, view, left):
    for j in range(left.size):
        left[j] = state.day[0]


def offer(instance, state, t, key, view):
    n, d = view.cost.shape
    for i in range(n):
        view.reward[i] = instance.worth * instance.mean_reward[i] * draws.uniform(key, i)
        for j in range(d):
            view.cost[i, j] = draws.bernoulli(key, n + i * d + j, instance.mean_cost[i, j])


def serve(instance, state, view, action, left, t, key, cost, seen):
    if action < 0:
        return 0.0
    for j in range(cost.size):
        cost[j] = view.cost[action, j]
    return view.reward[action]


def offered(instance, state, view, action, t):
    return view.reward[action] if action >= 0 else 0.0


def sell(instance, state, view, action, left, t, key, cost, seen):
    sold, n = 0.0, action.size
    for i in range(n):
        seen.demand[i] = draws.integer(key, i, 4) * draws.bernoulli(key, n + i, instance.mean_reward[i])
        sold += min(action[i], seen.demand[i])
        for j in range(cost.size):
            cost[j] += instance.mean_cost[i, j] * action[i]
    return instance.worth * sold


def mean_sale(instance, state, view, action, t):
    total = 0.0
    for i in range(action.size):
        for w in range(1, 4):
            total += 0.25 * instance.mean_reward[i] * min(action[i], float(w))
    return instance.worth * total


def exercise(
    kind: Any,
    *,
    actions: int = 2,
    resources: int = 1,
    horizon: int = 10,
    law: Any = "STOP",
    budget: float | None = None,
    masked: bool = False,
    idle: bool = False,
    renewed: bool = False,
    whole: bool = True,
    equal: bool = False,
    worth: float = 1.0,
    seed: int = 0,
) -> Problem:
    """A small problem that a few integers and names determine; its name is the line that builds it.

    ARM: coins that pay and cost 0 or 1; under RUIN a lost coin costs 2 and a won one brings 1. REQUEST: each option shows a reward in [0, 1) and
    costs of 0 or 1. VECTOR: amounts from 0 to 3 of n goods, each of which a share of each resource goes into; what is asked for is sold.

    Parameters
    ----------
    kind : "ARM", "REQUEST", "VECTOR", or a Kind. actions : how many arms, options or goods, at least 1.
    resources : at least 0; under RUIN 1. horizon : rounds, at least 1. law : "STOP", "SKIP", "RUIN", or a Law.
    budget : of every resource, 0 to infinity; by default a quarter of the most that could be asked of it.
    masked : only some arms are legal in a round; idle : action -1 is legal too; both of ARM only.
    renewed : budgets are 0, 1, 2, 0, ... in each round anew; not under RUIN. whole : amounts are; of VECTOR only.
    equal : all actions have the same chances, 1/2. worth : of a reward of 1.
    seed : of the chances: 0 spreads them evenly between .3 and .7 (costs: .2 and .8, up and down), any other draws tenths between 0 and 1.

    Raises
    ------
    BadType, BadValue : an argument of the wrong kind, out of range, or of no use beside the others.

    Examples
    --------
    >>> exercise("ARM", actions=3, law="SKIP").name
    'exercise("ARM", actions=3, law="SKIP")'
    >>> exercise("ARM", seed=2).instance.mean_reward.tolist()
    [0.9, 0.2]
    """
    kind = Kind[choice("kind", getattr(kind, "name", kind), Kind.__members__)]
    law = Law[choice("law", getattr(law, "name", law), Law.__members__)]
    n, d, horizon = arguments.whole("actions", actions, 1), arguments.whole("resources", resources, 0), arguments.whole("horizon", horizon, 1)
    worth, seed = arguments.number("worth", worth), arguments.whole("seed", seed, 0, 2**64 - 1)
    budget = None if budget is None else arguments.number("budget", budget, 0.0, finite=False)
    flags = {"masked": masked, "idle": idle, "renewed": renewed, "whole": whole, "equal": equal}
    flags = {name: arguments.flag(name, value) for name, value in flags.items()}
    for name, of in (("masked", ARM), ("idle", ARM), ("whole", VECTOR)):
        if kind != of and flags[name] != (name == "whole"):
            raise BadValue(f"{name}: got {flags[name]} for {kind.name}; allowed: of {of.name} only")
    if law == RUIN and (d != 1 or renewed):
        raise BadValue(f"{'renewed' if renewed else 'resources'}: got {renewed or d} under RUIN; allowed: one stock, which is not renewed")
    if budget is not None and (renewed or not d):
        raise BadValue(f"budget: got {budget:g}; allowed: None where {'it is renewed' if renewed else 'there are 0 resources'}")
    given = {"actions": n, "resources": d, "horizon": horizon, "law": law.name, "budget": budget, **flags, "worth": worth, "seed": seed}
    usual = exercise.__kwdefaults__ or {}
    line = ", ".join([f'"{kind.name}"', *(f"{name}={_spoken(value)}" for name, value in given.items() if value != usual[name])])
    most = horizon * (3.0 * n if kind == VECTOR else 1.0)
    stock = np.full(d, most / 4.0 if budget is None else budget)
    spec = Spec(kind, n, horizon, idle, budget=stock, law=law, renew=renewed)
    problem = Problem(spec, _truth(n, d, equal, worth, seed), coins, expected=mean_coin, name=f"exercise({line})")
    if kind == ARM:
        problem = problem._replace(step=gamble if law == RUIN else coins)
        spec, problem = (spec._replace(view=Mask(np.ones(n))), problem._replace(observe=some_arms)) if masked else (spec, problem)
    elif kind == REQUEST:
        spec, problem = spec._replace(view=Offer(np.zeros(n), np.zeros((n, d)))), problem._replace(step=serve, observe=offer, expected=offered)
    else:
        spec = spec._replace(high=np.full(n, 3.0), whole=np.full(n, whole), feedback="full", seen=Demand(np.zeros(n)))
        problem = problem._replace(step=sell, expected=mean_sale)
    problem = problem._replace(init=first_day, advance=next_day, allowance=ration) if renewed else problem
    return problem._replace(spec=spec)


def _spoken(value: Any) -> str:
    if isinstance(value, float):
        return f'float("{value}")' if math.isinf(value) else f"{value!r}".removesuffix(".0")
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _truth(n: int, d: int, equal: bool, worth: float, seed: int) -> Truth:
    if equal:
        return Truth(np.full(n, 0.5), np.full((n, d), 0.5), worth)
    if seed:  # each row from a stream of its own: with fewer actions or resources the others keep their chances
        rows = np.array([np.random.default_rng([seed, j]).integers(0, 11, n) / 10.0 for j in range(1 + d)])
    else:
        up = np.linspace(0.2, 0.8, n)
        rows = np.array([np.linspace(0.3, 0.7, n), *(up[:: 1 - 2 * (j % 2)] for j in range(d))])
    return Truth(rows[0], rows[1:].T.copy(), worth)


def exercises(kind: Kind) -> list[Problem]:
    """Small problems of one kind, under each law: what a rule is tried on when nobody says on what.

    >>> [p.name for p in exercises(ARM)]
    ['arms', 'arms, 2 budgets', 'arms, SKIP', 'arms, RUIN', 'arms, sometimes', 'arms, renewed']
    """
    listed: dict[Kind, dict[str, dict[str, Any]]] = {
        ARM: {
            "arms": {"resources": 0},
            "arms, 2 budgets": {"idle": True},
            "arms, SKIP": {"law": "SKIP"},
            "arms, RUIN": {"law": "RUIN", "resources": 1},
            "arms, sometimes": {"resources": 0, "masked": True},
            "arms, renewed": {"law": "SKIP", "renewed": True},
        },
        REQUEST: {"requests": {}, "requests, SKIP": {"law": "SKIP"}},
        VECTOR: {"whole amounts": {}, "amounts, SKIP": {"law": "SKIP", "whole": False}},
    }
    return [exercise(kind, **{"actions": 3, "resources": 2, "horizon": 60, **how})._replace(name=name) for name, how in listed[kind].items()]


# ------------------------------------------------------------------------------------------------ a rule that tries everything
class Range(NamedTuple):
    """What the probing rule draws from: amounts low + width u; `detour`: other actions in odd rounds."""

    low: np.ndarray
    width: np.ndarray
    whole: np.ndarray
    idle: int
    detour: int


def probe(kind: Kind, detour: bool = False) -> Policy:
    """A rule that tries everything: uniform over what is legal."""

    def init(spec: Spec) -> Any:
        n = spec.n_actions
        low, high = (np.zeros(n), np.zeros(n)) if spec.low is None else (spec.low, spec.high)
        low = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high - 1.0, -1.0))
        integral = np.zeros(n, bool) if spec.whole is None else spec.whole
        low = np.where(integral, np.ceil(low), low)
        return Nothing(), Range(low, np.where(np.isfinite(high), high - low, 2.0), integral, int(spec.idle or spec.kind == REQUEST), int(detour))

    return Policy(kind, init, try_amounts if kind == VECTOR else try_action, learn_nothing, name="any action")


def try_action(memory, params, view, left, t, key):
    n = params.low.size
    k = draws.integer(key, params.detour * (t % 2), n + params.idle) - params.idle
    for _ in range(n):
        if k < 0 or available(view, k):
            break
        k = (k + 1) % n
    return k


def try_amounts(memory, params, view, left, t, key, chosen):
    n = chosen.size
    for i in range(n):
        u = draws.uniform(key, i + n * params.detour * (t % 2))
        chosen[i] = params.low[i] + (math.floor(u * (math.floor(params.width[i]) + 1.0)) if params.whole[i] else u * params.width[i])


def learn_nothing(memory, params, view, action, outcome, t):
    pass
