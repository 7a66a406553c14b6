"""Given sequences: by hand, with both kinds of feedback; members of the family are the same until they end; bad input."""

import numpy as np
import pytest

from budgetsim import engine
from budgetsim.arguments import BadType, BadValue
from budgetsim.model import Ended
from budgetsim.policies.fixed_mixture import fixed_mixture
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.problems.adversarial_bandit import adversarial_bandit
from budgetsim.theory.adversarial_family import phased_sequence

from ..strategies import planned

REWARD = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 0.8]])
COST = np.array([[[1.0], [0.0]], [[0.5], [1.0]], [[2.0], [0.25]], [[0.0], [1.0]]])


def test_what_is_written_is_earned():
    """Arms 0, 1, 0: 0.1 + 0.4, then the third cost, 2, does not fit into what is left of 3."""
    log = engine.run(adversarial_bandit(REWARD, COST, 3.0), planned(0, 1, 0, 1), replications=2, seed=1, path="python", checkpoints=[1, 2, 3, 4])
    assert log.reward.values[0].tolist() == [0.1, 0.5, 0.5, 0.5] and log.spent.values[1, -1].tolist() == [2.0]
    assert log.rounds.values[0, -1] == 2 and log.ended_by.values[0] == int(Ended.RESOURCE)


@pytest.mark.parametrize("feedback", ["bandit", "full"])
def test_what_is_seen(feedback):
    """Full feedback shows each arm's reward and cost of the round played, the null action included; bandit feedback nothing."""
    seen = []

    def act(memory, params, view, left, t, key):
        return -1 if t == 2 else t % 2

    def update(memory, params, view, action, outcome, t):
        seen.append((float(outcome.reward), [np.array(a).tolist() for a in outcome.seen]))

    rule = planned(0)._replace(act=act, update=update)
    engine.run(adversarial_bandit(REWARD, COST, 10.0, feedback), rule, replications=1, seed=1, path="python")
    assert [s[0] for s in seen] == [0.1, 0.4, 0.0, 0.8]
    assert [s[1] for s in seen] == ([[r.tolist(), c.tolist()] for r, c in zip(REWARD, COST)] if feedback == "full" else [[[]]] * 4)


def test_members_agree_until_they_end(seed):
    """What a rule earns on member tau is what it has earned on the last member by the end of phase tau."""
    phases, budget = 4, 25
    for rule in (fixed_mixture([0.3]), primal_dual()):
        how = {"replications": 5, "seed": seed, "path": "python"}
        whole = engine.run(adversarial_bandit(*phased_sequence(phases, budget, phases)), rule, checkpoints=budget * np.arange(1, 5), **how)
        for last in range(1, phases + 1):
            runs = engine.run(adversarial_bandit(*phased_sequence(phases, budget, last)), rule, checkpoints=[100], **how)
            np.testing.assert_array_equal(runs.reward.values[:, -1], whole.reward.values[:, last - 1])


def test_no_budget_at_all():
    problem = adversarial_bandit(REWARD, feedback="full", idle=False)
    assert problem.spec.budget.size == 0 and problem.spec.seen.cost.shape == (2, 0) and not problem.spec.idle
    assert engine.run(problem, planned(1), replications=1, seed=1, path="python").reward.values[0, -1] == pytest.approx(2.0)


def test_the_arrays_are_copies():
    reward = REWARD.copy()
    problem = adversarial_bandit(reward)
    reward[0, 0] = 9.0
    assert problem.instance.reward[0, 0] == 0.1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"reward": []}, "reward: got shape"),
        ({"reward": [[0.1, np.nan]]}, "reward: got nan"),
        ({"reward": np.zeros((3, 0))}, "reward: got an empty array"),
        ({"reward": REWARD, "cost": COST}, "budget: got 0 numbers; allowed: one for each of the 1 resources"),
        ({"reward": REWARD, "budget": [1.0, 2.0]}, "cost: got None with 2 budgets"),
        ({"reward": REWARD, "cost": COST[:3], "budget": 1.0}, "cost: got shape"),
        ({"reward": REWARD, "cost": -COST, "budget": 1.0}, "cost: got -"),
        ({"reward": REWARD, "cost": COST, "budget": -1.0}, "budget: got -1"),
        ({"reward": REWARD, "cost": COST, "budget": [1.0, 1.0]}, "budget: got 2 numbers"),
        ({"reward": REWARD, "feedback": "ful"}, "feedback: got 'ful'; allowed: bandit, full; did you mean 'full'"),
    ],
)
def test_bad_input(arguments, said):
    with pytest.raises(BadValue, match=said.replace("?", r"\?")):
        adversarial_bandit(**arguments)
    with pytest.raises(BadType, match="idle: got 1"):
        adversarial_bandit(REWARD, idle=1)
