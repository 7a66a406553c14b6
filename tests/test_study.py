"""compare: exact small cases, the same luck for all, the same bits however they were cut, sweeps, tables, refusals."""

import inspect
import re
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetsim import compare, comparison, metrics, run, study
from budgetsim.arguments import BadType, BadValue, BudgetsimError
from budgetsim.model import Optimum
from budgetsim.optima.best_fixed_arm import best_fixed_arm
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.policies.epsilon_greedy import epsilon_greedy
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.policies.ucb1 import ucb1
from budgetsim.policies.uniform import uniform
from budgetsim.problems.knapsack_bandit import knapsack_bandit
from budgetsim.problems.stochastic_bandit import bernoulli, stochastic_bandit
from budgetsim.summary import Histogram

SURE = stochastic_bandit(bernoulli([1.0, 0.0]), 20)
SHOP = knapsack_bandit([1.0, 1.0], [[1.0], [0.0]], [5.0], 20)
COINS = stochastic_bandit(bernoulli([0.7, 0.4]), 60)


def shop(budget, horizon=40):
    return knapsack_bandit([0.9, 0.5], [[0.8], [0.1]], [budget], horizon)


def hindsight(mean_reward, horizon, replications, seed):
    """A value for each replication, made up of the seed."""
    return Optimum("hindsight", "certified", horizon * (0.5 + np.random.default_rng(seed).random(replications)), 0.0, float(horizon))


def best_arm(mean_reward, name="oracle"):
    return fixed_arm(int(np.argmax(mean_reward)))._replace(name=name)


# ------------------------------------------------------------------------------------------------ exact
def test_two_sure_problems_by_hand():
    both = compare({"sure": SURE, "shop": SHOP}, {"first": fixed_arm(0), "second": fixed_arm(1)}, replications=60, seed=1, optima=[best_fixed_arm])
    assert both.final.values.tolist() == [[20.0] * 60, [0.0] * 60, [5.0] * 60, [20.0] * 60]
    assert both.final.problem.values.tolist() == ["sure", "sure", "shop", "shop"]
    assert both.paired()[["policy", "difference", "low", "high"]].values.tolist() == [["second", -20.0, -20.0, -20.0], ["second", 15.0, 15.0, 15.0]]
    assert both.paired("second").difference.tolist() == [20.0, -15.0]
    assert both.wins.loc["sure"].values.tolist() == [[0.5, 1.0], [0.0, 0.5]] and both.wins.loc["shop"].values.tolist() == [[0.5, 0.0], [1.0, 0.5]]
    table = both.to_dataframe().set_index(["problem", "policy"])
    assert table.score.tolist() == [20.0, 0.0, 5.0, 20.0]
    assert table["best_fixed_arm ratio"].tolist() == [1.0, 0.0, 0.25, 1.0] and table.regret.tolist() == [0.0, 20.0, 15.0, 0.0]
    assert table["spent 0"].loc["shop"].tolist() == [1.0, 0.0] and table["spent 0"].loc["sure"].isna().all()
    assert table.ended_by.tolist() == ["horizon", "horizon", "resource 0", "horizon"]
    assert "no variation seen" in table.method.iloc[0]
    assert both.runs["shop", "first", ()].attrs["policy"] == "first"
    steps = both.ecdf().query("problem == 'shop' and policy == 'first'")
    assert steps.score.tolist() == [5.0] and steps.share.tolist() == [1.0] and steps.low.item() == pytest.approx(1.0 - np.sqrt(np.log(40.0) / 120.0))
    assert set(both.quantiles(0.25).query("policy == 'first' and problem == 'sure' and checkpoint == 20").score) == {20.0}


