"""The laws of rules."""

import math
from typing import Any

import numpy as np

from .. import engine, exercises
from ..arguments import BudgetsimError
from ..kernels.content import Survey
from ..model import ARM, CHARGED, CLIPPED, TOLERANCE, Policy, Problem, Spec
from .laws import MOOT, PURE, SHARED, Finding, Law
from .tape import raw
from .trial import Trial

FINITE, BUDGET = "memory holds no NaN", "spends at most the budget"
FRESH, FAIR, MASKS = "every game starts afresh, at the size of its problem", "earns no more than chance from fair coins", "keeps to the legal mask"

FAIR_SIGMAS, FAIR_LEVEL, FAIR_RUNS, FAIR_ROUNDS = 5.0, 5.733e-7, 6, 100  #: standard errors, and how often an honest rule is accused


def memory_is_finite(trial: Trial) -> Finding:
    broken = next((c.spoken for c in trial.player.of("act", "update") if _holds_nan(c.owned[0])), "")
    return not broken, f"{broken} leaves a NaN"


def _holds_nan(value: Any) -> bool:
    return any(map(_holds_nan, value)) if isinstance(value, tuple) else bool(np.isnan(value).any())


def budget_is_kept(trial: Trial) -> Finding:
    """What was charged, added up from the steps that the ledger accepted, is what it reports, what the rule was told, and at most the budget."""
    spec, log = trial.problem.spec, trial.log
    if not spec.budget.size:
        return MOOT, "no problem here has a budget"
    refilled = trial.nature.of("allowance")
    steps = trial.nature.of("step")
    for i in range(trial.count):
        mine, paid = [n for n, c in enumerate(steps) if c.arguments[6].replication == i], np.zeros((0, spec.budget.size))
        for t, n in enumerate(mine):
            left, cost = steps[n].arguments[4], steps[n].owned[0]
            right = refilled[n].owned[0] if spec.renew else spec.budget - _total(paid)
            if not np.allclose(left, np.maximum(right, 0.0), 1e-12, 1e-12):
                return False, f"replication {i}, round {t}: told that {left.tolist()} is left, it is {right.tolist()}"
            if t < log.rounds[i, -1] and log.status[i, t] in (CHARGED, CLIPPED):
                cost = np.minimum(cost, left) if log.status[i, t] == CLIPPED else cost
                if np.any(cost > right + TOLERANCE * spec.budget):
                    return False, f"replication {i}, round {t}: pays {cost.tolist()} of {right.tolist()}"
                paid = np.vstack([paid, cost])
        spent, said = _total(paid), log.spent[i, -1]
        if not np.allclose(spent, said, 1e-12, 1e-12):
            return False, f"replication {i}: spends {spent.tolist()}, the ledger says {said.tolist()}"
    return True, ""


def _total(paid: np.ndarray) -> np.ndarray:
    return np.array([math.fsum(column) for column in paid.T])


def mask_is_kept(trial: Trial) -> Finding:
    return (True, "") if hasattr(trial.problem.spec.view, "legal") else (MOOT, "no problem here has a mask")


def init_is_pure(trial: Trial) -> Finding:
    """`init` is asked twice, and then every call once more."""
    spec = trial.problem.spec
    if raw(trial.rule.init(spec)) != raw(trial.rule.init(spec)):
        return False, "init returns something else when it is called again"
    return SHARED[PURE](trial)


OF_RULES: dict[str, Law] = SHARED | {PURE: init_is_pure, MASKS: mask_is_kept, FINITE: memory_is_finite, BUDGET: budget_is_kept}


# ------------------------------------------------------------------------------------------------ laws about a rule on several problems
def starts_afresh(rule: Policy, anew: Any, specs: list[Spec]) -> Finding:
    """Asked about one problem after the other, there and back, `init` answers as a copy does that was never asked before, with arrays of its own."""
    for spec in [*specs, *specs]:
        try:
            right, made = _flat(anew().init(spec)), rule.init(spec)
        except BudgetsimError:
            continue
        got, other = _flat(made), rule.init(spec)
        if raw(got) != raw(right) or [a.shape for a in got] != [a.shape for a in right]:
            return False, f"init answers differently for {spec.n_actions} actions and {spec.horizon} rounds once it was asked about another problem"
        if any(np.shares_memory(a, b) for a in _flat(_memory(made)) for b in _flat(_memory(other))):
            return False, "init hands out an array that it has handed out before"
    return True, ""


def _memory(made: Any) -> Any:
    return made[0] if type(made) is tuple and len(made) == 2 else made


def _flat(value: Any) -> tuple[np.ndarray, ...]:
    return tuple(a for v in value for a in _flat(v)) if isinstance(value, tuple) else () if value is None else (np.asarray(value),)


def fair_coins() -> Problem:
    """Three arms that all pay 1 with probability 1/2."""
    coins = exercises.exercises(ARM)[0]
    return coins._replace(spec=coins.spec._replace(horizon=FAIR_ROUNDS), instance=coins.instance._replace(mean_reward=np.full(3, 0.5)), name="fair coins")


def earns_no_more_than_chance(rule: Policy, seed: int) -> Finding:
    """Reward minus 1/2 is a martingale difference of whoever has not seen the coin."""
    log = engine.play_block(engine.prepare(fair_coins(), rule, path="python"), seed, 0, FAIR_RUNS, [FAIR_ROUNDS])
    n = float(log.rounds[:, -1].sum())
    if n == 0.0:
        return MOOT, "plays no round of fair coins"
    mean, error = float(log.reward[:, -1].sum()) / n, 0.5 / math.sqrt(n)
    power = f"who earns {0.5 + (FAIR_SIGMAS + 2.33) * error:.2f} a round is found out with probability .99"
    return abs(mean - 0.5) <= FAIR_SIGMAS * error, power if abs(mean - 0.5) <= FAIR_SIGMAS * error else f"fair coins pay it {mean:.3f} a round, in {n:g} rounds"


def reads_mask(rule: Policy) -> bool:
    return any(name in ("available", "legal") for f in Survey([rule.act]).functions for name in f.__code__.co_names)
