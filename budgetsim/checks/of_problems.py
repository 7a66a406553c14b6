"""The laws of problems."""

import math
from typing import Any

import numpy as np

from .. import draws
from ..model import REQUEST, RUIN, UNANSWERED, VECTOR
from .laws import MOOT, SHARED, Finding, Law
from .tape import raw
from .trial import Trial

LUCK, MEAN = "luck does not depend on earlier actions", "expected is the mean reward"
IDLE, LOSS, CHOICE = "doing nothing costs nothing", "loss is finite and not negative", "some action is always legal"

SIGMAS, LEVEL = 4.0, 6.334e-5  #: standard errors of MEAN, and how often a true one is missed
DRAWS, MOST = 4000, 16000  #: of MEAN: answers an action, and calls in all


def _idles(trial: Trial) -> bool:
    return trial.problem.spec.kind != VECTOR and bool(trial.problem.spec.idle or trial.problem.spec.kind == REQUEST)


def something_is_legal(trial: Trial) -> Finding:
    blocked = next((c.spoken for c in trial.nature.of("step") if hasattr(c.arguments[2], "legal") and not c.arguments[2].legal.any()), "")
    return not blocked or _idles(trial), f"{blocked} allows no action"


def luck_is_nobodys(trial: Trial) -> Finding:
    """`seen` keeps what the last round left in it: a step that reads it, or leaves some of it as it came, pays or shows what an earlier action brought."""
    if trial.impure:
        return MOOT, "not looked at, because it breaks a promise above"
    step = trial.nature.spies["step"]
    for c in trial.nature.of("step")[:100]:
        one, other = step.again(c), step.again(c, seen=_filled(c.arguments[8]))
        if (raw(one.result), raw(one.owned)) != (raw(other.result), raw(other.owned)):
            return False, f"{c.spoken} pays or shows something of the round before, which `seen` keeps"
    return True, ""


def _filled(seen: Any) -> Any:
    return type(seen)(*map(_filled, seen)) if isinstance(seen, tuple) else np.full_like(seen, 1)


def expected_is_the_mean(trial: Trial) -> Finding:
    """Every recorded round is played again on fresh luck, with every action; of VECTOR problems with the action that was chosen."""
    problem, steps = trial.problem, trial.nature.of("step")
    if problem.expected is None:
        return MOOT, "has no expected"
    vector = problem.spec.kind == VECTOR
    actions = [0] if vector else range(-_idles(trial), problem.spec.n_actions)
    gaps: dict[int, list[float]] = {a: [] for a in actions}
    for i in range(min(DRAWS, MOST // len(actions))):
        c = steps[i % len(steps)]
        instance, state, view, taken, left, t, *_ = c.arguments
        mask = getattr(view, "legal", None)
        key = draws.nature_key(trial.seed ^ 0x5EED, i, t, draws.ROUND)
        for k in actions:
            if mask is not None and k >= 0 and not mask[k]:
                continue
            action = taken if vector else k
            answer = trial.nature.spies["step"].again(c, action=action, key=draws.Key(key.x0, key.x1, key.seed, key.replication, key.where),
                                                      cost=np.zeros_like(c.arguments[7]))  # fmt: skip
            reward, cost = float(answer.result), answer.owned[0]
            if problem.spec.law == RUIN and reward == -cost[0] and cost[0] > left[0]:
                reward = -left[0]  # the ledger clips what changes the stock
            if reward != UNANSWERED:
                gaps[k].append(reward - float(problem.expected(instance, state, view, action, t)))
    unseen = 0.0
    widest = max((abs(g) for gap in gaps.values() for g in gap), default=0.0)
    for k, gap in gaps.items():
        if not gap:
            continue
        n, mean = len(gap), float(np.mean(gap))
        error, rare = float(np.std(gap)) / math.sqrt(n), 8.0 * widest / n  # events too rare to have been seen
        if not abs(mean) <= max(SIGMAS * error + rare, 1e-12):
            return False, f"action {k} earns {mean:+.3g} beside expected, standard error {error:.2g} over {n} draws"
        unseen = max(unseen, (SIGMAS + 2.33) * error + rare)
    return (True, f"an error of {unseen:.2g} is found with probability .99") if any(gaps.values()) else (MOOT, "no answer was given")


def idling_is_free(trial: Trial) -> Finding:
    if not _idles(trial):
        return MOOT, "an action is taken in every round"
    for c in trial.nature.of("step")[:50]:
        cost = trial.nature.spies["step"].again(c, action=-1, cost=np.zeros_like(c.arguments[7])).owned[0]
        if cost.any():
            return False, f"{c.spoken} charges {cost.tolist()} for action -1"
    return True, ""


def loss_is_a_loss(trial: Trial) -> Finding:
    problem = trial.problem
    if problem.loss is None:
        return MOOT, "has no loss"
    for c in trial.nature.of("step")[:50]:
        for action in range(problem.spec.n_actions):
            value = float(problem.loss(c.arguments[0], c.arguments[1], action))
            if not 0.0 <= value < math.inf:
                return False, f"loss of {action} is {value}"
    return True, ""


OF_PROBLEMS: dict[str, Law] = SHARED | {
    CHOICE: something_is_legal,
    LUCK: luck_is_nobodys,
    MEAN: expected_is_the_mean,
    IDLE: idling_is_free,
    LOSS: loss_is_a_loss,
}
