"""Adapters that must be resident: route each request, and decide which K of N adapters the fast memory holds."""

from typing import Any, NamedTuple

import numpy as np

from .. import draws
from ..arguments import BadValue, array, number, probabilities, whole
from ..draws import ROUND, nature_key
from ..kernels import compiled
from ..model import CHARGED, Kind, Law, Problem, Spec, Units

_PAID = int(CHARGED)


class Told(NamedTuple):
    """What anyone may know."""

    slots: int
    miss_cost: float
    switch_cost: float


class Mixture(NamedTuple):
    """Contexts around centres, drawn anew every round."""

    theta: np.ndarray
    noise: float
    told: Told
    centres: np.ndarray
    upto: np.ndarray
    spread: float


class Given(NamedTuple):
    """One context a round, written down; `utility` (T, N) = contexts theta'."""

    theta: np.ndarray
    noise: float
    told: Told
    contexts: np.ndarray
    utility: np.ndarray
    miss_cost: float
    slots: int


class Cache(NamedTuple):
    resident: np.ndarray


class Request(NamedTuple):
    """The request, and what the last round left resident."""

    context: np.ndarray
    resident: np.ndarray


def init(instance):
    return Cache(np.zeros(instance.theta.shape[0]))


def draw_context(centres, upto, spread, key, context):
    j = draws.categorical(key, 0, upto)
    for a in range(context.size):
        context[a] = centres[j, a] + spread * draws.normal(key, a)


def show(state, view):
    for n in range(view.resident.size):
        view.resident[n] = state.resident[n]


def mixture_observe(instance, state, t, key, view):
    draw_context(instance.centres, instance.upto, instance.spread, key, view.context)
    show(state, view)


def given_observe(instance, state, t, key, view):
    for a in range(view.context.size):
        view.context[a] = instance.contexts[t, a]
    show(state, view)


def fits(instance, action):
    """Whether the resident set asked for has room: one that has not is refused whole, and the old one stays."""
    asked = 0.0
    for n in range(1, action.size):
        asked += action[n]
    return asked <= instance.told.slots


def step(instance, state, view, action, left, t, key, cost, seen):
    room, n = fits(instance, action), int(action[0])
    resident = action[1 + n] if room else state.resident[n]
    cost[0] = instance.told.miss_cost * (1.0 - resident)
    if room:
        for i in range(state.resident.size):
            cost[1] += instance.told.switch_cost * max(action[1 + i] - state.resident[i], 0.0)
    return expected(instance, state, view, action, t) + instance.noise * draws.normal(key, view.context.size + n)


def advance(instance, state, view, action, outcome, left, t, key):
    if outcome.status == _PAID and fits(instance, action):
        for i in range(state.resident.size):
            state.resident[i] = action[1 + i]
    return False


def expected(instance, state, view, action, t):
    n, mean = int(action[0]), 0.0
    for a in range(view.context.size):
        mean += instance.theta[n, a] * view.context[a]
    return mean


