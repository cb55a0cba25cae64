"""Files of depth maps: maps stay there until they are looked at, and a file in progress grows map by map."""

import tracemalloc

import numpy as np
import pytest

from zsbench.core.errors import UserError
from zsbench.metrics import naming
from zsbench.tasks.formats import maps

NAMES = ["a", "b/0.png", "c"]


def some(n=3, shape=(6, 8)):
    return list(np.random.default_rng(0).random((n, *shape), dtype=np.float32))


def same(found, expected):
    assert list(found) == NAMES[: len(expected)]
    for depth, true in zip(found.values(), expected, strict=True):
        assert depth.shape == true.shape
        assert np.array_equal(depth, true)


def test_complete_files_give_their_maps_back_and_equal_maps_equal_bytes(tmp_path):
    for name in ("1.npz", "2.npz"):
        maps.write(NAMES, some(), tmp_path / name)
        same(maps.read(tmp_path / name, NAMES), some())
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()


def test_maps_are_in_memory_one_at_a_time(tmp_path):
    maps.write([str(n) for n in range(20)], some(20, (200, 200)), tmp_path / "p.npz")
    tracemalloc.start()
    total = sum(float(np.asarray(depth).sum()) for depth in maps.read(tmp_path / "p.npz", []).values())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == pytest.approx(20 * 200 * 200 / 2, rel=0.01)
    assert peak < 10 * 200 * 200 * 4


def test_a_rewritten_file_gives_its_new_maps(tmp_path):
    path = tmp_path / "p.npz"
    for factor in (1, 2):
        maps.write(NAMES, [factor * depth for depth in some()], path)
        same(maps.read(path, NAMES), [factor * depth for depth in some()])


def test_a_map_damaged_behind_its_head_is_named(tmp_path):
    path = tmp_path / "p.npz"
    maps.write(NAMES, some(shape=(60, 80)), path)
    raw = bytearray(path.read_bytes())
    raw[9000] ^= 255
    path.write_bytes(raw)
    with pytest.raises(UserError, match=r"p\.npz: not a predictions file"):
        [np.asarray(depth) for depth in maps.read(path, NAMES).values()]


def test_a_file_in_progress_grows_by_what_it_lacks(tmp_path):
    path, expected = tmp_path / "partial.npz", some()
    before = b""
    for n in (1, 2, 3):
        maps.append(NAMES[:n], expected[:n], path)
        assert path.read_bytes().startswith(before)
        assert len(path.read_bytes()) > len(before)
        before = path.read_bytes()
        same(maps.read(path, NAMES), expected[:n])


@pytest.mark.parametrize("cut", [1, 100, 6 * 8 * 4 + 60, 6 * 8 * 4 + 200])
def test_what_a_kill_left_unfinished_is_written_over(tmp_path, cut):
    path, expected = tmp_path / "partial.npz", some()
    maps.append(NAMES[:2], expected[:2], path)
    path.write_bytes(path.read_bytes()[:-cut])
    same(maps.read(path, NAMES), expected[:1])
    maps.append(NAMES, expected, path)
    same(maps.read(path, NAMES), expected)


def test_a_run_killed_inside_a_shard_goes_on_at_the_next_frame(tmp_path, monkeypatch):
    from tests.tasks.test_depth import frames
    from zsbench.core.cache import Cache
    from zsbench.plan import planning
    from zsbench.plan.choices import Choices
    from zsbench.run import predict, runner
    from zsbench.tasks.depth.depth import Task

    monkeypatch.setattr(predict.Pace, "allows", lambda *_: True)
    task, checked, real = frames(tmp_path, n=20), [], Task.check

    def run(out, stop_after=None):
        def check(self, item, prediction):
            if len(checked) == stop_after:
                raise KeyboardInterrupt
            checked.append(item.id)
            return real(self, item, prediction)

        monkeypatch.setattr(Task, "check", check)
        choices = Choices(methods=("constant-depth",), assignments=("method.metres=2",))
        [job] = planning.make(str(task), choices).jobs
        return runner.run(job, None, runner.Options(tmp_path / out, Cache(None)), lambda *_: None)

    with pytest.raises(KeyboardInterrupt):
        run("killed", stop_after=5)
    assert list(tmp_path.rglob("partial-*"))
    killed = run("killed")
    assert checked == [str(n) for n in range(20)]  # every frame once
    assert killed["resumed_items"] == 5
    whole = run("whole")
    assert killed["metrics"] == whole["metrics"]
    shards = {out: sorted((tmp_path / out).rglob("predictions/*")) for out in ("killed", "whole")}
    assert [p.read_bytes() for p in shards["killed"]] == [p.read_bytes() for p in shards["whole"]]
    assert not list(tmp_path.rglob("partial-*"))


# Metrics of one image share what they compute of it.

PLAIN = {
    "AbsRel": lambda p, g, e: np.mean(np.abs(p - g) / g),
    "SqRel": lambda p, g, e: np.mean((p - g) ** 2 / g),
    "RMSE": lambda p, g, e: np.mean((p - g) ** 2) ** 0.5,
    "RMSElog": lambda p, g, e: np.mean(e**2) ** 0.5,
    "log10": lambda p, g, e: np.mean(np.abs(np.log10(p) - np.log10(g))),
    "iRMSE": lambda p, g, e: np.mean((1 / p - 1 / g) ** 2) ** 0.5,
    "SILog": lambda p, g, e: (np.mean(e**2) - np.mean(e) ** 2) ** 0.5,
    "delta@1": lambda p, g, e: np.mean(np.maximum(p / g, g / p) < 1.25),
    "delta@3": lambda p, g, e: np.mean(np.maximum(p / g, g / p) < 1.25**3),
}


@pytest.mark.parametrize("name", PLAIN)
def test_shared_terms_are_the_definitions(name):
    from zsbench.metrics.depth.depth import Compared

    rng = np.random.default_rng(1)
    g = rng.uniform(0.5, 9, 500)
    p = g * rng.uniform(0.6, 1.8, 500)
    expected, metric = PLAIN[name](p, g, np.log(p) - np.log(g)), naming.resolve(name)
    assert metric.compute([p], [g]) == pytest.approx(expected, rel=1e-13)
    image = Compared(p, g)
    assert [metric.compute([image], [g]) for _ in range(2)] == [metric.compute([p], [g])] * 2
