"""The nouns. No logic: read this first.

A *problem* is nature: it shows a view, answers an action with a reward and a cost, and moves its state.
A *policy* is a rule: it keeps a memory and turns what it is shown into an action.
The engine plays one against the other; the ledger alone decides what is paid.

Whatever a function does not own reaches it read-only. `memory`, `state`, `view` and `seen` are NamedTuples of
arrays (they may nest); `instance`, `params` and `public` may hold plain numbers as well.
"""

import math
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np


class Kind(IntEnum):
    """What an action is."""

    ARM = 0  #: pull one of n
    REQUEST = 1  #: an offer is seen; take one option, or none (-1)
    VECTOR = 2  #: n numbers: a mask, amounts, prices


class Law(IntEnum):
    """What happens when a cost does not fit into what is left."""

    STOP = 0  #: the run ends before this round
    SKIP = 1  #: the round is void, the run goes on
    RUIN = 2  #: the stock falls to 0, the reward is clipped by the same amount, the run ends


class Status(IntEnum):
    """What the ledger said of a round."""

    CHARGED = 0  #: the cost fitted and was paid
    VOID = 1  #: SKIP: nothing paid, nothing earned, the null action moved the state
    CLIPPED = 2  #: RUIN: the last round
    IGNORED = 3  #: the problem's log cannot answer this action


ARM, REQUEST, VECTOR = Kind
STOP, SKIP, RUIN = Law
CHARGED, VOID, CLIPPED, IGNORED = Status

#: `step` returns this reward when the problem's log cannot answer the action.
UNANSWERED = -math.inf

#: A cost fits when cost <= left + TOLERANCE * budget, in every resource. Optima and tests use the same constant.
TOLERANCE = 1e-12


class Ended(IntEnum):
    """What ended a run; `RESOURCE + j` stands for resource j."""

    HORIZON = 0
    RULE = 1
    PROBLEM = 2
    RUIN = 3
    RESOURCE = 4


class Nothing(NamedTuple):
    """The template of whoever shows, sees or remembers nothing."""

    nothing: np.ndarray = np.zeros(0)


class Units(NamedTuple):
    """Units for labels: of the reward, of each resource, of a round."""

    reward: str = "reward"
    resource: tuple[str, ...] = ()
    round: str = "round"


class Spec(NamedTuple):
    """All that a policy may know about a problem.

    `idle`: action -1 is legal and costs only time. `low`, `high`, `whole` (n_actions,): range and integrality of each
    entry of a VECTOR. `budget` (d,): infinite where there is no cap; d may be 0. Time is never in `left`.
    `feedback`: "bandit" | "semi" | "full". `view`, `seen`: templates, whose arrays give shapes and types.
    """

    kind: Kind
    n_actions: int
    horizon: int
    idle: bool = False
    low: Any = None
    high: Any = None
    whole: Any = None
    budget: np.ndarray = np.zeros(0)
    law: Law = Law.STOP
    renew: bool = False
    feedback: str = "bandit"
    view: Any = Nothing()
    seen: Any = Nothing()
    public: Any = Nothing()
    units: Units = Units()


class Problem(NamedTuple):
    """Nature, as plain functions; only `spec`, `instance` and `step` are required.

    ======================================================================  =========================================
    init(instance) -> state                                                 once; the template that each replication copies
    begin(instance, state, key)                                             per replication: random starts and orders
    observe(instance, state, t, key, view)                                  fills the view, or returns one made of slices
    step(instance, state, view, action, left, t, key, cost, seen) -> reward fills cost (d,) and seen; moves nothing
    advance(instance, state, view, action, outcome, left, t, key) -> end    moves the state; True ends the run
    allowance(instance, state, view, left)                                  with `renew`: fills this round's budget
    expected(instance, state, view, action, t) -> number                    mean reward of the action now
    loss(instance, state, recommendation) -> number                         what a recommendation costs
    ======================================================================  =========================================

    `cost` arrives zeroed; `seen` keeps what the last round left in it.
    `objective`: "reward" | "reward - cost" | "-(loss + cost)".
    """

    spec: Spec
    instance: Any
    step: Callable[..., Any]
    init: Callable[..., Any] | None = None
    begin: Callable[..., Any] | None = None
    observe: Callable[..., Any] | None = None
    advance: Callable[..., Any] | None = None
    allowance: Callable[..., Any] | None = None
    expected: Callable[..., Any] | None = None
    loss: Callable[..., Any] | None = None
    objective: str = "reward"
    name: str = "problem"


class Policy(NamedTuple):
    """A rule, as plain functions; `kind`, `init`, `act` and `update` are required.

    ========================================================  ==========================================================
    init(spec) -> memory, or (memory, params)                 once; factory arguments enter here and nowhere else
    begin(memory, params, key)                                per replication, where a rule draws at the start
    act(memory, params, view, left, t, key) -> action         ARM 0..n-1 (-1 where idle); REQUEST 0..n-1 or -1;
                                                              VECTOR: act(..., key, chosen) fills chosen (n,)
    update(memory, params, view, action, outcome, t)          in place; the action as the rule returned it
    replan(memory, params, view, left, t)                     plain Python, before the rounds that schedule(spec) lists
    stop(memory, params, left, t) -> bool                     ends the run before this round
    recommend(memory, params, left, t, key) -> int            an action to recommend, asked at each checkpoint
    ========================================================  ==========================================================

    `name` is the label: it carries the parameters, and what the rule is told.
    """

    kind: Kind
    init: Callable[..., Any]
    act: Callable[..., Any]
    update: Callable[..., Any]
    begin: Callable[..., Any] | None = None
    replan: Callable[..., Any] | None = None
    schedule: Callable[..., Any] | None = None
    stop: Callable[..., Any] | None = None
    recommend: Callable[..., Any] | None = None
    name: str = "policy"


class Outcome(NamedTuple):
    """What comes back from a round, as the ledger counted it."""

    reward: Any
    cost: Any
    seen: Any
    status: Any


class Optimum(NamedTuple):
    """A benchmark with its certificate: lower <= the optimum of `of` <= upper, verified after the solver.

    `value`: what the literature measures against. `kind`: "certified" | "statistical" (then with its `level`).
    `plan`: what attains it. `dual`: prices >= 0, in reward per unit of resource.
    """

    name: str
    kind: str
    value: float
    lower: float
    upper: float
    plan: Any = None
    dual: Any = None
    of: str = ""
    level: float = 0.0


class Verdict(NamedTuple):
    """What became of a claim. `holds`: True | False | "unresolved". `kind`: "proved" | "exact" | "certified" | "statistical".

    `margin` >= 0 where it holds: how far the claim is from failing, in the claim's own unit.
    """

    claim: str
    kind: str
    holds: Any
    margin: float
    interval: tuple[float, float] = (math.nan, math.nan)
    level: float = 0.0
    detail: str = ""