def adapter_cache(
    theta: Any = None,
    slots: int = 1,
    horizon: int = 1000,
    centres: Any = None,
    probabilities_of_centres: Any = None,
    spread: float = 0.0,
    *,
    contexts: Any = None,
    miss_cost: float = 0.15,
    switch_cost: float = 1.0,
    noise: float = 0.1,
    budget: Any = None,
) -> Problem:
    """N adapters, of which the fast memory holds K: which one serves a request, and which ones are resident.

    In round t a context x is seen and (n, C_t) is chosen: the adapter n that serves it, and the resident set C_t, loaded before the
    request is served. The utility is x . theta_n + noise Z, Z standard normal, and is the reward. Two resources count paging, both
    in units of reward: `miss_cost` where n is not in C_t, and `switch_cost` for each adapter of C_t that was not resident
    before. What counts is reward - cost. No adapter is resident at the start.

    An action has 1 + N entries: n, then the mask of C_t. A mask with more than K ones is refused whole: the resident set stays as it is and
    nothing is loaded. A round whose paging does not fit into a budget is void (law SKIP): the request is dropped, the cache stays.
    Nothing forbids to load an adapter for the request at hand, at `switch_cost` in place of `miss_cost`; that caches change slowly is a restriction
    of rules. (`pulls` of a run counts rounds resident in entries 1 to N; its entry 0 means nothing.)

    Parameters
    ----------
    theta : (N, d), utility per unit of context; hidden.
    slots : K, adapters, 1 to N; public.
    horizon : rounds, at least 1; with `contexts` at most as many as there are.
    centres : (J, d): contexts are a random centre + spread * (standard normal, d of them); None with `contexts`.
    probabilities_of_centres : (J,), sum 1; None: equal.
    spread : >= 0, units of context.
    contexts : (T, d), arbitrary: the context of each round, the same in every replication.
    miss_cost : >= 0, reward for each miss; public.
    switch_cost : >= 0, reward for each adapter loaded; public.
    noise : standard deviation of one utility, >= 0, reward.
    budget : (2,) >= 0, what misses and what loads may cost in all, reward; None: no cap.

    Returns
    -------
    Problem of kind VECTOR with the view (context (d,), resident (N,)) and, with `contexts`, `instance.utility` (T, N), which
    `static_cache_optimum` asks for.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges; neither or both of `centres` and `contexts`; more slots than adapters.

    Examples
    --------
    >>> problem = adapter_cache(np.eye(3), slots=2, horizon=50, centres=np.eye(3), spread=0.1)
    >>> problem.name, problem.spec.n_actions, problem.spec.public.slots
    ('adapter_cache(3 adapters, 2 slots, 3 clusters)', 4, 2)

    References
    ----------
    [LiLi2026]_ for the problem in words. Its abstract is all that was available: utilities, costs and clusters are a reconstruction.
    """
    theta = array("theta", theta, (None, None))
    n, d = theta.shape
    told = Told(whole("slots", slots, 1, n), number("miss_cost", miss_cost, 0.0), number("switch_cost", switch_cost, 0.0))
    noise, horizon = number("noise", noise, 0.0), whole("horizon", horizon, 1)
    budget = np.full(2, np.inf) if budget is None else array("budget", budget, (2,), 0.0, finite=False)
    if (centres is None) == (contexts is None):
        raise BadValue(f"centres, contexts: got {'neither' if centres is None else 'both'}; allowed: one of them")
    instance: Mixture | Given
    if contexts is None:
        centres = array("centres", centres, (None, d))
        j = len(centres)
        p = probabilities("probabilities_of_centres", np.full(j, 1.0 / j) if probabilities_of_centres is None else probabilities_of_centres, (j,))
        instance, observe = Mixture(theta, noise, told, centres, np.cumsum(p), number("spread", spread, 0.0)), mixture_observe
        where = f"{j} cluster{'s' * (j > 1)}"
    else:
        contexts = array("contexts", contexts, (None, d))
        horizon = whole("horizon", horizon, 1, len(contexts))
        utility = contexts[:horizon] @ theta.T
        instance, observe = Given(theta, noise, told, contexts, utility, told.miss_cost, told.slots), given_observe
        where = "given contexts"
    capped = "" if np.isinf(budget).all() else f", budget {budget[0]:g} for misses and {budget[1]:g} for loads"
    spec = Spec(
        Kind.VECTOR, 1 + n, horizon, high=np.append(n - 1.0, np.ones(n)), whole=np.ones(1 + n, bool), budget=budget, law=Law.SKIP,
        view=Request(np.zeros(d), np.zeros(n)), public=told, units=Units("utility", ("misses", "loads"), "request"),
    )  # fmt: skip
    name = f"adapter_cache({n} adapters, {told.slots} slot{'s' * (told.slots > 1)}, {where}{capped})"
    return Problem(spec, instance, step, init, None, observe, advance, expected=expected, objective="reward - cost", name=name)


# ------------------------------------------------------------------------------------------------ what nature shows
def _fill(seed, replication, centres, upto, spread, out):
    for t in range(out.shape[0]):
        draw_context(centres, upto, spread, nature_key(seed, replication, t, ROUND), out[t])


_fill_compiled = compiled(_fill)


def contexts_seen(problem: Problem, seed: int, replication: int) -> np.ndarray:
    """(T, d): the contexts of one replication of a run, whatever was played: what a benchmark in hindsight needs.

    >>> contexts_seen(adapter_cache(np.eye(2), horizon=3, centres=[[0.5, 1.0]]), seed=1, replication=0).tolist()
    [[0.5, 1.0], [0.5, 1.0], [0.5, 1.0]]
    """
    instance, horizon = problem.instance, problem.spec.horizon
    if isinstance(instance, Given):
        return instance.contexts[:horizon]
    out = np.zeros((horizon, instance.theta.shape[1]))
    _fill_compiled(np.uint64(seed), replication, instance.centres, instance.upto, instance.spread, out)
    return out


def examples() -> list[Problem]:
    """A mixture, the same with budgets that bind, and arbitrary contexts.

    >>> [p.name for p in examples()]
    ['adapter_cache(4 adapters, 2 slots, 3 clusters)',
     'adapter_cache(4 adapters, 2 slots, 3 clusters, budget 3 for misses and 5 for loads)',
     'adapter_cache(3 adapters, 1 slot, given contexts)']
    """
    theta = np.array([[0.9, 0.1], [0.6, 0.6], [0.1, 0.8], [0.3, 0.2]])
    centres = [[1.0, 0.0], [0.0, 1.0], [0.7, 0.7]]
    mixture: dict[str, Any] = {"slots": 2, "horizon": 200, "centres": centres, "probabilities_of_centres": [0.5, 0.25, 0.25], "spread": 0.1}
    turning = np.column_stack([np.cos(np.arange(150) / 20.0), np.sin(np.arange(150) / 20.0)])
    return [
        adapter_cache(theta, **mixture),
        adapter_cache(theta, **mixture, budget=[3.0, 5.0]),
        adapter_cache(theta[:3], 1, 150, contexts=turning, miss_cost=0.3, noise=0.0),
    ]
