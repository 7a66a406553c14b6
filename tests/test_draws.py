"""Draws: known answers, compiled == plain Python, the laws, and the independence of neighbouring streams."""

import math
from decimal import Context, Decimal, localcontext

import numpy as np
import pytest
from scipy import special, stats

from budgetsim import draws, run
from budgetsim.draws import (
    BEGIN_POLICY,
    ROUND,
    bernoulli,
    beta,
    binomial,
    block,
    categorical,
    exp,
    exponential,
    gamma,
    integer,
    log,
    nature_key,
    normal,
    normal_quantile,
    nth_use,
    poisson,
    rule_key,
    shuffle,
    uniform,
)
from budgetsim.kernels import compiled
from budgetsim.policies.fixed_arm import fixed_arm
from budgetsim.problems.stochastic_bandit import beta as beta_law
from budgetsim.problems.stochastic_bandit import stochastic_bandit

UPTO = np.array([0.1, 0.4, 0.4, 0.95, 1.0])
LAWS = {  # column of `sheet` -> its exact law
    "uniform": stats.uniform(),
    "bernoulli": stats.bernoulli(0.3),
    "integer": stats.randint(0, 7),
    "categorical": stats.rv_discrete(values=(np.arange(5), np.diff(UPTO, prepend=0.0))),
    "normal": stats.norm(),
    "exponential": stats.expon(),
    "gamma(.3)": stats.gamma(0.3),
    "gamma(1)": stats.gamma(1.0),
    "gamma(2.5)": stats.gamma(2.5),
    "gamma(40)": stats.gamma(40.0),
    "beta(1, 1)": stats.beta(1.0, 1.0),
    "beta(.5, .5)": stats.beta(0.5, 0.5),
    "beta(2, 7)": stats.beta(2.0, 7.0),
    "beta(.2, 30)": stats.beta(0.2, 30.0),
    "beta(120, 80)": stats.beta(120.0, 80.0),
    "nth use": stats.uniform(),
    "rule": stats.uniform(),
}


