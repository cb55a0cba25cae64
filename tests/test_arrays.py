"""Files of arrays: read whole or refused in one sentence, quickly and without their memory."""

import contextlib
import io
import json
import resource
import struct
import time
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.core import arrays
from zsbench.core.errors import UserError


def npy(array=None, **header):
    """The bytes of an .npy file, its header changed."""
    array = np.zeros((2, 3), np.float32) if array is None else array
    out = io.BytesIO()
    if not header:
        np.lib.format.write_array(out, array)
        return out.getvalue()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f4", "fortran_order": False, "shape": (2, 3), **header})
    return out.getvalue() + array.tobytes()


def zipped(*members, compress=False):
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", 8 if compress else 0) as archive:
        warnings.simplefilter("ignore")  # of names that stand twice
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def safetensors(metadata, header=None):
    header = {"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "__metadata__": metadata, **(header or {})}
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + b"\0" * 4


def deep_header():
    raw = ("(" * 5000 + ")" * 5000 + "\n").encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(raw)) + raw


WRONG = {
    "3.6 TiB": (".npy", npy(shape=(10**9, 1000))),
    "more numbers than any machine holds": (".npy", npy(shape=(10**30,))),
    "fewer bytes": (".npy", npy()[:-1]),
    "more bytes": (".npy", npy() + b"x"),
    "a nested header": (".npy", deep_header()),
    "an expression": (".npy", npy().replace(b"False", b"  1+1", 1)),
    "a version of the future": (".npy", npy().replace(b"NUMPY\x01", b"NUMPY\x09", 1)),
    "objects": (".npy", npy(np.array([None, 1], dtype=object))),
    "nothing": (".npy", b""),
    "3.6 TiB in a zip": (".npz", zipped(("a.npy", npy(shape=(10**9, 1000))))),
    "a bomb": (".npz", zipped(("a.npy", npy(np.zeros(30_000_000, np.float32))), compress=True)),
    "a member that is no array": (".npz", zipped(("a.npy", npy()), ("notes.txt", b"hello"))),
    "a member twice": (".npz", zipped(("a.npy", npy()), ("a.npy", npy()))),
    "a member of nothing": (".npz", zipped(("a.npy", b""))),
    "a path as a name": (".npz", zipped(("../../x.txt", b"hello"))),
    "a cut zip": (".npz", zipped(("a.npy", npy()))[:-30]),
    "metadata that is no JSON": (".safetensors", safetensors({"names": "[cat"})),
    "ragged metadata": (".safetensors", safetensors({"names": '["cat", ["dog"]]'})),
    "nested metadata": (".safetensors", safetensors({"names": "[" * 100_000})),
    "metadata of objects": (".safetensors", safetensors({"names": '[{"a": 1}]'})),
    "metadata of texts and numbers": (".safetensors", safetensors({"names": '["a", 1]'})),
    "4 TiB of safetensors": (
        ".safetensors",
        safetensors({}, {"x": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}),
    ),
    "no parquet": (".parquet", b"PAR1" + b"\xff" * 40 + b"PAR1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_damaged_file_is_one_sentence_that_names_it(name, tmp_path):
    suffix, raw = WRONG[name]
    path = tmp_path / f"file{suffix}"
    path.write_bytes(raw)
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(UserError) as caught:
        arrays.read(path)
    assert caught.value.exit_code == 2
    assert f"file{suffix}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes


def test_a_parquet_file_of_one_value_repeated_is_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "b.parquet"
    with pq.ParquetWriter(path, pa.schema([("labels", pa.int64())])) as writer:
        block = pa.table({"labels": pa.array(np.zeros(2_000_000, np.int64))})
        for _ in range(10):
            writer.write_table(block)
    with pytest.raises(UserError, match="over 100 times its size"):
        arrays.read(path)


@given(st.sampled_from([".npy", ".npz", ".safetensors", ".parquet"]), st.binary(max_size=200), st.integers(0, 400))
def test_no_damage_escapes_as_another_exception(tmp_path_factory, suffix, noise, place):
    path = tmp_path_factory.getbasetemp() / f"noise{suffix}"
    raw = bytearray(SOUND[suffix])
    raw[place % len(raw) : place % len(raw) + len(noise)] = noise
    path.write_bytes(bytes(raw))
    with contextlib.suppress(UserError):  # damage may leave a sound file
        assert all(isinstance(array, np.ndarray) for array in arrays.read(path).values())


def _sound():
    import pyarrow as pa
    import pyarrow.parquet as pq
    from safetensors.numpy import save

    table = io.BytesIO()
    pq.write_table(pa.table({"x": [[1.0, 2.0], [3.0, 4.0]], "y": ["a", "b"]}), table)
    found = {".npy": npy(), ".npz": zipped(("a.npy", npy()), compress=True), ".parquet": table.getvalue()}
    return found | {".safetensors": save({"x": np.zeros((2, 2), np.float32)}, {"names": '["a", "b"]'})}


SOUND = _sound()


def test_bytes_that_are_not_utf_8_name_their_row():
    with pytest.raises(UserError, match="row 1 holds bytes that are not UTF-8"):
        arrays.texts(np.array([b"cat", b"\xff\xfe"]), "names")


@pytest.mark.parametrize("value", [1e300, -1e39, np.nan, np.inf])
def test_numbers_that_float32_cannot_hold_are_refused(value, tmp_path):
    array = np.ones((3, 2))
    array[1, 0] = value
    with pytest.raises(UserError, match=r"NaN or infinity as float32 in 1 row \(first: row 1\)"):
        arrays.rows({"x": array}, "x", tmp_path / "x.npy")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".safetensors"])
def test_float64_stays_what_it_was(suffix, tmp_path):
    from safetensors.numpy import save_file

    array, path = np.array([[1 / 3, 1e300]]), tmp_path / f"x{suffix}"
    {".npy": np.save, ".npz": lambda p, a: np.savez(p, x=a), ".safetensors": lambda p, a: save_file({"x": a}, p)}[
        suffix
    ](path, array)
    assert arrays.single(path).dtype == np.float64
    np.testing.assert_array_equal(arrays.single(path), array)


def test_a_large_file_that_compresses_well_is_read(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros((1000, 512), np.float32), names=np.array(["a", "é"]))
    found = arrays.read(tmp_path / "x.npz")
    assert found["x"].shape == (1000, 512)
    assert arrays.texts(found["names"], "names") == ["a", "é"]


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("array", [np.zeros((0, 4)), np.array(3), np.asfortranarray(np.ones((2, 3))), np.array(["é"])])
def test_every_version_of_npy_is_read(version, array, tmp_path):
    with (tmp_path / "x.npy").open("wb") as handle:
        np.lib.format.write_array(handle, array, version=version)
    np.testing.assert_array_equal(arrays.single(tmp_path / "x.npy"), array)
