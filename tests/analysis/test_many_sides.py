"""More than two sides: a matrix, average ranks, one folder by its methods; and every format at every width."""

import json
import re

import numpy as np
import pytest
from scipy import stats

from tests.analysis.made_runs import made
from tests.command import call
from zsbench.analysis.comparison import Settings, grids, many, sides
from zsbench.analysis.comparison.ranks import average_ranks, friedman_p

RNG = np.random.default_rng(5)
N = 30
LEVELS = {"worst": 0.0, "middle": 0.3, "best": 0.6}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three methods on four tasks; the middle and the best one alike on the last."""
    root = tmp_path_factory.mktemp("many")
    for task in range(4):
        base = RNG.random(N) * 0.3
        for name, level in LEVELS.items():
            values = base + (min(level, 0.3) if task == 3 else level) + RNG.random(N) * 0.01 * (task < 3)
            made(
                root / name / f"t{task}", {"nDCG@10": values, "MRR@10": values[::-1]}, method=name, task=f"t{task}",
                test_fingerprint=f"t{task}", config_hash=f"{name}{task}", config={"method": {"name": name}},
            )  # fmt: skip
    return root


def compared(folder, *names):
    return many.compared(sides.sides_of([folder / name for name in names]), settings=Settings(resamples=300))


def test_every_two_sides_are_one_family(folder):
    comparison = compared(folder, *LEVELS)
    rows = [row.difference for row in comparison.rows]
    assert len(rows) == 3 * 4 * 2
    assert [row.holm for row in rows] == pytest.approx(holm_of([row.p for row in rows]))


def holm_of(p):
    """Holm's adjustment by its definition: the largest of (m - j + 1) p_(j) among the smaller ones."""
    order = np.sort(p)
    return [min(1, max((len(p) - j) * order[j] for j in range(len(p)) if order[j] <= value)) for value in p]


def test_a_matrix_says_the_same_from_either_side(folder):
    comparison = many.compared(
        sides.sides_of([folder / name for name in LEVELS], tasks=["t0"]), settings=Settings(resamples=300)
    )
    [first, _] = grids.matrices(comparison)
    values = np.array([[np.nan if c.value is None else c.value for c in row[2:]] for row in first.rows])
    assert np.array_equal(values, -values.T, equal_nan=True)
    assert values[2, 0] == pytest.approx(0.6, abs=0.02)
    assert [cell.sup for cell in first.rows[2][2:]] == ["**", "**", ""]
    wins = [[cell.text for cell in row[2:]] for row in grids.matrices(compared(folder, *LEVELS))[0].rows]
    assert wins == [["", "0/0/4", "0/0/4"], ["4/0/0", "", "0/1/3"], ["4/0/0", "3/1/0", ""]]


def test_ranks_are_averaged_over_tasks_with_ties_shared(folder):
    [ranks, _] = compared(folder, *LEVELS).ranks
    assert (ranks.metric, len(ranks.tasks)) == ("nDCG@10", 4)
    assert ranks.average == pytest.approx((3, (2 * 3 + 1.5) / 4, (1 * 3 + 1.5) / 4))
    assert ranks.p < 0.05


def test_ranks_of_metrics_that_are_better_when_low_begin_at_the_lowest():
    values = [[0.1, 0.3, 0.2], [5, 5, 1]]
    assert average_ranks(values, higher_is_better=[False, False]).tolist() == [[1, 3, 2], [2.5, 2.5, 1]]


def test_friedman_agrees_with_scipy_where_its_approximation_holds():
    for shift in (0, 0.15):
        values = RNG.random((60, 5)) + shift * np.arange(5)
        ranks = average_ranks(values, higher_is_better=[True] * 60)
        assert friedman_p(ranks) == pytest.approx(stats.friedmanchisquare(*values.T).pvalue, abs=0.02)
    assert friedman_p(np.full((5, 3), 2.0)) == 1


def test_tasks_that_share_items_have_no_p_of_ranks(tmp_path):
    for name in LEVELS:
        for task in range(4):
            made(
                tmp_path / name / str(task), {"nDCG@10": RNG.random(N)}, method=name, task=str(task),
                config={"method": {"name": name}},
            )  # fmt: skip
    assert [ranks.p for ranks in compared(tmp_path, *LEVELS).ranks] == [None]


def test_the_methods_of_one_folder_are_sides(folder):
    code, screen = call("compare", folder, "--by", "method", "--task", "t1", "--json", "--resamples", "300")
    assert code == 0, screen.err
    report = json.loads(screen.out)
    assert sorted(report["sides"]) == sorted(LEVELS)
    assert {row["task"] for row in report["differences"]} == {"t1"}
    assert len(report["differences"]) == 3 * 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["best"], "two folders or more, or --by method, --by model"),
        (["best", "--by", "method"], "one method only (best)"),
        (["", "--by", "method", "--task", "t"], "no task 't'; did you mean 't0'"),
        (["best", "worst", "--metric", "nDCG"], "no metric 'nDCG'"),
    ],
)
def test_what_has_no_sides_is_a_sentence(folder, arguments, expected):
    code, screen = call("compare", folder / arguments[0], *(folder / a if a in LEVELS else a for a in arguments[1:]))
    assert code == 2
    assert expected in " ".join(screen.err.split())


@pytest.mark.parametrize("width", [60, 80])
def test_every_line_fits_the_terminal_and_no_value_is_cut(folder, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    _, screen = call("compare", *(folder / name for name in LEVELS), "--items", "2", "--resamples", "300")
    lines = screen.out.splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if line != line.rstrip()]
    whole = call("compare", *(folder / name for name in LEVELS), "--resamples", "300", "--json")[1].out
    for row in json.loads(whole)["differences"]:
        assert f"{100 * row['delta']:+.1f}{row['stars']}" in screen.out


@pytest.mark.parametrize(
    ("format", "inside"),
    [
        ("markdown", "| A - B | t0 | nDCG@10 ↑ |"),
        ("latex", r"\begin{tabular}"),
        ("html", "<table"),
        ("csv", "delta,ci95_low,ci95_high,p,p_holm"),
    ],
)
def test_every_format_holds_the_whole_comparison(folder, format, inside):
    code, screen = call("compare", *(folder / name for name in LEVELS), "--format", format, "--resamples", "300")
    assert code == 0, screen.err
    assert inside in screen.out
    assert len(re.findall(r"\bt2\b", screen.out)) >= 3


def test_the_card_s_columns_stand_in_json_and_csv(folder):
    wanted = {"delta", "ci95_low", "ci95_high", "p", "p_holm", "n_items", "n_clusters", "method", "B", "seed"}
    arguments = (folder / "best", folder / "worst", "--resamples", "300")
    report = json.loads(call("compare", *arguments, "--json")[1].out)
    assert report["schema_version"] == 2
    assert wanted < set(report["differences"][0])
    assert wanted < set(call("compare", *arguments, "--format", "csv")[1].out.splitlines()[0].split(","))
