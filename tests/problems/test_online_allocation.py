"""Requests written down, of types, and of phases: what comes when, and what is refused."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from budgetsim import engine
from budgetsim.arguments import BadType, BadValue
from budgetsim.model import CHARGED, REQUEST, VOID, Nothing, Policy
from budgetsim.problems.adversarial_allocation import adversarial_allocation
from budgetsim.problems.online_allocation import online_allocation
from budgetsim.problems.typed_allocation import typed_allocation
from budgetsim.shared.requests import wanted

LEVEL = 1e-4


class Free(NamedTuple):
    price: np.ndarray


def act(memory, params, view, left, t, key):
    return wanted(view, params.price)


def update(memory, params, view, action, outcome, t):
    pass


TAKE = Policy(REQUEST, lambda spec: (Nothing(), Free(np.zeros(spec.budget.size))), act, update, name="whatever earns most")


def arrivals(problem, seed, replications=1, types=4):
    """Which type came (replications, T): options, one a type, are worth something only where their type comes."""
    log = engine.play_block(engine.prepare(problem, TAKE), seed, 0, replications, np.array([problem.spec.horizon]), trace=True)
    assert np.all(log.status == CHARGED) and np.all(log.action[:, :, 0] < types)
    return log.action[:, :, 0].astype(int)


def typed(probability, horizon, how, **more):
    """Type k offers option k alone; free of charge."""
    return typed_allocation(np.eye(4), np.zeros((4, 4, 1)), probability, 1.0, horizon, how, **more)


def test_given_requests_come_as_given_and_nothing_is_copied():
    reward, cost = np.eye(4), np.zeros((4, 4, 1))
    problem = online_allocation(reward, cost, 1.0)
    assert arrivals(problem, 1).tolist() == [[0, 1, 2, 3]]
    view = problem.observe(problem.instance, None, 2, None, None)
    assert np.shares_memory(view.reward, problem.instance.reward) and np.shares_memory(view.cost, problem.instance.cost)


def test_a_random_order_is_a_uniform_permutation(seed):
    rows = arrivals(online_allocation(np.eye(4), np.zeros((4, 4, 1)), 1.0, "random_order"), seed, 4800)
    assert np.all(np.sort(rows, axis=1) == np.arange(4))
    seen = np.unique(rows @ 4 ** np.arange(4), return_counts=True)[1]
    assert seen.size == 24 and stats.chisquare(seen).pvalue > LEVEL
    assert stats.chisquare(seen + 120 * (np.arange(24) == 0)).pvalue < LEVEL  # control


@pytest.mark.parametrize(
    ("how", "laws", "more"),
    [
        ("iid", [0.4, 0.3, 0.2, 0.1], {}),
        ("phases", [[0.7, 0.3, 0.0, 0.0], [0.0, 0.0, 0.2, 0.8]], {}),
        ("periodic", [[0.7, 0.3, 0.0, 0.0], [0.0, 0.6, 0.4, 0.0], [0.0, 0.0, 0.2, 0.8]], {}),
        ("markov", [[0.7, 0.3, 0.0, 0.0], [0.0, 0.0, 0.2, 0.8]], {"transition": [[0.9, 0.1], [0.3, 0.7]]}),
        ("corrupted", [[0.7, 0.3, 0.0, 0.0], [0.0, 0.0, 0.2, 0.8]], {"corruption": 8}),
    ],
)
def test_types_come_as_often_as_their_law_says(how, laws, more, seed):
    """Over replications, in the first, a middle and the last round; over the run, the shares that the instance states."""
    horizon, runs = 41, 4000
    problem = typed(laws, horizon, how, **more)
    rows, table = arrivals(problem, seed, runs), np.atleast_2d(laws)
    for t in (0, 20, 40):
        weight = {"iid": [1.0], "phases": np.eye(2)[t * 2 // 41], "periodic": np.eye(3)[t % 3], "markov": [0.75, 0.25], "corrupted": [33 / 41, 8 / 41]}[how]
        law = np.asarray(weight) @ table
        seen = np.bincount(rows[:, t], minlength=4)
        assert np.all(seen[law == 0] == 0)
        assert stats.chisquare(seen[law > 0], runs * law[law > 0]).pvalue > LEVEL
        moved = np.roll(law[law > 0], 1)
        assert stats.chisquare(seen[law > 0], runs * moved).pvalue < LEVEL  # control
    share = np.array([(rows == k).mean(axis=1) for k in range(4)])
    error = share.std(axis=1) / math.sqrt(runs)
    assert np.all(np.abs(share.mean(axis=1) - problem.instance.type_probability) <= 4.5 * error + 1e-12)
    if how == "corrupted":  # exactly so many, in every run
        assert np.all((typed_rows := np.isin(rows, [2, 3])).sum(axis=1) == 8)
        assert stats.chisquare(typed_rows.sum(axis=0)).pvalue > LEVEL
    if how == "markov":
        stay = np.isin(rows[:, :-1], [0, 1]), np.isin(rows[:, 1:], [0, 1])
        assert abs(stay[1][stay[0]].mean() - 0.9) < 0.005 and abs(stay[1][~stay[0]].mean() - 0.3) < 0.01


def test_laws_that_are_certain_repeat_requests():
    assert arrivals(typed(np.eye(4), 10, "periodic"), 1).tolist() == [[0, 1, 2, 3, 0, 1, 2, 3, 0, 1]]
    assert arrivals(typed(np.eye(4), 8, "phases"), 1).tolist() == [[0, 0, 1, 1, 2, 2, 3, 3]]
    assert typed(np.eye(4), 10, "periodic").instance.type_probability.tolist() == [0.3, 0.3, 0.2, 0.2]
    assert np.allclose(typed(np.eye(4)[[0, 1, 2]], 10, "phases").instance.type_probability, [0.4, 0.3, 0.3, 0.0])


def test_a_chain_that_never_moves_starts_anywhere():
    shares = typed([[1.0, 0, 0, 0], [0, 1.0, 0, 0]], 5, "markov", transition=np.eye(2)).instance.type_probability
    swaps = typed([[1.0, 0, 0, 0], [0, 1.0, 0, 0]], 5, "markov", transition=[[0.0, 1.0], [1.0, 0.0]]).instance.type_probability
    assert np.allclose(shares, [0.5, 0.5, 0, 0]) and np.allclose(swaps, [0.5, 0.5, 0, 0])


def test_the_last_phase_is_drawn_from_its_law(seed):
    problem = adversarial_allocation(3, 2.0, 30)
    log = engine.play_block(engine.prepare(problem, TAKE), seed, 0, 4000, np.array([30]), trace=True)
    worth = (log.action[:, :, 0] >= 0).sum(axis=1) // 10 - 1
    seen = np.bincount(worth, minlength=3)
    assert problem.instance.stop_probability.tolist() == [0.5, 0.25, 0.25]
    assert stats.chisquare(seen, 4000 * problem.instance.stop_probability).pvalue > LEVEL
    assert stats.chisquare(seen, [2200, 900, 900]).pvalue < LEVEL  # control
    assert np.all(log.status[0, 10:][log.action[0, 10:, 0] >= 0] == VOID)  # the budget is one phase


def test_what_can_never_be_paid_is_void_and_requests_without_options_pass():
    problem = online_allocation([[5.0, 1.0], [0.0, 0.0], [0.0, 1.0]], [[9.0, 1.0], [0.0, 0.0], [0.0, 1.0]], 2.0)
    log = engine.play_block(engine.prepare(problem, TAKE), 1, 0, 1, np.array([3]), trace=True)
    assert log.status[0].tolist() == [VOID, CHARGED, CHARGED] and log.action[0, :, 0].tolist() == [0, -1, 1]
    assert log.reward[0, 0] == 1.0 and log.spent[0, 0].tolist() == [1.0] and log.void[0, 0] == 1


ONE, LAWS = ([[1.0]], [[1.0]]), [[0.5, 0.5], [0.1, 0.9]]


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: online_allocation([[math.nan]], [[1.0]], 1.0), "reward"),
        (lambda: online_allocation([[-1.0]], [[1.0]], 1.0), "reward"),
        (lambda: online_allocation([[1.0]], [[-1.0]], 1.0), "cost"),
        (lambda: online_allocation([[1.0]], [[math.inf]], 1.0), "cost"),
        (lambda: online_allocation([[1.0, 2.0]], [[1.0]], 1.0), "cost"),
        (lambda: online_allocation([[]], [[]], 1.0), "reward"),
        (lambda: online_allocation(*ONE, [1.0, 2.0]), "budget"),
        (lambda: online_allocation(*ONE, -1.0), "budget"),
        (lambda: online_allocation(*ONE, math.nan), "budget"),
        (lambda: online_allocation("no", [[1.0]], 1.0), "reward"),
        (lambda: online_allocation(*ONE, 1.0, "iid"), "arrivals"),
        (lambda: typed_allocation([[1.0], [2.0]], [[1.0], [1.0]], [0.5, 0.4], 1.0, 9), "type_probability"),
        (lambda: typed_allocation([[1.0], [2.0]], [[1.0], [1.0]], [1.0], 1.0, 9), "type_probability"),
        (lambda: typed_allocation([[1.0], [2.0]], [[1.0], [1.0]], LAWS, 1.0, 9), "type_probability"),
        (lambda: typed_allocation([[1.0], [2.0]], [[1.0], [1.0]], LAWS, 1.0, 1, "phases"), "type_probability"),
        (lambda: typed_allocation([[1.0], [2.0]], [[1.0], [1.0]], None, 1.0, 9, "corrupted"), "type_probability"),
        (lambda: typed_allocation([[1.0], [2.0]], [[1.0], [1.0]], LAWS, 1.0, 9, "markov"), "transition"),
        (lambda: typed_allocation([[1.0], [2.0]], [[1.0], [1.0]], LAWS, 1.0, 9, "markov", [[1.0, 0.0]]), "transition"),
        (lambda: typed_allocation([[1.0], [2.0]], [[1.0], [1.0]], None, 1.0, 9, transition=[[1.0]]), "transition"),
        (lambda: typed_allocation([[1.0], [2.0]], [[1.0], [1.0]], LAWS, 1.0, 9, "corrupted", corruption=10), "corruption"),
        (lambda: typed_allocation([[1.0], [2.0]], [[1.0], [1.0]], None, 1.0, 9, corruption=1), "corruption"),
        (lambda: typed_allocation([[1.0], [math.nan]], [[1.0], [1.0]], None, 1.0, 9), "type_reward"),
        (lambda: typed_allocation(*ONE, None, 1.0, 0), "horizon"),
        (lambda: adversarial_allocation(4, 1.0), "factor"),
        (lambda: adversarial_allocation(100, 1e4), "factor"),
        (lambda: adversarial_allocation(3, horizon=100), "horizon"),
        (lambda: adversarial_allocation(4, stop=4), "stop"),
        (lambda: adversarial_allocation(0), "phases"),
    ],
)
def test_bad_input(make, named):
    with pytest.raises((BadValue, BadType), match=rf"^{named}: (got|sums)"):
        make()


def test_a_shuffle_has_a_limit():
    with pytest.raises(BadValue, match=r"^arrivals: got 'random_order' with 16777216 requests"):
        online_allocation(np.zeros((2**24, 1)), np.zeros((2**24, 1)), 1.0, "random_order")