def test_differences_are_paired_and_simultaneous(seed):
    three = compare(COINS, [fixed_arm(0), fixed_arm(1), uniform()], replications=200, seed=seed, level=0.9)
    table = three.paired()
    assert table.attrs["level of each interval"] == pytest.approx(0.95)
    a, b = (three.runs[COINS.name, f"fixed_arm({k})", ()].reward.values[:, -1] for k in (0, 1))
    from budgetsim import intervals

    assert tuple(table[["difference", "low", "high"]].iloc[0]) == intervals.paired(b, a, 0.95)[:3]
    assert three.paired(level=0.99).low.iloc[0] < table.low.iloc[0]
    wins = three.wins.values
    assert np.array_equal(wins + wins.T, np.ones((3, 3))) and wins[0, 1] == ((a > b) + 0.5 * (a == b)).mean()


# ------------------------------------------------------------------------------------------------ the same luck, the same bits
def test_one_more_policy_changes_no_bit(seed):
    few = compare(COINS, [uniform(), ucb1()], replications=40, seed=seed)
    more = compare(COINS, [epsilon_greedy(), ucb1(), uniform()], replications=70, seed=seed, threads=3)
    for name in ("uniform", ucb1().name):
        for variable, values in few.runs[COINS.name, name, ()].items():
            longer = more.runs[COINS.name, name, ()][variable]
            assert np.array_equal(values, longer[:40])
    assert few.runs[COINS.name, "uniform", ()].equals(run(COINS, uniform(), replications=40, seed=seed))
    other = compare(COINS, [uniform(), ucb1()], replications=40, seed=seed + 1)
    assert not np.array_equal(few.final, other.final)  # the control


class Elsewhere(Executor):
    """What a cluster does, in one process: everything is pickled, nothing is shared."""

    def submit(self, fn, /, *args, **kwargs):
        import cloudpickle

        future = Future()
        fn, args, kwargs = cloudpickle.loads(cloudpickle.dumps((fn, args, kwargs)))
        future.set_result(cloudpickle.loads(cloudpickle.dumps(fn(*args, **kwargs))))
        return future


@pytest.mark.parametrize("problem", [COINS, shop(8.0)._replace(objective="reward - cost")], ids=["coins", "shop"])
def test_a_summary_has_the_same_bits_however_it_was_made(problem, seed):
    first = run(problem, uniform(), replications=150, seed=seed, keep="summary", block=64, threads=1)
    with ThreadPoolExecutor(2) as pool:
        ways = [{"block": b, "threads": t} for b in (1, 7, 64, 100) for t in (1, 2, 3)] + [
            {"executor": pool, "block": 7},
            {"executor": Elsewhere(), "block": 100},
        ]
        for way in ways:
            assert first.identical(run(problem, uniform(), replications=150, seed=seed, keep="summary", **way))
    assert not first.equals(run(problem, uniform(), replications=151, seed=seed, keep="summary"))  # the control


def test_a_summary_of_a_summary_problem():
    kept = run(COINS, uniform(), replications=30, seed=1, keep="summary", checkpoints=[10])
    runs = run(COINS, uniform(), replications=30, seed=1, checkpoints=[10])
    assert int(kept["count"]) == 30 and kept.ended_by.sel(cause="horizon") == 30
    for name in ("reward", "pseudo_reward", "loss", "pulls", "rounds", "spent"):
        assert np.allclose(kept[f"{name}_mean"], runs[name].mean("replication"))
    assert np.allclose(kept.reward_variance, runs.reward.var("replication", ddof=1))
    assert np.array_equal(kept.reward_quantile, np.quantile(runs.reward, [0.1, 0.5, 0.9], axis=0, method="inverted_cdf"))
    assert "replication" not in kept.dims


