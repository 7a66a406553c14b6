"""Organisations as arms: rewards of every channel and vote against enumeration, tokens, learning, bad input."""

import itertools
import math

import networkx
import numpy as np
import pytest

from budgetsim import run
from budgetsim.arguments import BudgetsimError
from budgetsim.folders import bind
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.moss import moss
from budgetsim.problems.organisation import organisation
from budgetsim.shared import organisations as o

DAG = networkx.DiGraph([("a", "v"), ("b", "v"), ("c", "v"), ("v", "w"), ("a", "w"), ("b", "w")])
MODES = list(itertools.product(o.CHANNELS, o.VOTES, ("received", "sent")))


@pytest.mark.parametrize(("channel", "vote", "correlated"), MODES)
def test_rewards_are_those_of_the_enumeration(channel, vote, correlated, seed):
    """30,000 answers of a DAG with shared ancestors within 4 standard errors; a bias that is .05 off is refused."""
    options = {"channel": channel, "vote": vote, "correlated": correlated, "fidelity": 0.7, "correlation": 0.3, "noise": 0.1}
    problem = organisation(DAG, 10, 5, leaf_bias=0.6, horizon=100, **options)
    exact = o.organisation_enumeration(DAG, 0.6, options.pop("fidelity"), options.pop("correlation"), **options)[-1]
    assert math.isclose(problem.instance.mean_reward[0], (1 + exact) / 2, abs_tol=1e-15)
    right = run(problem, fixed_arm(0), replications=300, seed=seed).reward.values[:, -1].mean() / 100
    error = math.sqrt((1 - exact**2) / 4 / 30_000)
    assert abs(right - problem.instance.mean_reward[0]) <= 4 * error < 0.0125


def test_tokens_are_charged_and_the_run_ends_when_they_are_gone():
    """x a leaf and 2 m an edge, through the ledger: 9,999 tokens pay for 55 questions of 180."""
    arms = {"single": o.single(), "star": o.star(3)}
    problem = organisation(arms, [500, 40], 10, budget=9_999, horizon=1000, leaf_bias=[0.8, 0.3], window=30)
    assert problem.spec.public.tokens.tolist() == [500.0, 180.0] and problem.instance.mean_reward.tolist() == [0.9, 0.71825]
    runs = run(problem, fixed_arm(1), replications=2, seed=1, path="python")
    assert runs.rounds.values[:, -1].tolist() == [55, 55] and runs.spent.values[:, -1, 0].tolist() == [9900.0, 9900.0]


def test_a_bandit_rule_learns_which_one_pays(seed):
    """MOSS, told nothing of organisations, asks the best of three in most rounds; among alike ones it cannot."""
    arms = {"single": o.single(), "chain": o.chain(5), "star": o.star(5)}
    problem = organisation(arms, 20, 20, horizon=400, leaf_scale=0.25, beta=0.2, fidelity=0.95, ties="coin")
    assert np.argmax(problem.instance.mean_reward) == 2
    share = run(problem, moss(), replications=20, seed=seed, path="python").pulls.values[:, -1, 2].mean() / 400
    alike = organisation([o.single()] * 3, 20, 20, horizon=400, leaf_bias=0.3)
    assert share > 0.6 and run(alike, moss(), replications=20, seed=seed, path="python").pulls.values[:, -1, 2].mean() / 400 < 0.5


def test_scarce_tokens_buy_the_cheapest_right_answers_and_many_the_best():
    """The fluid program: one agent where tokens run out, the tree where only questions do."""
    arms = {"single": o.single(), "star": o.star(5), "tree": o.tree(5, 2)}
    for budget, best in ((20_000, 0), (2e6, 2)):
        problem = organisation(arms, [2000, 500, 50], 20, budget=budget, horizon=200, leaf_scale=0.1, beta=0.2, fidelity=0.95)
        optimum = bind(fluid_lp, problem, largest_cost=problem.instance.largest_cost)
        pulls = min(200, budget / problem.spec.public.tokens[best])
        assert math.isclose(optimum.value, pulls * problem.instance.mean_reward[best], rel_tol=1e-9)


def test_what_is_not_known_exactly_is_not_called_the_mean():
    """A wide DAG with shared ancestors: no `expected`, an estimate from 2**16 answers; on a tree of any size the mean is exact."""
    wide = o.random_dag(60, 40, 15, 1)
    wide.add_edges_from((v, "answer") for v in [v for v in list(wide) if not wide.succ[v]])
    ties = organisation(wide, 10, 5, leaf_bias=0.1, fidelity=0.8, ties="coin")
    assert ties.expected is None and not hasattr(ties.instance, "mean_reward") and 0.5 < ties.instance.estimated_reward[0] < 1.0
    assert organisation(o.tree(5, 4), 10, 5, leaf_bias=0.1).expected is not None


def test_averages_are_right_as_often_as_the_normal_law_says():
    """P(|error| <= 1) at the exact variance of a chain, .5625 at no correlation; with `correlation` errors are not normal and no mean is claimed."""
    problem = organisation(o.star(8), 10, 5, vote="average", leaf_variance=4.0, message_variance=0.5, horizon=50)
    assert math.isclose(problem.instance.mean_reward[0], math.erf(1.0 / math.sqrt(2.0 * 4.5 / 8.0)), rel_tol=1e-12)
    assert organisation(o.star(8), 10, 5, vote="average", leaf_variance=4.0, correlation=0.1).expected is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"organisations": networkx.DiGraph([(0, 1), (1, 0)])}, "graph: got the cycle 0 -> 1 -> 0"),
        ({"organisations": o.star(4)}, "graph: node 0 has 4 inputs, which can tie; allowed: odd numbers, or ties='coin'"),
        ({"organisations": o.star(3), "window": 29}, "window: got 29; allowed: at least three messages of 10, 30"),
        ({"organisations": o.star(5), "window": 40}, "graph: node 0 reads 5 messages of 10 tokens, 50; allowed: at most its window, 40"),
        ({"budget": 99}, "budget: got 99; allowed: at least the cheapest question, 100 tokens"),
        ({"organisations": []}, "organisations: got none"),
        ({"organisations": networkx.DiGraph([(0, 1), (0, 2)])}, "organisations: got a graph with 2 nodes that nobody reads"),
        ({"leaf_compute": [1, 2]}, "leaf_compute: got shape"),
        ({"leaf_bias": 0.5, "beta": 0.1}, "leaf_bias: got a value beside leaf_scale and beta"),
        ({"leaf_bias": None}, "leaf_bias: got nothing|leaf_bias: got None"),
        ({"vote": "average", "leaf_bias": 0.5}, "leaf_bias: got 0.5 with averages"),
        ({"vote": "averaging"}, "vote: got 'averaging'.*did you mean 'average'"),
    ],
)
def test_bad_input(given, says):
    with pytest.raises(BudgetsimError, match=says):
        organisation(**{"organisations": o.single(), "leaf_compute": 100, "message_length": 10, "leaf_bias": 0.5, **given})
