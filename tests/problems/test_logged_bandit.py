"""Orders of rows, masks, laws, tables read from data frames, and arguments."""

import numpy as np
import pandas as pd
import pytest

from budgetsim import ARM, SKIP, STOP, BudgetsimError, Law, Policy, engine
from budgetsim.kernels import available
from budgetsim.model import Ended, Nothing, Units
from budgetsim.problems.logged_bandit import from_dataframe, logged_bandit

from ..strategies import forget, planned

N, K = 12, 3
rng = np.random.default_rng(5)
REWARD, COST = rng.integers(0, 5, (N, K)) / 4, rng.integers(0, 9, (N, K, 2)) / 8
HOLES = REWARD.copy()
HOLES[::2, 1] = HOLES[1::3, 0] = np.nan
SAME = np.repeat(2.0 ** np.arange(N)[:, None], K, axis=1)  # the sum of some rows says which they were


def nothing_init(spec):
    return Nothing()


def first_legal(memory, params, view, left, t, key):
    k = t % 3
    while not available(view, k):
        k = (k + 1) % 3
    return k


LEGAL = Policy(ARM, nothing_init, first_legal, forget, name="first legal")


def free(reward, order, horizon, **changes):
    return logged_bandit(reward, np.zeros(reward.shape), 1.0, horizon, order, **changes)


def play(problem, rule, seed, count=4, checkpoints=None, path="python"):
    return engine.play_block(engine.prepare(problem, rule, path=path), seed, 0, count, checkpoints or [problem.spec.horizon])


@pytest.mark.parametrize("order", ["resample", "permute", "as_logged"])
def test_all_rules_meet_the_same_rows(order, seed):
    """Rewards that say which row was played, the same for every arm: whatever is pulled, the sums agree at every round."""
    problem = free(SAME, order, N)
    a, b = (play(problem, planned(*arms), seed, checkpoints=range(1, N + 1)).reward for arms in ((0,), (2, 1)))
    np.testing.assert_array_equal(a, b)
    rows = np.log2(np.diff(a, axis=1, prepend=0.0))
    if order == "as_logged":
        assert (rows == np.arange(N)).all()
    else:
        assert (np.sort(rows, axis=1) == np.arange(N)).all() == (order == "permute")
        assert len({tuple(r) for r in rows}) == 4, "replications meet different rows"


def test_rows_are_drawn_uniformly(seed):
    """Resampled rows over 3000 rounds, and the first rows of 1000 permutations: each share within 4 standard errors of 1/N."""
    number = np.repeat(np.arange(float(N))[:, None], 2, axis=1)
    resampled = np.diff(play(free(number, "resample", 3000), planned(0), seed, 1, range(1, 3001)).reward[0], prepend=0.0)
    first = play(free(number, "permute", 1), planned(0), seed, 1000).reward.ravel()
    for rows in (resampled, first):
        shares = np.bincount(rows.astype(int), minlength=N) / rows.size
        assert np.abs(shares - 1 / N).max() <= 4 * np.sqrt((1 / N) * (1 - 1 / N) / rows.size)


def test_the_pseudo_reward_is_unbiased_where_arms_come_and_go(seed):
    """The mask says something of the rewards; the mean given the mask stays right, which the plain mean does not (control)."""
    reward = np.array([[1.0, np.nan], [1.0, np.nan], [0.0, 0.5], [0.0, 0.5]])
    problem = free(reward, "resample", 50)
    log = play(problem, Policy(ARM, nothing_init, only_when_alone, forget), seed, count=100)
    gap = (log.reward - log.pseudo)[:, -1]
    assert np.abs(gap).max() <= 1e-9, "here the mask determines the reward"
    assert problem.instance.mean_reward.tolist() == [0.5, 0.5]
    assert abs(log.reward.mean() - 50 * 0.5) > 10


def only_when_alone(memory, params, view, left, t, key):
    return 1 if available(view, 1) else 0