def sheet(seed, first, upto, out, orders):
    """Row i: every draw at replication i // 64, round i % 64."""
    for i in range(len(out)):
        key = nature_key(seed, (first + i) // 64, (first + i) % 64, ROUND)
        row = out[i]
        row[0] = uniform(key, 0)
        row[1] = bernoulli(key, 1, 0.3)
        row[2] = integer(key, 0, 7)
        row[3] = categorical(key, 0, upto)
        row[4] = normal(key, 0)
        row[5] = exponential(key, 0)
        row[6] = gamma(key, 0, 0.3)
        row[7] = gamma(key, 1, 1.0)
        row[8] = gamma(key, 2, 2.5)
        row[9] = gamma(key, 3, 40.0)
        row[10] = beta(key, 0, 1.0, 1.0)
        row[11] = beta(key, 1, 0.5, 0.5)
        row[12] = beta(key, 2, 2.0, 7.0)
        row[13] = beta(key, 3, 0.2, 30.0)
        row[14] = beta(key, 4, 120.0, 80.0)
        row[15] = uniform(nth_use(key, 3, i), 5)
        row[16] = uniform(rule_key(key), 0)
        order = orders[i]
        for k in range(4):
            order[k] = k
        shuffle(key, 0, order)


def grid(seed, nature, rule):
    """Uniforms of slots, rounds, replications, of nature and of the rule: arrays (replications, rounds, slots)."""
    for i in range(nature.shape[0]):
        for t in range(nature.shape[1]):
            key = nature_key(seed, i, t, ROUND)
            other = rule_key(key)
            for s in range(nature.shape[2]):
                nature[i, t, s] = uniform(key, s)
                rule[i, t, s] = uniform(other, s)


def curves(x, logs, exps, u, quantiles):
    for i in range(x.size):
        logs[i] = log(x[i])
        exps[i] = exp(x[i])
    for i in range(u.size):
        quantiles[i] = normal_quantile(u[i])


def two_words(seed, replication, t, stream, out):
    a, b = block(seed, replication, t, stream)
    out[0], out[1] = a, b


compiled_sheet, compiled_grid, compiled_curves, compiled_words = compiled(sheet), compiled(grid), compiled(curves), compiled(two_words)


def drawn(function, seed, rows):
    out, orders = np.zeros((rows, len(LAWS))), np.zeros((rows, 4))
    function(seed, 0, UPTO, out, orders)
    return out, orders


@pytest.fixture(scope="module")
def sample():
    return drawn(compiled_sheet, 20260101, 200_000)


# ------------------------------------------------------------------------------------------------ known answers
RANDOM123 = [  # counter, key, words: kat_vectors of Random123, philox4x32 10
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


@pytest.mark.parametrize(("counter", "key", "words"), RANDOM123)
def test_random123_known_answers(counter, key, words):
    assert draws.philox(*counter, *key) == words
    a, b, c, d = words
    seed, t = key[0] | key[1] << 32, counter[0] | counter[3] << 32
    expected = [(a << 32) | b, (c << 32) | d]
    out = np.zeros(2, np.uint64)
    compiled_words(np.uint64(seed), np.uint64(counter[1]), np.uint64(t), np.uint64(counter[2]), out)
    assert list(block(seed, counter[1], t, counter[2])) == expected == out.tolist()


def test_the_finaliser_is_splitmix64():
    """SplitMix64 from state 0 (its published first outputs), with x1 = 0."""
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [draws.word(draws.Key(0, 0, 0, 0), 0, i + 1, 0) for i in range(3)] == published


# ------------------------------------------------------------------------------------------------ compiled == plain
@pytest.mark.parametrize("shift", [0, 2**31, 2**47])
def test_every_draw_compiled_equals_plain(seed, shift):
    (fast, fast_orders), (plain, plain_orders) = (drawn(f, seed // 2 + shift, 640) for f in (compiled_sheet, sheet))
    assert np.array_equal(fast, plain) and np.array_equal(fast_orders, plain_orders)


def test_elementary_functions_compiled_equal_plain(seed):
    g = np.random.default_rng(seed)
    x = np.concatenate([g.normal(scale=300, size=2000), np.exp(g.uniform(-700, 700, 2000)), [0.0, 1.0, -1.0, math.inf, -math.inf, 5e-324]])
    u = np.concatenate([g.random(2000), np.exp(-g.uniform(0, 36, 500)), 1 - np.exp(-g.uniform(0, 36, 500))])
    results = []
    for f in (curves, compiled_curves):
        out = [np.zeros(x.size), np.zeros(x.size), np.zeros(u.size)]
        f(x, out[0], out[1], u[u < 1], out[2])
        results.append(out)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*results, strict=True))


# ------------------------------------------------------------------------------------------------ elementary functions
EXACT = Context(prec=60)


def ulps(value: float, exact: Decimal) -> float:
    return float(abs(EXACT.subtract(Decimal(value), exact)) / Decimal(math.ulp(float(exact))))


def test_log_and_exp_are_within_one_ulp(seed):
    g = np.random.default_rng(seed)
    positive = [*np.exp(g.uniform(-700, 700, 1500)), *g.uniform(0.5, 2.0, 1500), *(1 + g.normal(scale=1e-6, size=500)), *range(1, 200)]
    assert max(ulps(log(float(x)), EXACT.ln(Decimal(float(x)))) for x in positive if x != 1.0) < 1.0
    real = [*g.uniform(-708, 709, 2000), *g.normal(size=1500), *g.normal(scale=1e-6, size=500)]
    assert max(ulps(exp(float(x)), EXACT.exp(Decimal(float(x)))) for x in real) < 1.0


def test_elementary_functions_at_the_edges():
    assert log(1.0) == 0.0 and log(0.0) == -math.inf and log(math.inf) == math.inf and math.isnan(log(-1.0))
    assert exp(0.0) == 1.0 and exp(-1000.0) == 0.0 and exp(1000.0) == math.inf and exp(-math.inf) == 0.0 and exp(math.inf) == math.inf


def test_nan_stays_nan():
    assert math.isnan(log(math.nan)) and math.isnan(exp(math.nan))


def test_normal_quantile_against_scipy(seed):
    g = np.random.default_rng(seed)
    u = np.concatenate([g.random(5000), np.exp(-g.uniform(0, 36, 3000)), 1 - np.exp(-g.uniform(0, 36, 3000)), [2.0**-53, 0.075, 0.925]])
    u = u[(u > 0) & (u < 1)]
    ours, theirs = np.array([normal_quantile(float(x)) for x in u]), special.ndtri(u)
    assert np.max(np.abs(ours - theirs) / np.abs(theirs)) < 1e-13
    assert normal_quantile(0.5) == 0.0


# ------------------------------------------------------------------------------------------------ laws
def moment(law, k):
    """E X^k; by the product formula for a Beta, where scipy integrates numerically."""
    if getattr(getattr(law, "dist", None), "name", "") == "beta":
        a, b = law.args
        return math.prod((a + i) / (a + b + i) for i in range(k))
    return float(law.moment(k))


@pytest.mark.parametrize("name", LAWS)
def test_moments(sample, name):
    x, law = sample[0][:, list(LAWS).index(name)], LAWS[name]
    for k in (1, 2, 3):
        mean, variance = moment(law, k), moment(law, 2 * k) - moment(law, k) ** 2
        assert abs(np.mean(x**k) - mean) < 4.5 * math.sqrt(variance / len(x)), f"moment {k}"


@pytest.mark.parametrize("name", LAWS)
def test_goodness_of_fit(sample, name):
    x, law = sample[0][:, list(LAWS).index(name)], LAWS[name]
    if hasattr(law, "pmf"):
        support = np.unique(x)
        expected = law.pmf(np.arange(8)) * len(x)
        assert np.all(law.pmf(support) > 0)
        counts = np.bincount(x.astype(int), minlength=8)
        p = stats.chisquare(counts[expected > 0], expected[expected > 0]).pvalue
    else:
        p = stats.kstest(x, law.cdf).pvalue
    assert p > 1e-4


def test_goodness_of_fit_tells_wrong_laws_apart(sample):
    """Control: the tests above have power."""
    columns = dict(zip(LAWS, sample[0].T, strict=True))
    assert stats.kstest(columns["gamma(2.5)"], stats.gamma(2.53).cdf).pvalue < 1e-4
    assert stats.kstest(columns["beta(2, 7)"], stats.beta(2.0, 7.1).cdf).pvalue < 1e-4
    assert stats.kstest(columns["normal"], stats.norm(0.012).cdf).pvalue < 1e-4


def test_shuffle_is_uniform_over_permutations(sample):
    orders = sample[1].astype(int)
    assert np.array_equal(np.sort(orders, axis=1), np.tile(np.arange(4), (len(orders), 1)))
    counts = np.unique(orders @ np.array([64, 16, 4, 1]), return_counts=True)[1]
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 1e-4


def test_beta_with_shapes_so_small_that_both_gammas_vanish(seed):
    """Beta(a, b) is then Bernoulli(a / (a + b)) to within what doubles hold; the runs are compiled, and never NaN."""
    arms = stochastic_bandit(beta_law([1e-3, 2e-3], [2e-3, 1e-3]), horizon=20_000)
    reward = run(arms, fixed_arm(0), replications=1, seed=seed, trace=True).reward.values[0, -1]
    assert abs(reward - 20_000 / 3) < 4.5 * math.sqrt(20_000 * 2 / 9)


def test_certain_and_impossible_events():
    keys = [nature_key(3, 0, t, ROUND) for t in range(500)]
    assert sum(bernoulli(k, 0, 0.0) for k in keys) == 0.0
    assert all(bernoulli(k, 1, 1.0) == 1.0 for k in keys)
    assert all(integer(k, 0, 1) == 0 for k in keys)
    assert all(categorical(k, 0, np.array([0.0, 1.0, 1.0])) == 1 for k in keys)
    assert {categorical(k, 1, np.array([0.5, 0.5 - 1e-12])) for k in keys} == {0, 1}  # the last entry takes what is left


# ------------------------------------------------------------------------------------------------ independence
def correlations(a, b):
    """Pearson's r of the uniforms and of their distances from the middle."""
    return [np.corrcoef(f(a).ravel(), f(b).ravel())[0, 1] for f in (lambda x: x, lambda x: np.abs(x - 0.5))]


def uniforms(seed, shape=(100, 100, 10)):
    nature, rule = np.zeros(shape), np.zeros(shape)
    compiled_grid(seed, nature, rule)
    return nature, rule


@pytest.mark.parametrize("step", [1, 2, 2**16, 2**32, 2**40])
def test_neighbouring_seeds_are_uncorrelated(seed, step):
    (a, ra), (b, rb) = uniforms(seed), uniforms(seed + step)
    assert np.max(np.abs(correlations(a, b) + correlations(ra, rb) + correlations(a, rb))) < 4.5 / math.sqrt(a.size)


@pytest.mark.parametrize("axis", ["replication", "round", "slot"])
def test_neighbours_are_uncorrelated(seed, axis):
    for u in uniforms(seed):
        moved = np.moveaxis(u, ["replication", "round", "slot"].index(axis), 0)
        for lag in (1, 2, 5):
            a, b = moved[:-lag], moved[lag:]
            assert np.max(np.abs(correlations(a, b))) < 4.5 / math.sqrt(a.size)


def test_nature_and_the_rule_are_uncorrelated(seed):
    nature, rule = uniforms(seed)
    assert not np.any(nature == rule)
    assert np.max(np.abs(correlations(nature, rule))) < 4.5 / math.sqrt(nature.size)
    assert np.unique(np.concatenate([nature.ravel(), rule.ravel()])).size == 2 * nature.size


def test_correlation_is_noticed(seed):
    """Control: one slot in fifty taken from the neighbour."""
    a, b = uniforms(seed)[0], uniforms(seed + 1)[0]
    b[:, ::50] = a[:, ::50]
    assert max(correlations(a, b)) > 4.5 / math.sqrt(a.size)


def test_draws_of_different_functions_share_no_word(sample):
    columns = sample[0]
    used = [0, 4, 5, 7, 9, 11, 12, 15, 16]
    ranks = np.apply_along_axis(stats.rankdata, 0, columns[:, used])
    r = np.corrcoef(ranks.T)
    assert np.max(np.abs(r - np.eye(len(used)))) < 4.5 / math.sqrt(len(columns))


# ------------------------------------------------------------------------------------------------ keys and slots
def test_a_slot_is_drawn_once(seed):
    key = nature_key(seed, 0, 0, ROUND)
    uniform(key, 0)
    normal(key, 0)  # another function has slots of its own
    uniform(key, 1)
    with pytest.raises(ValueError, match="slot 0 drawn twice in one round by the problem"):
        uniform(key, 0)
    gamma(key, 4, 0.5)
    with pytest.raises(ValueError, match="slot 4 drawn twice"):
        gamma(key, 4, 2.0)
    mine = rule_key(key)
    uniform(mine, 0)
    with pytest.raises(ValueError, match="by the policy"):
        bernoulli(mine, 0, 0.5)  # a bernoulli is a uniform compared with p


def test_slots_have_a_range():
    with pytest.raises(ValueError, match=r"slot: got -1; allowed: 0 to 2\*\*32 - 1"):
        uniform(nature_key(1, 0, 0, ROUND), -1)


def test_nth_use_depends_on_arm_and_count_only(seed):
    def luck(replication, t, arm, n):
        return uniform(nth_use(nature_key(seed, replication, t, ROUND), arm, n), 0)

    assert {luck(4, t, 2, 7) for t in (0, 7, 1000, 2**40)} == {luck(4, 0, 2, 7)}
    others = [luck(4, 0, arm, n) for arm in range(12) for n in range(12)] + [luck(5, 0, 2, 7), uniform(nature_key(seed, 4, 7, ROUND), 0)]
    assert len(set(others)) == len(others)


def test_streams_and_replications_differ(seed):
    luck = [uniform(nature_key(seed, r, 0, stream), 0) for r in range(50) for stream in range(ROUND, BEGIN_POLICY + 1)]
    assert len(set(luck)) == len(luck)


# ------------------------------------------------------------------------------------------------ counts
def counted(seed, n, p, out):
    """Binomial draws in the first row of out, Poisson draws of mean n p in the second."""
    for i in range(out.shape[1]):
        key = nature_key(seed, i // 64, i % 64, ROUND)
        out[0, i] = binomial(key, 0, n, p)
        out[1, i] = poisson(key, 0, n * p)


compiled_counted = compiled(counted)
#: inversion, both sides of its border, mirrored, rejection with few and with very many trials
COUNTS = [(1, 0.3), (7, 0.5), (33, 0.3), (34, 0.3), (20, 0.5), (25, 0.6), (100, 0.9), (1000, 0.27), (10**6, 5e-6), (10**6, 0.7), (10**9, 0.82),
          (10**15, 0.37), (10**15, 9e-15), (10**15, 1.1e-14), (10**12, 1e-14)]  # fmt: skip


def fit(x, law):
    """p-value of chi-square with at least 8 expected in each cell; where values are many, of Kolmogorov and Smirnov beside the normal law.

    The latter is off by skewness / 6 < 1e-4 there; scipy's own distribution function would take a minute.
    """
    low, high = x.min(), x.max()
    if high - low > 4000:
        return stats.kstest((x - law.mean()) / law.std(), stats.norm.cdf).pvalue
    expected = law.pmf(np.arange(low, high + 1)) * len(x)
    counts, common = np.bincount((x - low).astype(int)), expected >= 8
    rest = len(x) - expected[common].sum()
    expected, counts = np.append(expected[common], rest), np.append(counts[common], counts[~common].sum())
    if rest < 8:  # rare values: too few for a cell of their own, and not many
        assert stats.poisson.sf(counts[-1] - 1, max(rest, 1e-12)) > 1e-6
        expected, counts = expected[:-1] * counts[:-1].sum() / expected[:-1].sum(), counts[:-1]
    return stats.chisquare(counts, expected).pvalue if counts.size > 1 else 1.0


@pytest.mark.parametrize(("n", "p"), COUNTS)
def test_counts_have_their_laws(n, p, seed):
    out = np.zeros((2, 300_000))
    compiled_counted(np.uint64(seed), float(n), p, out)
    assert np.array_equal(out, np.floor(out)) and out.min() >= 0 and out[0].max() <= n
    for x, law, variance in ((out[0], stats.binom(n, p), n * p * (1 - p)), (out[1], stats.poisson(n * p), n * p)):
        assert fit(x, law) > 1e-5
        assert abs(x.mean() - n * p) < 5 * math.sqrt(variance / x.size)
        fourth = variance * (1 + 3 * variance)  # about the central moment; exactly that of a Poisson variable
        assert abs(np.mean((x - n * p) ** 2) - variance) < 5 * math.sqrt((fourth - variance**2) / x.size)


def test_a_count_of_a_wrong_law_is_noticed(seed):
    """Control: a probability wrong in the third digit, and Poisson instead of binomial."""
    out = np.zeros((2, 300_000))
    compiled_counted(np.uint64(seed), 1000.0, 0.27, out)
    assert fit(out[0], stats.binom(1000, 0.2706)) < 1e-5 and fit(out[1], stats.binom(1000, 0.27)) < 1e-5
    compiled_counted(np.uint64(seed), 1e15, 0.37, out)
    assert fit(out[0], stats.binom(1e15, 0.37 + 3e-10)) < 1e-5


@pytest.mark.parametrize(("n", "p"), COUNTS)
def test_counts_compiled_equal_plain(n, p, seed):
    fast, plain = np.zeros((2, 200)), np.zeros((2, 200))
    compiled_counted(np.uint64(seed), float(n), p, fast)
    counted(seed, n, p, plain)
    assert np.array_equal(fast, plain)


def test_certain_counts_are_exact_and_use_no_word():
    key = nature_key(4, 0, 0, ROUND)
    for n in (0, 1, 17, 10**15):
        assert binomial(key, 0, n, 0.0) == 0.0 and binomial(key, 0, n, 1.0) == float(n) and binomial(key, 0, 0, 0.4) == 0.0
    assert poisson(key, 0, 0.0) == 0.0 and not key.drawn and type(binomial(key, 0, 5, 1)) is float


def test_failures_are_the_trials_less_the_successes(seed):
    """binomial(n, 1 - p) = n - binomial(n, p) with the same key, wherever 1 - p is exact."""
    for t in range(300):
        for n, p in ((9, 0.25), (500, 0.75), (10**12, 0.125), (10**15, 0.5 - 2.0**-20)):
            one, two = (nature_key(seed, 0, t, ROUND) for _ in range(2))
            assert binomial(one, 0, n, p) + binomial(two, 0, n, 1.0 - p) == n


def log_factorial(k):
    """To more than 40 digits: an integer's logarithm, above 2000 Stirling's series."""
    if k <= 2000:
        return EXACT.ln(Decimal(math.factorial(k)))
    x, series = Decimal(k), [(1, 12), (-1, 360), (1, 1260), (-1, 1680), (1, 1188), (-691, 360360), (1, 156)]
    two_pi = 2 * Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
    tail = sum(Decimal(a) / b / x ** (2 * i + 1) for i, (a, b) in enumerate(series))
    return (x + Decimal("0.5")) * EXACT.ln(x) - x + EXACT.ln(two_pi) / 2 + tail


@pytest.mark.parametrize(("n", "p"), [(33, 0.3125), (1000, 0.5), (10**9, 0.3125), (10**15, 0.375), (10**15, 1.1e-14)])
def test_log_probabilities_do_not_cancel(n, p):
    """Against 60 digits: the error of log P stays near 1e-13, whatever n (wherever n p is a double)."""
    spread = math.sqrt(n * p * (1 - p))
    with localcontext(EXACT):
        mean, log_p, log_q = Decimal(n) * Decimal(p), Decimal(p).ln(), (1 - Decimal(p)).ln()
        for k in {max(0, min(n, math.floor(n * p + z * spread))) for z in (-6, -1, 0, 0.5, 3, 7)} | ({0, n} if n < 100 else {0} if mean < 100 else set()):
            exact = log_factorial(n) - log_factorial(k) - log_factorial(n - k) + k * log_p + (n - k) * log_q
            assert draws.log_binomial(float(k), float(n), p) == pytest.approx(float(exact), rel=1e-13, abs=1e-12)
            exact = k * mean.ln() - mean - log_factorial(k)
            assert draws._log_poisson(float(k), n * p) == pytest.approx(float(exact), rel=1e-13, abs=1e-12)


@pytest.mark.parametrize(("draw", "law"), [(binomial, (50, 0.4)), (binomial, (3, 0.4)), (poisson, (40.0,)), (poisson, (2.0,))])
def test_the_slot_of_a_count_is_drawn_once(draw, law, seed):
    key = nature_key(seed, 0, 0, ROUND)
    draw(key, 0, *law)
    draw(key, 1, *law)
    uniform(key, 0)
    with pytest.raises(ValueError, match="slot 0 drawn twice in one round by the problem"):
        draw(key, 0, *law)