def test_comparisons_of_summaries_say_the_same(seed):
    rules, optima = [uniform(), ucb1(), fixed_arm(0)], [best_fixed_arm, hindsight]
    every = compare(COINS, rules, optima=optima, replications=150, seed=seed)
    kept, again = (compare(COINS, rules, optima=optima, replications=150, seed=seed, keep="summary", threads=t) for t in (3, 1))
    (group,) = kept.joint
    assert kept.joint[group].identical(again.joint[group])
    assert all(kept.runs[c].identical(again.runs[c]) for c in kept.runs)
    numbers = [c for c in every.to_dataframe().select_dtypes("number") if "hindsight ratio " not in c]
    assert np.allclose(kept.to_dataframe()[numbers], every.to_dataframe()[numbers], rtol=1e-10)
    ends = [f"hindsight ratio {e}" for e in ("low", "high")]  # its skewness is not kept: Fieller's own
    assert np.allclose(kept.to_dataframe()[ends], every.to_dataframe()[ends], rtol=0.05)
    assert np.allclose(kept.paired()[["difference", "low", "high"]], every.paired()[["difference", "low", "high"]], rtol=1e-10)
    assert kept.wins.equals(every.wins)
    a, b = kept.quantiles().score, every.quantiles().score
    assert (abs(a - b) <= Histogram.accuracy * 60.0).all()
    with pytest.raises(BadValue, match=r"allowed: 0\.1, 0\.5, 0\.9"):
        kept.quantiles(0.3)
    with pytest.raises(BadValue, match="keep='summary'"):
        kept.ecdf()


def test_memory_does_not_grow_with_replications():
    sizes = []
    for n in (200, 2000):
        kept = compare(SURE, [fixed_arm(0), uniform()], replications=n, seed=1, keep="summary", checkpoints=[10])
        sizes.append(sum(d.nbytes for d in (*kept.runs.values(), *kept.joint.values())))
    assert sizes[0] == sizes[1]


# ------------------------------------------------------------------------------------------------ sweeps
def test_a_sweep_plays_each_cell_once():
    sweep = {"budget": [4.0, 8.0], "radius": [0.5, 2.0], "epsilon": [0.1]}
    matches = study.plan(
        shop,
        [uniform, ucb1, partial(epsilon_greedy, decay=1.0) if "decay" in inspect.signature(epsilon_greedy).parameters else epsilon_greedy, fixed_arm(1)],
        [fluid_lp],
        sweep,
    )
    assert [m.group.swept for m in matches] == [(4.0, None, None), (8.0, None, None)]
    cells = list(matches[0].policies)
    assert [c.swept for c in cells] == [(4.0, None, None), (4.0, 0.5, None), (4.0, 2.0, None), (4.0, None, 0.1), (4.0, None, None)]
    assert [m.optima[0].value for m in matches] == [fluid_lp([0.9, 0.5], [[0.8], [0.1]], [b], 40).value for b in (4.0, 8.0)]


def test_a_sweep_compiles_once():
    from budgetsim.kernels import rows

    compare(shop, [ucb1], sweep={"budget": [3.0], "radius": [0.3]}, replications=2, seed=1)
    before = len(rows._modules)
    done = compare(shop, [ucb1], sweep={"budget": [4.0, 8.0], "horizon": [30, 50], "radius": [0.1, 0.5, 2.0]}, replications=2, seed=1)
    assert len(done.runs) == 12 and len(rows._modules) == before
    compare(shop, [uniform], replications=2, seed=1, sweep={"budget": [3.0]})
    compare(knapsack_bandit([0.5], [[0.5, 0.5]], [3.0, 3.0], 9), [ucb1], replications=2, seed=1)
    assert len(rows._modules) >= before  # other rules are other kernels; other sizes need not be


def test_labels_tell_a_sweep_apart():
    done = compare(COINS, {"mine": lambda radius: ucb1(radius)._replace(name="?"), "other": uniform}, sweep={"radius": [0.5, 2.0]}, replications=5, seed=1)
    assert [c.policy for c in done.runs] == ["mine [radius=0.5]", "mine [radius=2]", "other"]
    lines = {c.label: c for c in done.curves()}
    assert list(lines) == ["mine", "other"] and lines["mine"].x.tolist() == lines["other"].x.tolist() == [0.5, 2.0]
    assert lines["other"].mean[0] == lines["other"].mean[1]  # a rule that does not take the key is level


