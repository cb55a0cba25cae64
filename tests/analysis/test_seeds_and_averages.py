"""Seeds are a variance of their own; averages are compared from the items of their parts."""

import json

import numpy as np
import pytest

from tests.analysis.made_runs import made, made_average
from tests.command import call
from zsbench.analysis.comparison import Joined, Settings, judged, pairs

RNG = np.random.default_rng(3)
N = 40


def seeded(folder, name, tables, seeds, **more):
    """Runs of one method with several seeds."""
    return [
        made(
            folder / name / str(seed), {"nDCG@10": table}, method=name,
            config={"method": {"name": name, "seed": seed}, "settings": {"seed": 0}}, **more,
        )
        for seed, table in zip(seeds, tables, strict=True)
    ]  # fmt: skip


def differences(first, second):
    [(a, b)] = pairs(first, second)
    [row] = judged(Joined(a, b), settings=Settings(resamples=1000))
    return row


def test_seeds_are_paired_and_their_spread_is_not_that_of_the_items(tmp_path):
    a, b = RNG.random((2, 3, N))
    row = differences(seeded(tmp_path, "a", a, [1, 2, 3]), seeded(tmp_path, "b", b[::-1], [3, 2, 1]))
    gains = b.mean(axis=1) - a.mean(axis=1)
    assert row.seeds.paired == pytest.approx(tuple(gains))
    assert row.seeds.std_paired == pytest.approx(gains.std(ddof=1))
    assert (row.seeds.std_first, row.seeds.std_second) == pytest.approx(
        tuple(x.mean(axis=1).std(ddof=1) for x in (a, b))
    )
    # The interval is over items, of their means over seeds.
    drawn = np.random.default_rng(0).integers(0, N, (1000, N))
    items = (b - a).mean(axis=0)
    assert (row.low, row.high) == pytest.approx(tuple(np.quantile(items[drawn].mean(axis=1), [0.025, 0.975])))
    assert (row.test, row.n, row.value) == ("sign flips", N, pytest.approx(items.mean()))


def test_a_method_without_seeds_meets_all_seeds_of_the_other(tmp_path):
    a, b = RNG.random((3, N)), RNG.random((1, N))
    row = differences(seeded(tmp_path, "a", a, [1, 2, 3]), seeded(tmp_path, "b", b, [1]))
    assert (len(row.seeds.first), len(row.seeds.second), row.seeds.paired) == (3, 1, ())
    assert (row.seeds.std_second, row.first) == (None, pytest.approx(a.mean()))


def test_seeds_that_one_side_lacks_are_not_paired_with_others(tmp_path):
    a, b = RNG.random((2, 3, N))
    row = differences(seeded(tmp_path, "a", a, [1, 2, 3]), seeded(tmp_path, "b", b, [2, 3, 4]))
    assert row.seeds.paired == pytest.approx((b[0].mean() - a[1].mean(), b[1].mean() - a[2].mean()))
    apart = differences(seeded(tmp_path / "x", "a", a, [1, 2, 3]), seeded(tmp_path / "x", "b", b, [7, 8, 9]))
    assert (apart.seeds.paired, apart.value) == ((), pytest.approx(b.mean() - a.mean()))


def test_accuracies_of_several_seeds_are_no_matter_of_right_and_wrong(tmp_path):
    sides = [
        [
            made(
                tmp_path / name / str(seed), {"acc@1": RNG.random(N) < 0.6}, task_type="image-classification",
                method=name, config={"method": {"name": name, "seed": seed}},
            )
            for seed in (1, 2)
        ]
        for name in "ab"
    ]  # fmt: skip
    assert differences(*sides).test == "sign flips"


def test_seeds_stand_in_a_table_of_their_own(tmp_path):
    a, b = RNG.random((2, 3, N))
    seeded(tmp_path, "a", a, [1, 2, 3])
    seeded(tmp_path, "b", b, [1, 2, 3])
    code, screen = call("compare", tmp_path / "a", tmp_path / "b")
    assert code == 0, screen.err
    assert "Seeds" in screen.out
    assert f"{100 * a.mean(axis=1).std(ddof=1):.1f}" in screen.out
    assert "a variance of its own" in screen.out


def of_tasks(folder, method, tables, test_sets):
    """Runs of one method over several tasks, with their average."""
    runs = [
        made(
            folder / method / f"t{number}", {"nDCG@10": table}, method=method, task=f"t{number}",
            test_fingerprint=test_set, config_hash=f"{method}{number}", config={"method": {"name": method}},
        )
        for number, (table, test_set) in enumerate(zip(tables, test_sets, strict=True))
    ]  # fmt: skip
    made_average(folder / method / "all", runs)


