"""The door to HiGHS: what it tries again, what it calls infeasible or unbounded and by which rows, and that nobody goes round it."""

import re
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
from scipy import sparse

import budgetsim
from budgetsim import BudgetsimError
from budgetsim.optima.balanced_assignment_lp import balanced_assignment_lp
from budgetsim.optima.fluid_lp import fluid_lp
from budgetsim.optima.hindsight_lp import hindsight_lp
from budgetsim.optima.matching_lp import matching_lp
from budgetsim.optima.semi_bandit_lp import semi_bandit_lp
from budgetsim.shared.highs import TRIES, best_plan


class Nothing:
    x, status, message = None, 15, "(HiGHS Status 15: model_status is Unknown)"


SOLVED = {
    "hindsight_lp": lambda: hindsight_lp([[3.0, 1.0], [2.0, 1.0]], [[2.0, 0.5], [2.0, 0.5]], [1.75]).value,
    "fluid_lp": lambda: fluid_lp([0.9, 0.5, 0.7], [[1.0, 0.2], [0.1, 0.3], [0.4, 0.9]], [3.0, 4.0], 10, method="scipy").value,
    "semi_bandit_lp": lambda: semi_bandit_lp([0.9, 0.5, 0.7], [[1.0, 0.2], [0.1, 0.3], [0.4, 0.9]], [3.0, 4.0], 10, most=2).value,
    "matching_lp": lambda: matching_lp([[[1.0], [5.0]], [[2.0], [0.0]]], [[1.0], [0.5]]).value,
    "balanced_assignment_lp": lambda: balanced_assignment_lp(np.eye(4)[:, :2] + 0.1, 1, method="scipy").value,
}


@pytest.mark.parametrize("name", SOLVED)
def test_one_that_gives_up_is_asked_again(name, monkeypatch):
    """Status 15 at the tight tolerance: the next try's answer counts. Where all give up: a line, no number."""
    real, value = scipy.optimize.linprog, SOLVED[name]()
    tight = TRIES[0][1]
    asked = []

    def exact_never(*a, **k):
        asked.append(k["options"])
        return Nothing() if k["options"] == tight else real(*a, **k)

    monkeypatch.setattr(scipy.optimize, "linprog", exact_never)
    assert SOLVED[name]() == pytest.approx(value, abs=1e-7) and asked[:2] == [tight, {}]
    monkeypatch.setattr(scipy.optimize, "linprog", lambda *a, **k: Nothing())
    with pytest.raises(BudgetsimError, match=rf"{name}: HiGHS found no plan: .*Status 15"):
        SOLVED[name]()


def test_infeasible_and_unbounded_name_rows_and_columns(seed):
    """Rows that cannot hold together, however many innocent ones stand beside them; sparse or not, with equalities, with bounds."""
    g = np.random.default_rng(seed)
    for _ in range(20):
        rows, limits = g.random((7, 5)), np.full(7, 10.0)
        a, b = np.sort(g.choice(7, 2, replace=False))
        rows[a], limits[a] = [1.0, 1.0, 0.0, 0.0, 0.0], 1.0
        rows[b], limits[b] = [-1.0, -1.0, 0.0, 0.0, 0.0], -2.0
        with pytest.raises(BudgetsimError, match=f"infeasible; these cannot hold together: row {a}, row {b}$"):
            best_plan("me", g.random(5), sparse.csr_array(rows), limits)
        with pytest.raises(BudgetsimError, match=r"together: budget, row 7$"):
            best_plan("me", g.random(5), np.ones((1, 5)), [1.0], np.ones((1, 5)), [2.0], (0.0, 1.0), lambda i: "budget" if i == 0 else f"row {i + 6}")
    with pytest.raises(BudgetsimError, match=r"unbounded; nothing caps column 0, column 2$"):
        best_plan("me", [1.0, 1.0, 0.0], [[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]], [1.0, 4.0])
    with pytest.raises(BudgetsimError, match=r"infeasible; these cannot hold together: row 0, row 1, row 2, row 3, row 4, row 5 and 2 more$"):
        best_plan("me", [1.0] * 8, -np.eye(8), np.full(8, -2.0), bounds=(0.0, 1.0))


def test_nobody_goes_round_it():
    """No other file of the package calls linprog."""
    folder = Path(budgetsim.__file__).parent
    assert [p.name for p in folder.rglob("*.py") if re.search(r"\blinprog\(", p.read_text())] == ["highs.py"]