def test_truth_and_optima_come_from_the_problem():
    taken = {}

    def noted(budget, mean_cost, idle=False, scale=1.0):
        taken.update(budget=budget, idle=idle, scale=scale)
        return Optimum("noted", "certified", 1.0, 1.0, 1.0)

    done = compare(lambda budget: shop(2.0 * budget), best_arm, optima=[noted], sweep={"budget": [3.0]}, replications=3, seed=1)
    assert taken["budget"].tolist() == [6.0] and taken["idle"] is True and taken["scale"] == 1.0  # what is played, not what was swept
    assert [c.policy for c in done.runs] == ["oracle"]
    compare(shop(5.0), best_arm, optima=[partial(noted, idle=False)], replications=3, seed=1)
    assert taken["idle"] is False


# ------------------------------------------------------------------------------------------------ tables and pictures
@given(st.floats(1e-9, 1e9), st.floats(-1e6, 1e6))
def test_half_widths_keep_two_significant_digits(half, centre):
    places = comparison.decimals(-half, half)
    digits = comparison.rounded(half, places).replace(".", "").strip("0")
    assert len(digits) <= 2
    assert abs(float(comparison.rounded(half, places)) - half) <= 0.0501 * half
    assert abs(float(comparison.rounded(centre, places)) - centre) <= 0.51 * 10.0**-places + 1e-15 * abs(centre)


def test_numbers_as_text():
    assert comparison.with_interval(0.51234, 0.50111, 0.52349) == "0.512 [0.501, 0.523]"
    assert comparison.with_interval(12345.0, 11000.0, 13700.0) == "12300 [11000, 13700]"
    assert comparison.with_interval(1.0, 1.0, 1.0) == "1.0000 [1.0000, 1.0000]"
    assert comparison.with_interval(2.0, -np.inf, np.inf) == "2.0000 [-inf, inf]"
    assert comparison.with_interval(np.nan, 0.0, 1.0) == ""


def test_latex_is_booktabs_and_escaped():
    done = compare(shop(8.0), {"50%_of & #1": uniform(), "b": fixed_arm(0)}, optima=[fluid_lp], replications=60, seed=1)
    text = done.to_latex()
    assert r"50\%\_of \& \#1 &" in text and r"/ fluid\_lp" in text
    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule") == 1
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 3 and len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) == 1
    assert "$-$" in comparison._latex("-1.0 [-inf, 2.0]") and r"$\infty$" in comparison._latex("-1.0 [-inf, 2.0]")
    assert "50%_of & #1" in repr(done) and "60 replications, seed 1" in repr(done)


def test_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = compare(COINS, [uniform, ucb1], optima=[best_fixed_arm, hindsight], replications=30, seed=1)
    kinds = [(c.label, c.kind) for c in done.curves()]
    assert kinds == [("uniform", "policy"), ("ucb1(radius=2)", "policy"), ("best_fixed_arm", "optimum"), ("hindsight", "optimum")]
    assert done.curves()[2].x.tolist() == [0, 60] and done.curves()[3].x.tolist() == [60]
    assert [b.label for b in done.bars()] == ["ucb1(radius=2)"]
    left, right = done.plot().axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("round", "reward") and right.get_xlabel() == "reward, difference to uniform"
    swept = compare(shop, [uniform, fixed_arm(1)], sweep={"budget": [4.0, 8.0]}, optima=[fluid_lp], replications=30, seed=1)
    (one,) = swept.plot().axes
    assert swept.axis == one.get_xlabel() == "budget" and not list(tmp_path.iterdir())


def test_progress_counts_everything():
    done, lock = [], threading.Lock()

    def progress(replications, rounds):
        with lock:
            done.append((replications, rounds))

    for keep in ("all", "summary"):
        done.clear()
        compare(SURE, [uniform, fixed_arm(0)], replications=10, seed=1, keep=keep, progress=progress)
        assert np.sum(done, axis=0).tolist() == [20, 400]


