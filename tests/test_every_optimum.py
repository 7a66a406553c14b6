"""Every optimum in the folder keeps the laws of a certificate, on the instances that its file offers and on degenerate ones made of them.

A file in optima/ is found, and its `examples()` are played: nothing is registered. What a plan earns and what prices promise is recomputed by the functions of
`tests/optima/certificates.py` that are named after it. `python -m tests.test_every_optimum` prints which law speaks about which optimum.
"""

import importlib
import inspect
import math

import numpy as np
import pytest

from budgetsim import BudgetsimError, Optimum, folders
from tests.optima import certificates

NAMES = folders.names("optima")
MODULES = {name: importlib.import_module(f"budgetsim.optima.{name}") for name in NAMES}

#: arguments in the unit of the value, by their names, and where other names are in it
REWARDS = {"reward", "mean_reward", "type_reward", "arm_reward", "class_value", "best_mean", "affinity", "utility", "miss_cost", "weight", "fairness"}
UNITS = {
    "averaging_weights": {"leaf_variance", "message_variance"},
    "concave_split": {"floor", "scale"},
    "principal_gap": {"outcomes", "budget"},
    "ruin_dp": {"outcomes", "budget"},
}
#: where more budget may be worth less: the gain of a stock that shields its owner from losses
NOT_MONOTONE = {"principal_gap", "ruin_dp"}
#: prices of a relaxation: they bound, and need not bound tightly
RELAXED = {"hindsight_milp", "concave_split"}
#: constraints that are equations, whose prices may have any sign
EQUATIONS = {"averaging_weights", "balanced_assignment_lp"}

pytestmark = pytest.mark.filterwarnings("ignore::budgetsim.intervals.IntervalWarning")


# ------------------------------------------------------------------------------------------------ instances
def frozen(value):
    """Lists of numbers as read-only arrays."""
    if isinstance(value, dict):
        return {k: frozen(v) for k, v in value.items()}
    if isinstance(value, list):
        value = np.array(value, float)
        value.flags.writeable = False
    return value


def examples(name):
    return [frozen(arguments) for arguments in MODULES[name].examples()]


def solved(name, arguments):
    return getattr(MODULES[name], name)(**arguments)


def times(arguments, names, factor):
    return {k: frozen((factor * v).tolist()) if k in names and isinstance(v, np.ndarray) else factor * v if k in names and v is not None else v for k, v in arguments.items()}


def units(name, arguments):
    return set(arguments) & UNITS.get(name, REWARDS) if arguments.get("objective") != "survival" and "oracle" not in arguments else set()


def instances(name):
    """The examples, and of each those with nothing to spend, nothing to earn, and one round."""
    found = []
    for arguments in examples(name):
        made = [arguments, times(arguments, {"budget"} & set(arguments), 0), times(arguments, units(name, arguments), 0)]
        if "horizon" in arguments and np.ndim(arguments.get("type_probability", [0])) == 1:
            made.append({**arguments, "horizon": 1})
        for i, a in enumerate(made):
            best = solved(name, a) if i == 0 else attempt(name, a)
            found += [(a, best)] if best else []
    return found


def attempt(name, arguments):
    """None where the instance is refused, which takes one line that names an argument."""
    try:
        return solved(name, arguments)
    except BudgetsimError as error:
        if not names_an_argument(error, arguments):
            raise AssertionError(f"{arguments}: {error}") from error
        return None


def names_an_argument(error, arguments, which=None):
    said = str(error)
    return "\n" not in said and any(part.strip().split("[")[0] == which or (which is None and part.strip() in arguments) for part in said.split(":")[0].split(","))


def size(best):
    return max(abs(best.value), abs(best.lower), 1e-2)


def minimised(best):
    return "minimised" in best.of


# ------------------------------------------------------------------------------------------------ laws: "" or what is wrong
def order(name, arguments, best):
    """lower <= value <= upper, finite; a level if and only if it is statistical; what it is the optimum of."""
    if not (best.lower <= best.value <= best.upper and math.isfinite(best.lower) and math.isfinite(best.upper)):
        return f"lower {best.lower}, value {best.value}, upper {best.upper}"
    if best.name != name or not best.of or best.kind not in ("certified", "statistical") or (best.kind == "statistical") != (0.5 < best.level < 1):
        return f"name {best.name}, of {best.of!r}, kind {best.kind}, level {best.level}"
    said = inspect.getdoc(getattr(MODULES[name], name)) or ""
    return "it is to be minimised and does not say so" if (said.startswith("min ") or "to be minimised" in said) and not minimised(best) else ""


