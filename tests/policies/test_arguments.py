"""Wrong arguments: one line that names the argument, what came and what is allowed."""

import numpy as np
import pytest

from budgetsim import BudgetsimError, engine
from budgetsim.policies.density_greedy import density_greedy
from budgetsim.policies.epsilon_greedy import epsilon_greedy
from budgetsim.policies.exp3 import exp3
from budgetsim.policies.explore_then_commit import explore_then_commit
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.fixed_mixture import fixed_mixture
from budgetsim.policies.kl_ucb import kl_ucb
from budgetsim.policies.paced import paced
from budgetsim.policies.primal_dual import primal_dual
from budgetsim.policies.successive_elimination import successive_elimination
from budgetsim.policies.thompson import thompson
from budgetsim.policies.ucb1 import ucb1

from ..strategies import scripted

AT_THE_DOOR = [
    (lambda: ucb1(radius=-1), "radius: got -1"),
    (lambda: ucb1(radius=float("nan")), "radius: got nan"),
    (lambda: ucb1(radius="2"), "radius: got '2'; allowed: a number"),
    (lambda: kl_ucb(c=-3), "c: got -3"),
    (lambda: epsilon_greedy(1.5), "epsilon: got 1.5"),
    (lambda: epsilon_greedy(True), "epsilon: got True"),
    (lambda: epsilon_greedy(scale=-0.1), "scale: got -0.1"),
    (lambda: thompson("bete"), "did you mean 'beta'"),
    (lambda: thompson(a=0), "a: got 0"),
    (lambda: thompson("gaussian", sigma=0), "sigma: got 0"),
    (lambda: explore_then_commit(0), "pulls: got 0"),
    (lambda: explore_then_commit(2.5), "pulls: got 2.5"),
    (lambda: successive_elimination(radius=-2), "radius: got -2"),
    (lambda: exp3(eta=-1), "eta: got -1"),
    (lambda: exp3(mixing=1.1), "mixing: got 1.1"),
    (lambda: fixed_arm(-1), "arm: got -1"),
    (lambda: fixed_mixture([0.7, 0.7]), "mixture: sums to 1.4"),
    (lambda: fixed_mixture([0.5, -0.5]), "mixture: got -0.5"),
    (lambda: fixed_mixture([]), "mixture: got an empty array"),
    (lambda: density_greedy(explore=0), "explore: got 0"),
    (lambda: primal_dual(confidence=-1), "confidence: got -1"),
    (lambda: primal_dual(largest_cost=0), "largest_cost: got 0"),
    (lambda: primal_dual(largest_cost=[1.0, np.nan]), "largest_cost: got nan"),
]

ON_A_PROBLEM = [
    (fixed_arm(2), {}, "arm: got 2; allowed: 0 to 1"),
    (fixed_mixture([0.5, 0.25, 0.25]), {}, r"mixture: got shape \(3,\)"),
    (fixed_mixture([0.5, 0.25]), {}, "mixture: sums to 0.75; allowed: 1, since the problem has no idle action"),
    (primal_dual(largest_cost=[1.0, 2.0, 3.0]), {"budget": [1.0]}, "largest_cost: got 3 numbers; allowed: one"),
    (primal_dual(), {}, "primal_dual: got budget"),
    (primal_dual(), {"budget": [1.0], "renew": True}, "primal_dual: got a budget that is renewed"),
    (density_greedy(), {"budget": [1.0], "renew": True}, "density_greedy: got a budget that is renewed"),
    (paced(), {"budget": [1.0], "renew": True}, "paced: got a budget that is renewed"),
]


@pytest.mark.parametrize(("call", "message"), AT_THE_DOOR, ids=[m for _, m in AT_THE_DOOR])
def test_at_the_door(call, message):
    with pytest.raises(BudgetsimError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("policy", "spec", "message"), ON_A_PROBLEM, ids=[m for _, _, m in ON_A_PROBLEM])
def test_on_a_problem(policy, spec, message):
    problem = scripted([[0.0, 1.0]], np.zeros((1, 2, len(spec.get("budget", [])))))
    with pytest.raises(BudgetsimError, match=message):
        policy.init(problem.spec._replace(**{k: np.array(v) if k == "budget" else v for k, v in spec.items()}))


def test_a_sweep_compiles_nothing_in():
    """Factory arguments travel through memory or params: no act or update captures a number."""
    problem = scripted([[0.0, 1.0]] * 3, np.ones((3, 2, 1)), [2.0])
    for policy in (ucb1(3), epsilon_greedy(0.3), exp3(0.1), thompson(a=2), primal_dual(0.5), paced(kl_ucb(1)), explore_then_commit(2), fixed_arm(1)):
        for f in (policy.act, policy.update):
            assert not any(isinstance(c.cell_contents, (int, float, np.ndarray)) for c in f.__closure__ or ())
        engine.prepare(problem, policy, path="python")