# ------------------------------------------------------------------------------------------------ refusals
def refuse(problem=SURE, policies=uniform, **more):
    return compare(problem, policies, **{"replications": 2, "seed": 1, **more})


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: refuse(policies=[uniform, uniform()]), "policies: two are called 'uniform'"),
        (lambda: refuse(problem=[SURE, SURE]), "problem: two are called"),
        (lambda: refuse(optima=[best_fixed_arm, best_fixed_arm]), "optima: two are called 'best_fixed_arm'"),
        (lambda: refuse(problem=shop, policies=ucb1, sweep={"buget": [1], "budget": [3.0]}), "did you mean 'budget'?"),
        (lambda: refuse(sweep={"radius": [1.0]}), "'radius', which no factory"),
        (lambda: refuse(problem=shop(3.0), optima=[fluid_lp], sweep={"budget": [1.0, 2.0]}), "'budget', which no factory of a problem or a rule takes"),
        (lambda: refuse(policies=ucb1, sweep={"radius": [1.0, 1]}), "different values"),
        (lambda: refuse(policies=ucb1, sweep={"radius": []}), "at least one"),
        (lambda: refuse(policies=ucb1, sweep={"radius": 2.0}), "a list of values"),
        (lambda: refuse(policies=ucb1, sweep=["radius"]), "sweep: got list"),
        (lambda: refuse(policies=ucb1, sweep={"radius": [1.0, -1.0]}), "radius: got -1.0"),
        (lambda: refuse(problem=shop), "missing a required argument: 'budget'"),
        (lambda: refuse(problem=lambda: 3), "<lambda>: returned int; allowed: a Problem"),
        (lambda: refuse(policies=lambda: 3), "<lambda>: returned int; allowed: a Policy"),
        (lambda: refuse(problem=3), "problem: got int"),
        (lambda: refuse(policies=[]), "policies: got none"),
        (lambda: refuse(policies=["ucb1"]), "policies: got str in the list"),
        (lambda: refuse(policies={3: uniform}), "the label 3"),
        (lambda: refuse(optima=[3.0]), "optima: got float in the list"),
        (lambda: refuse(optima=[fluid_lp]), "mean_cost: fluid_lp requires it"),
        (lambda: refuse(policies=lambda transition: uniform()), "transition: "),
        (lambda: refuse(baseline="unifrom"), "did you mean 'uniform'?"),
        (lambda: refuse(level=95), "level: got 95"),
        (lambda: refuse(keep="some"), "keep: got 'some'"),
        (lambda: refuse(executor=3), "executor: got int"),
        (lambda: refuse(replications=0), "replications: got 0"),
        (lambda: refuse(seed=-1), "seed: got -1"),
        (lambda: refuse(checkpoints=[1000]), "checkpoints: got 1000"),
        (lambda: refuse(optima=[Optimum("o", "certified", np.ones(3), 0.0, 1.0)]), "has 3 values; allowed: 2"),
        (lambda: refuse(policies=fixed_arm(7)), "arm"),
        (lambda: refuse().paired("ucb"), "baseline: got 'ucb'"),
        (lambda: refuse().quantiles(2.0), "quantiles: got 2.0"),
    ],
    ids=range(32),
)
def test_refusals_are_one_line_before_anything_is_played(call, says, monkeypatch):
    with pytest.raises((BadValue, BadType)) as caught:
        call()
    assert says in str(caught.value) and "\n" not in str(caught.value) and "allowed" in str(caught.value)
    assert isinstance(caught.value, BudgetsimError)


def test_nothing_is_played_when_something_is_wrong(monkeypatch):
    monkeypatch.setattr(study.engine, "play_block", lambda *_: pytest.fail("played"))
    with pytest.raises(BudgetsimError):
        refuse(policies=[uniform, fixed_arm(7)])
    assert metrics.__all__ and study.__all__