def plan(name, arguments, best):
    """The plan keeps every constraint and earns the end that is attained; where chance or the search leaves a gap, something within."""
    recompute = getattr(certificates, f"plan_of_{name}", None)
    if recompute is None:
        return None
    try:
        earned = recompute(best, **arguments)
    except certificates.Refused as why:
        return str(why)
    attained = best.upper if minimised(best) else best.lower
    wrong = not best.lower - 1e-9 * size(best) <= earned <= best.upper + 1e-9 * size(best)
    if best.kind == "certified":
        wrong |= abs(earned - attained) > 1e-9 * size(best)
    return f"it earns {earned}, not {attained}" if wrong else ""


def prices(name, arguments, best):
    """Prices are >= 0 and prove the other end, by weak duality; tightly, unless they are those of a relaxation."""
    recompute = getattr(certificates, f"prices_of_{name}", None)
    if recompute is None:
        return None
    if name not in EQUATIONS and any((np.asarray(p) < 0).any() for p in leaves(best.dual)):
        return f"a price below 0: {best.dual}"
    try:
        promised = recompute(best, **arguments)
    except certificates.Refused as why:
        return str(why)
    gap = (best.value - promised) if minimised(best) else (promised - best.value)
    return "" if -1e-9 * size(best) <= gap and (gap <= 1e-6 * size(best) or name in RELAXED) else f"they promise {promised}, the plan {best.value}"


def leaves(value):
    return [leaf for v in value for leaf in leaves(v)] if isinstance(value, (tuple, list)) and not isinstance(value, np.ndarray) else [value]


def bits(value):
    return [v.tobytes() if isinstance(v, np.ndarray) else v if not isinstance(v, float) else v.hex() for v in leaves(value)]


def scaled(best, other, factor):
    """Rewards times a number: so are value and both ends. In a risk that is minimised, too."""
    ends = (0, 1) if factor == 0 and best.kind == "statistical" else (0, 1, 2)
    pairs = [((best.value, best.lower, best.upper)[i], (other.value, other.lower, other.upper)[i]) for i in ends]
    return "" if all(abs(factor * a - b) <= 1e-9 * size(best) for a, b in pairs) else f"times {factor}: {pairs}"


def monotone(small, large):
    """More to spend is never worth less."""
    down = minimised(small)
    ends = (small.upper, large.lower) if down else (large.upper, small.lower)
    better = small.value - large.value if down else large.value - small.value
    slack = 1e-9 * size(small) + (small.upper - small.lower) + (large.upper - large.lower)
    return "" if ends[0] >= ends[1] - 1e-12 * size(small) and better >= -slack else f"{small.value} becomes {large.value}"


LAWS = {"order": order, "plan": plan, "prices": prices}


# ------------------------------------------------------------------------------------------------ every optimum
@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_certificate(name):
    """On its examples and on degenerate instances: order, plan and prices."""
    assert MODULES[name].examples()
    wrong = [(law, said, arguments) for arguments, best in instances(name) for law, check in LAWS.items() if (said := check(name, arguments, best))]
    assert not wrong, wrong


@pytest.mark.parametrize("name", NAMES)
def test_it_gives_the_same_bits_and_leaves_its_arguments_alone(name):
    """The arguments are read-only arrays, and lists serve as well."""
    for arguments, plain in zip(examples(name), MODULES[name].examples(), strict=True):
        before = bits(tuple(arguments.values()))
        one, other, listed = solved(name, arguments), solved(name, arguments), solved(name, plain)
        assert isinstance(one, Optimum) and bits(one) == bits(other) == bits(listed) and bits(tuple(arguments.values())) == before


@pytest.mark.parametrize("name", NAMES)
def test_rewards_scale(name):
    for arguments in examples(name):
        if names := units(name, arguments):
            best = solved(name, arguments)
            for factor in (0.5, 0):
                other = attempt(name, times(arguments, names, factor))
                assert other or factor == 0
                if other is None:
                    continue
                assert not scaled(best, other, factor)
                assert scaled(best, other._replace(value=other.value + 0.01 * size(best)), factor), "control"


