"""The house style: what a reader must be able to tell apart, and what must not be clipped or covered."""

import io

import matplotlib
import numpy as np
import pytest

from budgetsim import figures


def drawn(figure):
    for _ in range(2):  # the layout settles in two passes
        figure.draw_without_rendering()
    return figure


def grey(colour):
    return float(np.dot(matplotlib.colors.to_rgb(colour), (0.299, 0.587, 0.114)))


def inside(figure, artist):
    box, whole = artist.get_window_extent(), figure.bbox
    return box.x0 >= whole.x0 - 1 and box.y0 >= whole.y0 - 1 and box.x1 <= whole.x1 + 1 and box.y1 <= whole.y1 + 1


def check_readable(figure):
    """Also used on every scenario's figure: labels, nothing clipped, no legend on data, no text too small."""
    drawn(figure)
    for axes in figure.axes:
        texts = [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels(), *axes.get_yticklabels()]
        for text in (t for t in texts if t.get_text() and t.get_visible()):
            low, high = sorted(axes.get_xlim() if text in axes.get_xticklabels() else axes.get_ylim())
            if (text not in axes.get_xticklabels() or low <= text.get_position()[0] <= high) and (
                text not in axes.get_yticklabels() or low <= text.get_position()[1] <= high
            ):
                assert inside(figure, text), f"clipped: {text.get_text()!r}"
            assert text.get_fontsize() >= 7, text.get_text()
    for legend in figure.legends:
        assert inside(figure, legend)
        for axes in figure.axes:
            for other in (axes, axes._left_title, axes.xaxis.label):
                assert not legend.get_window_extent().overlaps(other.get_window_extent()), "a legend lies on an axes or on its labels"
    if figure._supxlabel is not None:
        assert inside(figure, figure._supxlabel) and figure._supxlabel.get_fontsize() >= 6
        assert not any(figure._supxlabel.get_window_extent().overlaps(axes.xaxis.label.get_window_extent()) for axes in figure.axes)


def build():
    figure, axes = figures.picture(2, width=7.4, height=3.4)
    x = np.geomspace(10, 1e5, 20)
    for k in range(6):
        figures.curve(
            axes[0], x, (k + 1) * np.sqrt(x), (k + 0.9) * np.sqrt(x), (k + 1.1) * np.sqrt(x), label=f"rule{k}(radius=2; told the horizon and budget)", k=k
        )
    figures.fluid_line(axes[0], x, 8 * np.sqrt(x), "LP")
    figures.slope(axes[0], (1e2, 1e5), 5.0, 0.5, "slope 1/2")
    figures.axis_labels(axes[0], ("horizon", "rounds"), ("regret", "reward"), "Regret", log="xy")
    figures.win_matrix(axes[1], ["one", "two(radius=2)"], [[0.5, 0.9], [0.1, 0.5]])
    figures.legend(figure, axes)
    figures.note(figure, "Bands: pointwise 95% intervals. " * 8)
    return figure, axes


@pytest.fixture
def panel():
    with figures.style():
        yield build()


def test_32_looks_differ_without_colour():
    looks = [figures.look(k) for k in range(32)]
    assert len(set(looks)) == 32
    assert len({(look.marker, look.dash) for look in looks}) == 32
    assert len({look.colour for look in looks[:8]}) == 8
    assert all(grey(look.colour) < 0.75 for look in looks)  # visible on white paper
    assert "#000000" not in {look.colour for look in looks}  # black is for benchmarks


def test_style_stays_inside_its_block():
    before = matplotlib.rcParams["font.size"], matplotlib.rcParams["axes.grid"]
    with figures.style():
        assert matplotlib.rcParams["font.size"] == figures.STYLE["font.size"] != before[0]
    assert (matplotlib.rcParams["font.size"], matplotlib.rcParams["axes.grid"]) == before


def test_labels_carry_units(panel):
    _, axes = panel
    assert axes[0].get_xlabel() == "horizon (rounds)" and axes[0].get_ylabel() == "regret (reward)"
    assert axes[0].get_xscale() == axes[0].get_yscale() == "log"
    figures.axis_labels(axes[1], ("t / T", ""), ("share", ""))
    assert axes[1].get_xlabel() == "t / T"


def test_nothing_is_clipped_or_covered(panel):
    check_readable(panel[0])


def test_a_clipped_figure_is_noticed(panel):
    figure, axes = panel
    figure.set_layout_engine("none")
    axes[0].set_position([0.0, 0.0, 0.4, 0.9])
    with pytest.raises(AssertionError, match="clipped"):
        check_readable(figure)


def test_legend_names_each_curve_once(panel):
    figure, axes = panel
    figures.curve(axes[1], [0, 1], [0, 1], label="rule0(radius=2; told the horizon and budget)")
    figure.legends.clear()
    figures.legend(figure, axes, where="above")
    names = [t.get_text() for t in figure.legends[0].get_texts()]
    assert len(names) == len(set(names)) == 7


def test_long_labels_are_wrapped_and_kept_whole(panel):
    texts = [t.get_text() for t in panel[0].legends[0].get_texts()]
    assert all(len(line) <= 38 for t in texts for line in t.split("\n"))
    assert " ".join(texts[0].split()) == "rule0(radius=2; told the horizon and budget)"


def test_intervals_are_drawn():
    with figures.style():
        _, axes = figures.picture(2)
        figures.curve(axes[0], [1, 2], [3, 4], [2, 3], [5, 6], bars=True)
        (bars,) = axes[0].containers
        ends = np.array([segment[:, 1] for segment in bars.lines[2][0].get_segments()])
        assert ends.tolist() == [[2, 5], [3, 6]]
        figures.bands(axes[0], [1, 2], [[1, 1], [2, 2], [3, 3]], label="median")
        assert len(axes[0].collections) == 2
        figures.intervals(axes[1], ["a", "b"], [1.0, 2.0], [0.5, 1.0], [2.0, 2.5], reference=0.0)
        assert [t.get_text() for t in axes[1].get_yticklabels()] == ["a", "b"]
        assert axes[1].get_ylim() == (1.5, -0.5)  # the first on top


def test_ecdf_is_a_distribution_function():
    with figures.style():
        _, axes = figures.picture()
        line = figures.ecdf(axes[0], [3.0, 1.0, 2.0, 2.0])
    x, y = line.get_data()
    assert list(x) == [1, 1, 2, 2, 3] and list(y) == [0, 0.25, 0.5, 0.75, 1]


def test_win_matrix_leaves_the_diagonal_empty():
    with figures.style():
        _, axes = figures.picture()
        figures.win_matrix(axes[0], ["a", "b"], [[0.5, 0.9], [0.1, 0.5]])
    assert sorted(t.get_text() for t in axes[0].texts) == ["0.10", "0.90"]


def test_the_same_numbers_give_the_same_bytes():
    def svg():
        target = io.BytesIO()
        with figures.style():
            build()[0].savefig(target, format="svg", metadata={"Date": None})
        return target.getvalue()

    assert svg() == svg()


def test_a_notebook_shows_it_without_pyplot(panel):
    assert panel[0]._repr_png_().startswith(b"\x89PNG")
