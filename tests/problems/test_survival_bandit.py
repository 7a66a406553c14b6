"""The survival bandit: the stock moves with the gains, the ledger clips, luck belongs to uses, and what a run does not keep is drawn again."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim import BudgetsimError, engine, fixed_arm, run, ucb1, uniform
from budgetsim.metrics import regret, ruin_probability
from budgetsim.model import Ended
from budgetsim.optima.ruin_dp import ruin_dp
from budgetsim.problems.survival_bandit import net_losses, survival_bandit

from ..strategies import planned

C3 = [[1.0, -1.0], [3.0, -3.0], [10.0, -8.0]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]
HORIZON = 20


@st.composite
def games(draw):
    """(outcomes, probabilities, stock, order of arms, seed): whole, tenths or arbitrary gains."""
    k, s = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    gain = draw(
        st.sampled_from([st.integers(-5, 5).map(float), st.integers(-20, 20).map(lambda i: i / 10), st.floats(-3, 3).filter(lambda x: x == 0 or abs(x) > 1e-3)])
    )
    outcomes = np.array(draw(st.lists(st.lists(gain, min_size=s, max_size=s), min_size=k, max_size=k)))
    weights = np.array(draw(st.lists(st.lists(st.integers(1, 9), min_size=s, max_size=s), min_size=k, max_size=k)), float)
    stock = draw(st.one_of(st.integers(1, 12).map(float), st.floats(0.1, 12)))
    return (
        outcomes,
        weights / weights.sum(axis=1, keepdims=True),
        stock,
        draw(st.lists(st.integers(0, k - 1), min_size=1, max_size=6)),
        draw(st.integers(0, 10**6)),
    )


@settings(max_examples=200, deadline=None)
@given(games())
def test_counted_rewards_are_the_move_of_the_stock(game):
    """Property 1 of the (f) list: sum of clipped rewards = b_T - b_0 pathwise; b_t >= 0; 0 is absorbing. To the bit on whole amounts."""
    outcomes, p, stock, order, seed = game
    problem = survival_bandit(outcomes, p, stock, HORIZON)
    log = engine.play_block(engine.prepare(problem, planned(*order)), seed, 0, 4, np.arange(1, HORIZON + 1), trace=True)
    left = stock - log.spent[:, :, 0]
    whole = np.all(outcomes == np.floor(outcomes)) and stock == math.floor(stock)
    assert np.all(np.abs(log.reward - (left - stock)) <= (0.0 if whole else 1e-12 * (1 + np.abs(left)))) and np.all(left >= 0.0)
    moved = np.diff(np.concatenate([np.zeros((4, 1)), log.reward], axis=1))
    crumb = 0.0 if whole else 1e-12 * stock  # what counts as nothing
    for i in range(4):
        b, gone = stock, False
        for t in range(HORIZON):
            if gone:
                assert moved[i, t] == 0.0 and left[i, t] <= crumb
                continue
            raw = outcomes[order[t % len(order)]]
            assert np.min(np.abs(np.maximum(raw, -b) - moved[i, t])) <= 1e-11, "each move is an outcome, clipped at the stock"
            b, gone = left[i, t], left[i, t] <= crumb
        assert (log.ended[i] == Ended.RUIN) == gone


def test_luck_belongs_to_uses():
    """However the arms are interleaved, the n-th pull of an arm brings the same gain; another replication brings other gains."""
    problem = survival_bandit([[1, 2, 4], [10, 20, 40]], [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]], 5, 40)

    def gains(order):
        log = engine.play_block(engine.prepare(problem, planned(*order)), 3, 0, 2, np.arange(1, 41))
        moved = np.diff(log.reward, axis=1, prepend=0.0)
        arms = np.resize(order, 40)
        return [[moved[i, arms == k] for k in range(2)] for i in range(2)]

    every, runs = gains([0, 1]), gains([0, 0, 0, 1])
    for i in range(2):
        for k in range(2):
            n = min(every[i][k].size, runs[i][k].size)
            assert n >= 10 and np.array_equal(every[i][k][:n], runs[i][k][:n])
    assert not np.array_equal(every[0][0], every[1][0])


def test_a_stock_of_zero_that_plays_on_is_one_unit_more():
    """below_zero = at_zero one richer, run by run, and so are rewards, regret and the optimum."""
    below, above = survival_bandit(*C3, 3, 50, "below_zero"), survival_bandit(*C3, 4, 50)
    a, b = (run(p, uniform(), replications=400, seed=7) for p in (below, above))
    for name in ("reward", "spent", "pulls", "rounds", "ended_by", "clipped"):
        assert np.array_equal(a[name].values, b[name].values), name
    assert regret(a, ruin_dp(*C3, below.spec.budget, 50))["mean"].item() == regret(b, ruin_dp(*C3, 4, 50))["mean"].item()
    assert (
        ruin_probability(a) == ruin_probability(b)
        and ruin_probability(run(survival_bandit(*C3, 3, 50), uniform(), replications=400, seed=7)).estimate > ruin_probability(a).estimate
    )
    zero = run(survival_bandit([[-1, -1]], [[0.5, 0.5]], 0, 9, "below_zero"), fixed_arm(0), replications=1, seed=1)
    assert zero.rounds.values[0, -1] == 1 and zero.reward.values[0, -1] == -1.0, "ruined at -1, in the first round"


def test_net_losses_are_the_raw_gains_of_a_run(seed):
    """Drawn again from uses alone, they equal the gains of every round; without clipping they sum to what the stock lost."""
    problem = survival_bandit(*C3, 6, 60)
    runs = run(problem, ucb1(), replications=300, seed=seed, checkpoints=range(1, 61), trace=True)
    lost = net_losses(problem, runs)
    moved = np.diff(runs.reward.transpose("replication", "checkpoint").values, axis=1, prepend=0.0)
    action = runs.action.values.reshape(300, 60)
    by_arm = np.array([[-moved[i, action[i] == k].sum() for k in range(3)] for i in range(300)])
    clipped = runs.clipped.values
    assert np.array_equal(lost.sum(axis=1), by_arm.sum(axis=1) + clipped) and (clipped > 0).any()
    whole = clipped == 0.0
    assert whole.sum() > 50 and np.array_equal(lost[whole], by_arm[whole])


def test_expected_is_the_mean_of_the_clipped_gain(seed):
    """Its sum has the mean of the reward (4 standard errors of the paired difference); the raw mean, the control, does not."""
    problem = survival_bandit(*C3, 4, 20)
    runs = run(problem, uniform(), replications=40_000, seed=seed)
    gain, mean = runs.reward.values[:, -1], runs.pseudo_reward.values[:, -1]
    raw = runs.pulls.values[:, -1] @ problem.instance.mean_reward
    for other, agrees in ((mean, True), (raw, False)):
        difference = gain - other
        assert (abs(difference.mean()) <= 4 * difference.std() / math.sqrt(difference.size)) == agrees


def test_frequencies(seed):
    """Each outcome comes as often as it should, also one of probability 0, and a mixture of lattice and other gains is welcome."""
    x, p = [[0.5, -math.sqrt(0.5), 7.0, 1.0]], [[0.5, 0.2, 0.0, 0.3]]
    problem = survival_bandit(x, p, 1e4, 20_000)
    log = engine.play_block(engine.prepare(problem, fixed_arm(0)), seed, 0, 1, np.arange(1, 20_001))
    moved = np.diff(log.reward[0], prepend=0.0)
    for value, chance in zip(x[0], p[0], strict=True):
        n = np.sum(np.abs(moved - value) < 1e-6)
        assert abs(n - 20_000 * chance) <= 5 * math.sqrt(20_000 * chance * (1 - chance))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"probabilities": [[0.6, 0.5]]}, "probabilities: sums to 1.1"),
        ({"probabilities": [[0.6]]}, "probabilities: got shape"),
        ({"outcomes": []}, "outcomes: got shape"),
        ({"outcomes": [[1, math.nan]]}, "outcomes: got nan"),
        ({"budget": 0}, "budget: got 0, where the run is over before the first round"),
        ({"budget": -1}, "budget: got -1"),
        ({"budget": math.inf}, "budget: got inf"),
        ({"budget": [1, 2]}, "budget: got"),
        ({"horizon": 0}, "horizon: got 0"),
        ({"ruin": "never"}, "ruin: got 'never'; allowed: at_zero, below_zero"),
        ({"ruin": "below_zero", "budget": 2.5}, "budget: got 2.5 with ruin='below_zero'"),
        ({"ruin": "below_zero", "outcomes": [[1, -0.5]]}, "outcomes: got -0.5 with ruin='below_zero'"),
        ({"budget": 1e12}, "budget, horizon: got stocks up to 1e\\+12"),
        ({"horizon": 10**12}, "budget, horizon: got stocks up to 1e\\+12"),
        ({"outcomes": [[1e-6, -1e6]]}, "1e\\+11 times the smallest outcome"),
    ],
)
def test_wrong_arguments(change, says):
    with pytest.raises(BudgetsimError, match=says):
        survival_bandit(**({"outcomes": [[1, -1]], "probabilities": [[0.6, 0.4]], "budget": 1, "horizon": 10} | change))


def test_legal_edges():
    """An arm that cannot lose, an outcome that never comes, one outcome, a stock that is a tiny fraction."""
    gift = run(survival_bandit([[1, 0], [1, -1]], [[0.5, 0.5], [0.5, 0.5]], 1, 50), fixed_arm(0), replications=50, seed=1)
    assert ruin_probability(gift).estimate == 0.0
    assert survival_bandit([[1, -0.5]], [[1.0, 0.0]], 1, 5, "below_zero").instance.largest_loss.tolist() == [0.0]
    for loss, stock in ((0.1, 0.3), (0.3, 0.9)):  # floats fall short of nothing on either side
        runs = run(survival_bandit([[-loss]], [[1.0]], stock, 9), fixed_arm(0), replications=1, seed=1)
        assert runs.rounds.values[0, -1] == 3 and ruin_probability(runs).estimate == 1.0 and runs.spent.values[0, -1, 0] == stock
    with pytest.raises(BudgetsimError, match="runs: got those of"):
        net_losses(survival_bandit(*C3, 3, 5), run(survival_bandit([[1, -1]], [[0.5, 0.5]], 3, 5), fixed_arm(0), replications=1, seed=1))
    with pytest.raises(BudgetsimError, match="runs: got a summary"):
        net_losses(survival_bandit(*C3, 3, 5), run(survival_bandit(*C3, 3, 5), fixed_arm(0), replications=9, seed=1, keep="summary"))