@pytest.mark.parametrize("name", [n for n in NAMES if n not in NOT_MONOTONE])
def test_more_to_spend_is_never_worth_less(name):
    for arguments in examples(name):
        if {"budget", "slots"} & set(arguments):
            pair = solved(name, arguments), attempt(name, times(arguments, {"budget", "slots"}, 2))
            if pair[1] is None:  # more slots than adapters
                continue
            assert not monotone(*pair)
            gap = sum(b.upper - b.lower for b in pair)
            assert abs(pair[0].value - pair[1].value) <= gap + 1e-9 or monotone(*pair[::-1]), "control: the two exchanged"


# ------------------------------------------------------------------------------------------------ bad input
def broken(value):
    """What no argument may be instead."""
    bad = ["x", math.nan] if not isinstance(value, str) else ["x", 3]
    if isinstance(value, np.ndarray):
        hole = value.copy()
        hole.flat[-1] = math.nan
        bad += [hole, np.array(["x"])]
    return bad


@pytest.mark.parametrize("name", NAMES)
def test_bad_input_is_named(name):
    for arguments in examples(name):
        for argument, value in arguments.items():
            for bad in broken(value):
                with pytest.raises(BudgetsimError) as caught:
                    solved(name, {**arguments, argument: bad})
                assert names_an_argument(caught.value, arguments, argument), f"{argument}={bad!r}: {caught.value}"


# ------------------------------------------------------------------------------------------------ controls: no law is decorative
def shifted(best):
    """Value and attained end one per cent better than they are, at least a little."""
    more = -0.01 * size(best) if minimised(best) else 0.01 * size(best)
    return best._replace(value=best.value + more, lower=best.lower + more, upper=best.upper + more)


def swollen(value, factor):
    """Every number of a plan or of prices times a factor; whole ones changed by one."""
    if isinstance(value, tuple):
        made = [swollen(v, factor) for v in value]
        return type(value)(*made) if hasattr(value, "_fields") else tuple(made)
    if isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, list):
        return [*value, *value[:1]]
    number = np.asarray(value)
    return value + 1 if number.dtype.kind in "iu" and factor > 0 else value * factor


def refused(law, name, spoil):
    """Whether the law speaks, and refuses a spoiled optimum on some instance where it does; an error is a refusal."""
    for arguments, best in instances(name):
        try:
            said = LAWS[law](name, arguments, spoil(best))
        except (IndexError, KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError):
            said = "an error"
        if said:
            return True
    return False


def speaks(law, name):
    return getattr(certificates, f"{law}_of_{name}", None) is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_spoiled_optimum_is_refused(name):
    """One per cent on the value, a gap hidden, a plan that is larger, a price that is negative or larger: each is refused."""
    assert refused("order", name, lambda b: b._replace(value=b.upper + 0.01 * size(b))) and refused("order", name, lambda b: b._replace(lower=b.upper + 1.0))
    if speaks("plan", name):
        assert refused("plan", name, shifted)
        assert refused("plan", name, lambda b: b._replace(plan=swollen(b.plan, 1.01))) or name == "prophet_value"
    if speaks("prices", name):
        assert refused("prices", name, lambda b: b._replace(dual=swollen(b.dual, -1.0)))
        assert refused("prices", name, lambda b: b._replace(dual=swollen(b.dual, 1.01))) or name in RELAXED
        assert refused("prices", name, shifted)


def covered():
    """The table: optimum, whether its plan and its prices are recomputed, whether rewards scale, whether more budget is asked about."""
    lines = [f"{'optimum':28}plan  prices  scaling  budget"]
    for name in NAMES:
        arguments = examples(name)
        marks = [speaks("plan", name), speaks("prices", name), any(units(name, a) for a in arguments)]
        marks.append(name not in NOT_MONOTONE and any({"budget", "slots"} & set(a) for a in arguments))
        lines.append(f"{name:28}" + "".join(f"{'yes' if m else '-':{w}}" for m, w in zip(marks, (6, 8, 9, 6), strict=True)).rstrip())
    return "\n".join(lines)


def test_the_table_of_laws(request, capsys):
    """Every optimum's value is recomputed, and prices wherever it has some."""
    if request.config.getoption("--thorough"):
        with capsys.disabled():
            print("\n" + covered())
    assert "prophet_value" in covered()


if __name__ == "__main__":
    print(covered())