@pytest.mark.parametrize(
    ("reward", "order", "law"),
    [(HOLES, "resample", SKIP), (REWARD, "resample", STOP), (HOLES, "permute", STOP), (REWARD, "as_logged", SKIP)],
    ids=["resample-masked", "resample", "permute-masked", "as_logged"],
)
def test_same_bits_on_both_paths(reward, order, law, seed):
    problem = logged_bandit(reward, COST, [2.5, 3.0], N, order, law)
    assert hasattr(problem.spec.view, "legal") == np.isnan(reward).any()
    fast, plain = (play(problem, LEGAL, seed, checkpoints=[3, N], path=path) for path in ("rows", "python"))
    assert engine.prepare(problem, LEGAL).grade == "portable"
    for a, b in zip(fast, plain, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.all(fast.spent <= problem.spec.budget + 1e-12)
    if law == STOP:
        assert (fast.ended >= Ended.RESOURCE).all()
    else:
        assert (fast.ended == Ended.HORIZON).all() and (fast.void[:, -1] > 0).all()


def test_an_arm_that_is_not_available_is_refused(seed):
    """Control of the mask."""
    game = engine.prepare(free(HOLES, "as_logged", N), planned(1), path="python")
    log = engine.play_block(game, seed, 0, 1, [N])
    with pytest.raises(BudgetsimError, match="replication 0, round 0"):
        engine.raise_fault(game, log, 0)


def test_idle_skips_a_row(seed):
    problem = logged_bandit(SAME, COST[:, :, :1], 0.0, N, "as_logged", idle=True)
    log = play(problem, planned(-1), seed)
    assert not log.reward.any() and (log.rounds == N).all()


# ------------------------------------------------------------------------------------------------ tables
FRAME = pd.DataFrame(
    {
        "r_a": [0.1, 0.2, np.nan, 0.4, np.nan, np.inf, 0.7],
        "r_b": [0.1, 0.2, 0.3, 0.4, np.nan, 0.6, 0.7],
        "c_a": [1.0, np.nan, np.nan, -1.0, 1.0, 1.0, 1.0],
        "c_b": [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0],
    },
    index=list("tuvwxyz"),
)


def test_what_a_table_drops():
    """A missing cost of an arm that was not available (row 2) is no fault; the index plays no part."""
    problem, dropped = from_dataframe(FRAME, ["r_a", "r_b"], ["c_a", "c_b"], 10.0, 5)
    assert dropped.rows.tolist() == [1, 3, 4, 5]
    assert dropped.reasons == ("a cost is not finite", "a cost is negative", "no arm is available", "a reward is infinite")
    assert problem.instance.reward.shape == (3, 2)
    assert problem.instance.legal.tolist() == [[1, 1], [0, 1], [1, 1]]
    np.testing.assert_allclose(problem.instance.mean_reward, [0.4, 1.1 / 3])
    np.testing.assert_allclose(problem.instance.mean_cost, [[1.0], [2.0]])
    assert problem.instance.largest_cost.tolist() == [2.0]


def test_several_resources_are_named_after_their_keys():
    problem, dropped = from_dataframe(
        FRAME.iloc[[0, 6]], ["r_a", "r_b"], {"dollars": ["c_a", "c_b"], "tokens": ["c_b", "c_b"]}, [10.0, 3.0], 2, "as_logged", SKIP
    )
    assert dropped.rows.size == 0 and problem.spec.units.resource == ("dollars", "tokens") and problem.spec.law == SKIP
    assert problem.instance.mean_cost.tolist() == [[1.0, 2.0], [2.0, 2.0]]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: free(REWARD, "resampel", 5), "did you mean 'resample'"),
        (lambda: free(REWARD, "permute", N + 1), "horizon: got 13"),
        (lambda: free(REWARD, "as_logged", N + 1), "horizon: got 13"),
        (lambda: free(REWARD, "resample", 1.5), "horizon: got 1.5"),
        (lambda: free(REWARD, "resample", 5, law=Law.RUIN), "law: got"),
        (lambda: free(REWARD, "resample", 5, law="STOP"), "law: got 'STOP'"),
        (lambda: free(REWARD, "resample", 5, units=Units(resource=("a", "b"))), "units"),
        (lambda: free(REWARD, "resample", 5, idle="no"), "idle"),
        (lambda: logged_bandit(REWARD, COST, [1.0], 5), "budget: got shape"),
        (lambda: logged_bandit(REWARD, COST, 1.0, 5), "budget: got shape"),
        (lambda: logged_bandit(REWARD, -COST, [1.0, 1.0], 5), "row 0: a cost is negative"),
        (lambda: logged_bandit(REWARD, COST + np.inf, [1.0, 1.0], 5), "row 0: a cost is not finite"),
        (lambda: logged_bandit(REWARD, COST[:5], [1.0, 1.0], 5), "cost: got shape"),
        (lambda: logged_bandit(REWARD[0], COST, [1.0, 1.0], 5), "reward: got shape"),
        (lambda: logged_bandit("abc", COST, [1.0, 1.0], 5), "reward: got something"),
        (lambda: free(np.full((2, 2), np.nan), "resample", 5), "row 0: no arm is available"),
        (lambda: free(np.array([[1.0, np.nan]]), "resample", 5), "only NaN for arm 1"),
        (lambda: from_dataframe(FRAME, ["r_a", "r_c"], ["c_a", "c_b"], 1.0, 5), "did you mean"),
        (lambda: from_dataframe(FRAME, "r_a", ["c_a"], 1.0, 5), "reward: got 'r_a'"),
        (lambda: from_dataframe(FRAME, ["r_a", "r_b"], ["c_a"], 1.0, 5), "cost: got"),
        (lambda: from_dataframe(FRAME.iloc[[3]], ["r_a", "r_b"], ["c_a", "c_b"], 1.0, 5), "a cost is negative in the first"),
        (lambda: from_dataframe(FRAME.assign(r_a="x"), ["r_a", "r_b"], ["c_a", "c_b"], 1.0, 5), "reward: got something"),
        (lambda: from_dataframe(FRAME, [], [], 1.0, 5), "reward"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(BudgetsimError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)
