"""A small data set on disk for every source, for tests over the whole registry.

`BUILDERS[name](folder, images)` writes into an empty folder and returns the source's options. `images` are encoded
files, at least four; the sources that read images hold the first one.
"""

import io
import tarfile

import numpy as np
from PIL import Image

from tests.data.test_text_of_every_source import CASES

# Sources whose files are not on the user's disk.
NO_FILES = {"digits": "ships with scikit-learn", "ir-datasets": "lies in ir_datasets' own folder"}


def png(number, size=(8, 6)):
    """Return the bytes of an image that no other number has."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def images(n=4):
    return [png(i) for i in range(n)]


def write(folder, files):
    """Write {relative path: bytes or text}."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


def shard(path, members):
    """Write a tar file of {name: bytes}."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def of_text(name):
    """Return a builder of what the tests of text readers write, with the images that stand there."""
    named = ["a.png"] if name == "coop-split" else ["a.png", "b.png"]

    def build(folder, own):
        files, options = CASES[name]
        write(folder, files)
        write(folder, {key: data for key, data in zip(named, own, strict=False) if key in "".join(files.values())})
        return {key: str(folder / value) if value in {*files, "."} else value for key, value in options.items()}

    return build


def imagefolder(folder, own):
    write(folder, {f"{'xy'[i % 2]}/deep/{i}.png": data for i, data in enumerate(own)})
    return {"path": str(folder)}


def frame_folders(folder, own):
    write(folder, {f"x/v{i % 2}/{i}.png": data for i, data in enumerate(own)})
    return {"path": str(folder)}


def depth_frames(folder, own):
    depth = io.BytesIO()
    np.save(depth, np.ones((6, 8), dtype=np.float32))
    write(folder, {f"rgb/{i}.png": data for i, data in enumerate(own)})
    write(folder, {f"depth/{i}.npy": depth.getvalue() for i in range(len(own))})
    write(folder, {"intrinsics.json": "[4, 4, 3, 3]"})
    return {"path": str(folder)}


def video_files(folder, own):
    write(folder, {"v/x/1.mp4": own[0], "v/y/2.avi": own[1], "list.txt": "x/1.mp4\n"})
    return {"path": str(folder / "v"), "only": str(folder / "list.txt")}


def webdataset(folder, own):
    for number in range(2):
        shard(
            folder / "test" / f"{number}.tar",
            {f"a.b/{k}.{s}": d for k in range(2) for s, d in (("png", own[2 * number + k]), ("cls", b"%d" % k))},
        )
    write(folder, {"classnames.txt": "x\ny\n", "zeroshot_classification_templates.txt": "a {c}\n"})
    return {"path": str(folder)}


def webdataset_captions(folder, own):
    members = {f"{k}.{s}": d for k, data in enumerate(own) for s, d in (("png", data), ("txt", b"a cat\na dog"))}
    shard(folder / "test" / "0.tar", members)
    return {"path": str(folder)}


def parquet(path, own, column, values):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"bytes": data, "path": f"{i}.png"} for i, data in enumerate(own)]
    pq.write_table(pa.table({"image": rows, column: values}), path)


def parquet_images(folder, own):
    parquet(folder / "t.parquet", own, "label", [i % 2 for i in range(len(own))])
    return {"path": str(folder / "t.parquet")}


def hf_datasets(folder, own):
    import datasets

    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["x", "y"])})
    rows = {"image": [{"bytes": data, "path": None} for data in own], "label": [i % 2 for i in range(len(own))]}
    datasets.DatasetDict({"test": datasets.Dataset.from_dict(rows, features=features)}).save_to_disk(str(folder / "d"))
    return {"path": str(folder / "d")}


def hf_captions(folder, own):
    import datasets

    features = datasets.Features({"image": datasets.Image(), "caption": datasets.Value("string")})
    rows = {"image": [{"bytes": data, "path": None} for data in own], "caption": [f"a {i}" for i in range(len(own))]}
    datasets.DatasetDict({"test": datasets.Dataset.from_dict(rows, features=features)}).save_to_disk(str(folder / "d"))
    return {"path": str(folder / "d")}


def hf_ner(folder, _own):
    import datasets

    tags = datasets.ClassLabel(names=["O", "B-PER", "I-PER"])
    features = {"tokens": datasets.List(datasets.Value("string")), "ner_tags": datasets.List(tags)}
    rows = {"tokens": [["Ann", "Lee"], ["ran"]], "ner_tags": [[1, 2], [0]]}
    data = datasets.Dataset.from_dict(rows, features=datasets.Features(features))
    datasets.DatasetDict({"test": data}).save_to_disk(str(folder / "d"))
    return {"path": str(folder / "d")}


def hf_texts(folder, _own):
    import datasets

    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["x", "y"])})
    rows = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}, features=features)
    datasets.DatasetDict({"test": rows}).save_to_disk(str(folder / "d"))
    return {"path": str(folder / "d")}


def hf_collection(folder, _own):
    write(
        folder / "c",
        {"corpus/c.jsonl": '{"_id": "d", "text": "a"}\n', "queries/q.jsonl": '{"_id": "q", "text": "b"}\n'},
    )
    write(folder / "j", {"default/test.jsonl": '{"query-id": "q", "corpus-id": "d", "score": 1}\n'})
    return {"path": str(folder / "c"), "qrels_path": str(folder / "j")}


def torchvision(folder, own):
    write(folder, {f"eurosat/2750/{'xy'[i % 2]}/{i}.png": data for i, data in enumerate(own)})
    return {"name": "EuroSAT", "root": str(folder)}


def arrays(**held):
    def build(folder, _own):
        np.savez(folder / "d.npz", **held)
        return {"path": str(folder / "d.npz")}

    return build


def answers(folder, _own):
    write(folder, {"q.csv": CASES["question-answers"][0]["q.csv"]})
    return {"id": "any", "questions": str(folder / "q.csv")}


LABELS = np.arange(2)
BUILDERS = {
    **{name: of_text(name) for name in CASES if name not in ("webdataset",)},
    "imagefolder": imagefolder,
    "frame-folders": frame_folders,
    "depth-frames": depth_frames,
    "video-files": video_files,
    "webdataset": webdataset,
    "webdataset-captions": webdataset_captions,
    "parquet-images": parquet_images,
    "hf-datasets": hf_datasets,
    "hf-captions": hf_captions,
    "hf-ner": hf_ner,
    "hf-collection": hf_collection,
    "hf-texts": hf_texts,
    "torchvision": torchvision,
    "features": arrays(features=np.eye(2), labels=LABELS),
    "labelled-features": arrays(features=np.eye(2), labels=LABELS),
    "point-clouds": arrays(points=np.ones((2, 5, 3)), labels=LABELS),
    "video-arrays": arrays(frames=np.zeros((2, 3, 6, 8, 3), np.uint8), labels=LABELS),
    "view-logits": arrays(view_logits=np.zeros((2, 1, 2)), labels=LABELS),
    "score-matrix": arrays(
        scores=np.eye(2),
        labels=np.eye(2, dtype=int),
        product_ids=np.array(["a", "b"]),
        values=np.array(["x: 1", "y: 2"]),
    ),
    "ir-datasets-answers": answers,
}
# The same data in another layout that the source takes.
FURTHER = {"depth-frames: lines": ("depth-frames", of_text("depth-frames"))}
