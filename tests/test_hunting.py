"""`worst_instance` finds the bad cases that are known, makes them small, reports them on fresh luck, and finds nothing against a rule that is optimal."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from budgetsim import hunting
from budgetsim.arguments import BadType, BadValue, BudgetsimError
from budgetsim.engine import run
from budgetsim.hunting import FAMILIES, Exact, Family, Parameter, measured, stopping_game, worst_instance
from budgetsim.policies.density_greedy import density_greedy
from budgetsim.policies.fixed_price import fixed_price
from budgetsim.policies.greedy_allocation import greedy_allocation
from budgetsim.policies.naive_eps_best import naive_eps_best
from budgetsim.policies.pivotal_matching import pivotal_matching
from budgetsim.policies.static_pacing import static_pacing
from budgetsim.policies.survival_plan import survival_plan
from budgetsim.policies.ucb1 import ucb1
from budgetsim.policies.uniform_exploration import uniform_exploration
from budgetsim.shared.matching import online_plan
from budgetsim.theory.mirror_descent import stopping_ratio
from budgetsim.theory.pivotal import equal_nodes, propagate, proposal_step


# ------------------------------------------------------------------------------------------------ what it must find
def test_greedy_s_bad_case(seed):
    found = worst_instance(greedy_allocation, "request_sequences", seed=seed)
    v = found.values
    assert found.bad and v["requests"] == 2 and found.score.rule.estimate < 0.05 < found.instance.known.value
    assert v["reward"][0] < 0.05 * v["reward"][1]  # little now, much later, and both do not fit
    assert sum(v["cost"]) > 1.0
    assert found.score.rule.low == found.score.rule.high == pytest.approx(v["reward"][0] / v["reward"][1], rel=1e-12)


def test_ucb1_is_ruined(seed):
    found = worst_instance(ucb1(), "survival_arms", evaluations=30, runs=20, replications=500, shrink=30, seed=seed)
    assert found.bad and found.score.behind.low > 0.9 > found.instance.known.value + 0.3  # an order that it does not know costs any rule half
    richer = worst_instance(ucb1(), "survival_arms", within={"stock": (5, 8)}, evaluations=30, runs=20, replications=500, shrink=30, seed=seed)
    assert richer.bad and richer.values["stock"] >= 5 and richer.score.behind.low > 0.1


def test_the_naive_streaming_rule_loses_to_uniform_exploration(seed):
    found = worst_instance(naive_eps_best(), "arm_streams", rival=uniform_exploration(), evaluations=30, runs=5, replications=100, shrink=60, seed=seed)
    assert found.bad and found.rival.startswith("uniform_exploration") and found.values["arms"] >= 12  # log K > (log T)^(1/3)
    assert found.score.rule.low > 1.3 * found.score.rival.high


def pivotal_at(c):
    def value(problem):
        told = problem.instance.weight, problem.instance.probability
        return propagate(*told, proposal_step(*told, online_plan(*told)[0], c)).value

    return Exact(f"pivotal, c = {c:g}", value)


def test_pivotal_sampling_without_scaling_falls_to_one_minus_one_over_e(seed):
    shares = []
    for most in (2, 3, 5):
        found = worst_instance(pivotal_at(1.0), "matchings", within={"nodes": (1, most)}, evaluations=120, shrink=40, keep=0.999, seed=seed)
        n = found.values["nodes"]
        assert n == most and found.values["busy"] == pytest.approx(1 - 1 / n, abs=0.03)
        assert found.score.rule.estimate == pytest.approx(1 - (1 - 1 / n) ** n, abs=0.01)  # which falls to 1 - 1/e
        assert found.bad and found.score.rule.method.startswith("exact")
        shares.append(found.score.rule.estimate)
    assert 0.76 > shares[0] > shares[1] > shares[2] > 1 - np.exp(-1.0)
    assert 0.0 < equal_nodes(1.0, 1000) - (1 - np.exp(-1.0)) < 2e-4
    kept = measured(pivotal_at(0.7931), "matchings", found.values).rule.estimate
    assert kept > 0.678 > shares[2]  # control: scaled, it keeps its constant there


def test_the_exact_law_is_that_of_the_rule(seed):
    values = {"nodes": 2, "own": 0.001, "busy": 0.5}

    def unscaled(weight, probability):
        return pivotal_matching(weight, probability, c=1.0)

    played = measured(unscaled, "matchings", values, replications=2000, seed=seed, level=0.9999)
    assert played.rule.low < measured(pivotal_at(1.0), "matchings", values).rule.estimate < played.rule.high < 0.9


def test_density_greedy_fails_under_two_resources(seed):
    two = {"resources": 2, "reward": (0.1, 1.0), "horizon": 60}
    found = worst_instance(density_greedy(), "knapsack_arms", within=two, evaluations=80, runs=1, replications=60, seed=seed)
    assert found.bad and found.score.rule.high < 0.62
    mixture = found.instance.optimum.plan.mixture
    assert np.count_nonzero(mixture > 0.01) >= 2  # the optimum mixes, one arm does not do


def best_static_price(reward, cost, budget):
    """Told the whole day: of all prices the best."""
    value = reward[:, 0]

    def earned(price):
        return sum(itertools.islice((v for v in value if v > price), int(budget[0])))

    return fixed_price(float(max([0.0, *value, *(value * (1 - 1e-9))], key=earned)))


def test_a_static_price_fails_under_periodic_arrivals(seed):
    found = worst_instance(best_static_price, "periodic_days", evaluations=60, shrink=60, seed=seed)
    assert found.bad and found.score.rule.high < 0.75 and found.instance.known.value == 0.5
    assert found.score.rule.method.startswith("exact")
    paced = worst_instance(static_pacing(), "periodic_days", evaluations=30, runs=10, replications=200, shrink=30, seed=seed)
    assert paced.bad and paced.score.rule.high < 0.9
    known = measured(best_static_price, "periodic_days", {"period": 2, "days": 8, "last": 2.0, "share": 0.75})
    assert known.rule.estimate == pytest.approx(0.9, rel=1e-12)  # proofs_checks/balseiro2023_static_price.py


# ------------------------------------------------------------------------------------------------ linear programs
@pytest.mark.parametrize("phases", [1, 2, 3, 5])
@pytest.mark.parametrize("factor", [2, 10])
def test_the_stopping_game_is_yao_s(phases, factor):
    share, lottery = stopping_game(float(factor) ** np.arange(phases))
    assert share == pytest.approx(float(1 / stopping_ratio(phases, factor)), rel=1e-12)
    tail = np.cumsum(np.array(lottery)[::-1])[::-1] * float(factor) ** np.arange(phases)
    assert sum(lottery) == pytest.approx(1.0) and np.ptp(tail) < 1e-9  # a unit of budget is worth the same in every phase


def test_greedy_on_sequences_that_stop_is_beside_the_best_promise(seed):
    found = worst_instance(greedy_allocation(), "stopping_values", evaluations=30, shrink=40, seed=seed)
    values = np.cumprod([1.0, *found.values["growth"][1:]])
    assert found.bad and found.instance.known.value == pytest.approx(stopping_game(values)[0])
    assert found.score.rule.estimate < 0.06 < found.instance.known.value


# ------------------------------------------------------------------------------------------------ controls, luck, shrinking
def best_survival(outcomes, probabilities):
    return survival_plan(outcomes, probabilities, "survival")


def everything_fits(reward, budget):
    from budgetsim.optima.hindsight_lp import hindsight_lp
    from budgetsim.problems.online_allocation import online_allocation

    r = np.array([[reward], [1.0]])
    return hunting.Instance(online_allocation(r, np.ones((2, 1)), budget), hindsight_lp(r, np.ones((2, 1, 1)), [budget]), hunting.Known(1.0, "nothing", "-"))


def test_a_rule_that_is_optimal_gets_no_bad_witness(seed):
    roomy = Family("roomy", "ratio", (Parameter("reward", 0.1, 1.0), Parameter("budget", 2.0, 3.0)), everything_fits)
    found = worst_instance(greedy_allocation(), roomy, evaluations=20, seed=seed)
    assert not found.bad and found.score.rule.estimate == 1.0 and "no instance found" in str(found)
    found = worst_instance(best_survival, "survival_arms", evaluations=8, runs=20, replications=300, shrink=3, within={"horizon": 20}, seed=seed, level=0.9999)
    assert not found.bad and found.score.behind.low <= 0.0
    tight = roomy._replace(parameters=(roomy.parameters[0], Parameter("budget", 1.0, 3.0)))
    assert worst_instance(greedy_allocation(), tight, evaluations=20, seed=seed).bad  # control of the control


def test_the_report_is_not_flattered_by_the_search(seed):
    """All instances are alike: what looked worst looked so by luck alone, and fresh luck says so."""
    alike = FAMILIES["survival_arms"]._replace(
        parameters=tuple(p._replace(low=0.5, high=0.5) if p.name == "win" else p for p in FAMILIES["survival_arms"].parameters)
    )
    box = {"stock": 3, "horizon": 20}
    found = worst_instance(best_survival, alike, within=box, evaluations=10, runs=4, replications=400, shrink=0, seed=seed, level=0.9999)
    assert found.score.rule.low < 1.0 - found.instance.optimum.value < found.score.rule.high


def test_the_same_seed_gives_the_same_witness_and_the_line_gives_the_same_numbers(seed):
    first, again = (worst_instance(static_pacing(), "periodic_days", evaluations=10, runs=3, replications=30, shrink=5, seed=seed) for _ in range(2))
    assert first.values == again.values and first.score == again.score
    rule = static_pacing()
    assert eval(first.reproduction, {"measured": measured, "rule": rule}).rule == first.score.rule
    other = worst_instance(static_pacing(), "periodic_days", evaluations=10, runs=3, replications=30, shrink=5, seed=seed + 1)
    assert other.seed != first.seed


def test_the_report_says_it_all(seed):
    found = worst_instance(greedy_allocation, "request_sequences", evaluations=20, seed=seed)
    for word in ("instance", "optimum", "ratio", "behind", "known", "again", "exact"):
        assert word in str(found)
    record = found.record()
    assert record["rule"][0] == found.score.rule.estimate and record["known"]["value"] == found.instance.known.value and record["bad"] is True


def test_every_point_of_every_family_is_an_instance_with_a_certificate(seed):
    rng = np.random.default_rng(seed)
    for family in FAMILIES.values():
        for _ in range(3):
            values = hunting._drawn(family, rng)
            instance = family.build(**values)
            best = instance.optimum
            assert best.kind == "certified" and best.lower <= best.value <= best.upper + 1e-12
            for simpler in itertools.islice(hunting._simpler(family, values), 25):
                assert set(simpler) == set(values)
                for p in family.parameters:
                    entries = np.atleast_1d(simpler[p.name])
                    assert entries.min() >= p.low and entries.max() <= p.high and entries.size == hunting._count(p, simpler)


def test_an_instance_is_what_the_house_builds():
    bad = FAMILIES["request_sequences"].build(requests=2, reward=[0.25, 1.0], cost=[1.0, 1.0])
    runs = run(bad.problem, greedy_allocation(), replications=1, seed=1, path="python")
    assert Fraction(runs.reward.values[0, -1]) == Fraction(1, 4) and bad.optimum.value == 1.0


# ------------------------------------------------------------------------------------------------ bad input
@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("family", {"family": "request_sequence"}),
        ("family", {"family": 3}),
        ("within", {"within": {"stok": 3}}),
        ("within", {"within": {"requests": (4, 2)}}),
        ("within", {"within": {"requests": 2.5}}),
        ("within", {"within": {"requests": (1, 2, 3)}}),
        ("within", {"within": {"cost": (0.0, 1.0)}}),
        ("policy", {"policy": 3}),
        ("policy", {"policy": lambda: 3}),
        ("rival", {"rival": "greedy"}),
        ("evaluations", {"evaluations": 0}),
        ("runs", {"runs": 0}),
        ("replications", {"replications": 1.5}),
        ("seed", {"seed": -1}),
        ("level", {"level": 1.0}),
        ("keep", {"keep": 2.0}),
        ("family.measure", {"family": FAMILIES["matchings"]._replace(measure="loss")}),
    ],
)
def test_a_wrong_argument_gets_one_line_that_names_it(said, wrong):
    arguments = {"policy": greedy_allocation(), "family": "request_sequences", "evaluations": 2} | wrong
    with pytest.raises((BadValue, BadType), match=rf"^{said}.*got .*allowed:") as caught:
        worst_instance(arguments.pop("policy"), arguments.pop("family"), **arguments)
    assert "\n" not in str(caught.value)


def test_a_rule_that_declines_the_problems_says_so():
    with pytest.raises((BadValue, BadType)):
        worst_instance(greedy_allocation(), "survival_arms", evaluations=1)
    plays, declined = hunting.families_of(ucb1())
    assert {"survival_arms", "knapsack_arms"} <= set(plays) and "matchings" in declined


def breaks(view):
    if view.reward[0] > 0.5:
        raise ValueError("too much")
    return -1


def test_a_rule_that_breaks_is_shown_the_instance():
    rule = greedy_allocation()._replace(act=lambda memory, params, view, left, t, key: breaks(view), name="breaks")
    with pytest.raises(BudgetsimError, match=r"too much.*; on request_sequences with \{'requests': "):
        worst_instance(rule, "request_sequences", evaluations=10)
