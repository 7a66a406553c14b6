"""Arms with a price: the stacks of samples, what is counted, what ends a run, and wrong arguments."""

import numpy as np
import pytest

from budgetsim import BudgetsimError, folders, run
from budgetsim.metrics import regret, score
from budgetsim.optima.sprt_oracle import as_score, sprt_oracle
from budgetsim.policies.dbcare import dbcare
from budgetsim.policies.fixed_budget import fixed_budget
from budgetsim.policies.fixed_confidence import fixed_confidence
from budgetsim.policies.guess import guess
from budgetsim.problems.priced_arms import Sample, Uses, priced_arms


def samples(problem, arm, uses, t, seed=3):
    """What the step shows when an arm has been used so often, in round t."""
    from budgetsim.draws import ROUND, nature_key

    seen, cost = Sample(np.zeros(1)), np.zeros(1)
    state = Uses(np.full(problem.instance.mean.size, float(uses)))
    assert problem.step(problem.instance, state, (), arm, np.array([np.inf]), t, nature_key(seed, 0, t, ROUND), cost, seen) == 0.0
    assert cost[0] == problem.instance.price
    return seen.sample[0]


def test_the_nth_sample_of_an_arm_is_the_same_whenever_it_is_drawn():
    """Common stacks: luck is tied to the use, not to the round; and the sample is mean + sigma z."""
    problem = priced_arms([0.0, 0.5], sigma=2.0)
    shifted = priced_arms([10.0, 0.5], sigma=2.0)
    for uses in range(5):
        one, two = samples(problem, 0, uses, t=uses), samples(problem, 0, uses, t=77)
        assert one == two != samples(problem, 1, uses, t=uses)
        assert samples(shifted, 0, uses, t=uses) == pytest.approx(one + 10.0, abs=1e-12)


@pytest.mark.parametrize(("law", "mean"), [("normal", [0.3, -0.2]), ("bernoulli", [0.3, 0.8])])
def test_samples_have_the_law_that_is_asked_for(law, mean, seed):
    problem = priced_arms(mean, sigma=1.5, law=law)
    x = np.array([samples(problem, 1, n, t=0, seed=seed) for n in range(4000)])
    spread = 1.5 if law == "normal" else np.sqrt(0.8 * 0.2)
    assert abs(x.mean() - mean[1]) < 4 * spread / np.sqrt(x.size) and abs(x.std() / spread - 1) < 0.06
    assert law == "normal" or set(x) == {0.0, 1.0}


def test_the_score_is_minus_loss_and_cost(seed):
    """No reward is counted; what is spent is price x pulls; the loss is 1 for a wrong arm, or what it falls short by."""
    for risk, wrong in (("misidentification", 1.0), ("simple_regret", 0.5)):
        runs = run(priced_arms([0.5, 0.0, 0.0], price=1e-3, risk=risk), fixed_budget(30), replications=200, seed=seed)
        assert not runs.reward.any() and (runs.rounds[:, -1] == 30).all()
        assert np.allclose(runs.spent[:, -1, 0], 0.03, rtol=1e-12)
        named = runs.recommendation.values[:, -1]
        assert (runs.loss.values[:, -1] == np.where(named == 0, 0.0, wrong)).all() and 0 < (named == 0).mean() < 1
        assert np.allclose(score(runs).values[:, -1], -runs.loss.values[:, -1] - 0.03)


def test_regret_beside_the_oracle_is_the_excess_risk(seed):
    """Scores are minus risks, so the oracle is passed as a score; the gap, sigma and the price are found in the problem by name."""
    problem = priced_arms([0.3, 0.0], price=1e-3)
    oracle, runs = folders.bind(sprt_oracle, problem), run(problem, dbcare(), replications=400, seed=seed)
    assert oracle == sprt_oracle(0.3, 1.0, 1e-3)
    behind = regret(runs, as_score(oracle))["mean"].item()
    assert behind == pytest.approx(float((runs.loss + runs.spent.sum("resource")).isel(checkpoint=-1).mean()) - oracle.value)
    assert behind > 0.0


def test_several_best_arms_are_all_right():
    problem = priced_arms([0.2, 0.7, 0.7])
    assert [problem.loss(problem.instance, (), k) for k in range(3)] == [1.0, 0.0, 0.0] and problem.instance.gap == 0.0
    assert priced_arms([0.4]).instance.gap == 0.0
    runs = run(priced_arms([0.4]), dbcare(), replications=2, seed=0)
    assert not runs.loss.any() and not runs.rounds.any()


def test_what_ends_a_run_is_seen(seed):
    """A rule that stops ends it by rule, within the default horizon of 10**9; equal arms and a rule that never stops: the horizon ends it, and says so."""
    meaning = lambda runs: {runs.ended_by.attrs["flag_meanings"][i] for i in np.unique(runs.ended_by)}  # noqa: E731
    for rule in (dbcare(), fixed_budget(20), guess()):
        assert meaning(run(priced_arms([0.0, 0.3]), rule, replications=5, seed=seed)) == {"rule"}
    assert "horizon" in meaning(run(priced_arms([0.3, 0.3], horizon=50), fixed_confidence(), replications=20, seed=seed))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"mean": []}, "mean"),
        ({"mean": [[0.1, 0.2]]}, "mean"),
        ({"mean": [0.1, np.nan]}, "mean"),
        ({"mean": [0.1, 1.0 + 1e-6], "law": "bernoulli"}, "mean"),
        ({"sigma": 0.0}, "sigma"),
        ({"price": 0.0}, "price"),
        ({"price": "cheap"}, "price"),
        ({"horizon": 0}, "horizon"),
        ({"risk": "regret"}, "risk"),
        ({"law": "cauchy"}, "law"),
    ],
)
def test_bad_input(given, named):
    with pytest.raises(BudgetsimError, match=f"^{named}: got") as error:
        priced_arms(**given)
    assert "\n" not in str(error.value) and "allowed" in str(error.value)