def compared(*arguments):
    code, screen = call("compare", *arguments, "--json", "--resamples", "1000")
    assert code == 0, screen.err
    return json.loads(screen.out)


def test_averages_are_the_average_of_differences_and_shared_items_are_drawn_together(tmp_path):
    a, b = RNG.random((2, 2, N))
    widths = {}
    for name, sets in {"shared": ["s", "s"], "apart": ["s", "t"]}.items():
        for method, tables in (("a", a), ("b", b)):
            of_tasks(tmp_path / name, method, tables, sets)
        report = compared(tmp_path / name / "a", tmp_path / name / "b")
        *parts, row = report["differences"]
        assert [each["is_average"] for each in (*parts, row)] == [False, False, True]
        assert row["delta"] == pytest.approx(np.mean([part["delta"] for part in parts]))
        widths[name] = row["ci95_high"] - row["ci95_low"]
    gains = (b - a).mean(axis=0)
    drawn = np.random.default_rng(0).integers(0, N, (1000, N))
    low, high = np.quantile(gains[drawn].mean(axis=1), [0.025, 0.975])
    assert widths["shared"] == pytest.approx(high - low)
    expected = 3.92 * np.hypot(*((b - a).std(axis=1) / N**0.5)) / 2
    assert widths["apart"] == pytest.approx(expected, rel=0.1)


def test_an_average_whose_parts_are_gone_is_said_and_left_out(tmp_path):
    a, b = RNG.random((2, 2, N))
    for method, tables in (("a", a), ("b", b)):
        of_tasks(tmp_path, method, tables, ["s", "t"])
    (tmp_path / "b" / "t1" / "result.json").unlink()
    report = compared(tmp_path / "a", tmp_path / "b")
    assert [row["is_average"] for row in report["differences"]] == [False]
    assert "no difference of the average 'all': 'none / b' lacks the result of 't1' behind it" in report["notes"]


def test_tasks_that_share_some_items_are_drawn_together(tmp_path):
    """Two tasks over one data set with half of their items in common err together, by as much as they share."""
    a, b = RNG.random((2, 2, N))
    ids = [[f"i{i + shift}" for i in range(N)] for shift in (0, N // 2)]
    b[1][: N // 2], a[1][: N // 2] = b[0][N // 2 :], a[0][N // 2 :]
    for method, tables in (("a", a), ("b", b)):
        runs = [
            made(
                tmp_path / method / f"t{number}", {"nDCG@10": table}, ids=ids[number], method=method,
                task=f"t{number}", test_fingerprint=f"t{number}", config_hash=f"{method}{number}",
                config={"method": {"name": method}, "task": {"data": {"path": "one"}}},
            )
            for number, table in enumerate(tables)
        ]  # fmt: skip
        made_average(tmp_path / method / "all", runs)
    *_, row = compared(tmp_path / "a", tmp_path / "b")["differences"]
    gains = b - a
    centred = gains - gains.mean(axis=1, keepdims=True)
    variance = (centred**2).sum() / N**2 + 2 * (centred[0][N // 2 :] * centred[1][: N // 2]).sum() / N**2
    assert row["ci95_high"] - row["ci95_low"] == pytest.approx(3.92 * variance**0.5 / 2, rel=0.12)


def test_an_average_of_a_harmonic_mean_and_a_task(tmp_path):
    tables = {name: RNG.random((3, N)) for name in "ab"}
    for method, values in tables.items():
        of_tasks(tmp_path, method, values, ["s", "t", "u"])
        folder = tmp_path / method
        parts = [f"{method}{number}" for number in range(3)]
        inner = {"name": "h", "tasks": ["t0", "t1"], "metric": None, "kind": "harmonic"}
        outer = {"name": "all", "tasks": ["h", "t2"], "metric": None, "kind": "mean"}
        for name, about, of in (("h", inner, parts[:2]), ("all", outer, ["inner", parts[2]])):
            path = folder / "all" / "result.json"
            result = json.loads(path.read_text()) | {"task": name, "config_hash": "inner" if name == "h" else "outer"}
            result["config"] = {"average": about, "of": of}
            path = folder / f"row-{name}" / "result.json"
            path.parent.mkdir()
            path.write_text(json.dumps(result))
        (folder / "all" / "result.json").unlink()
    rows = {row["task"]: row["delta"] for row in compared(tmp_path / "a", tmp_path / "b")["differences"]}
    means = {name: values.mean(axis=1) for name, values in tables.items()}
    harmonic = {name: 2 / (1 / m[0] + 1 / m[1]) for name, m in means.items()}
    assert rows["h"] == pytest.approx(harmonic["b"] - harmonic["a"])
    assert rows["all"] == pytest.approx(((harmonic["b"] + means["b"][2]) - (harmonic["a"] + means["a"][2])) / 2)
