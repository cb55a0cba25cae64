"""Small files that the settings name, each written when it is first asked for."""

import json
from itertools import pairwise

import numpy as np

from tests.data.builders import BUILDERS, images
from zsbench.config.paths import ASSETS
from zsbench.data.images.digits import digits


def dump(make):
    return lambda path: path.write_text(json.dumps(make()))


def glyph_names():
    return (ASSETS / "data/glyphs/classes.txt").read_text().splitlines()


def digit_names():
    return [f"digit {name}" for name in digits().class_names]


def synonym_counts():
    """Counts of each glyph's name, and of its first word, which is more frequent."""
    counts = ({name: 1} | ({name.split()[0]: 9} if " " in name else {}) for name in glyph_names())
    return {
        str(n): {"name": name, "alternates": c} for n, (name, c) in enumerate(zip(glyph_names(), counts, strict=True))
    }


def label_names():
    return (ASSETS / "data/ner-synthetic/labels-ladder.txt").read_text().splitlines()


def captions():
    return {f"{i:04d}": f"a digit number {i % 7}" for i in range(1797)}


def matrix(path):
    n = len(glyph_names())
    places = np.random.default_rng(0).random((n, 3))
    np.save(path, np.linalg.norm(places[:, None] - places, axis=-1))


def vectors(path):
    from zsbench.models import references

    encoder = references.image_text_encoder("clip-glyphs-longtail", "test")
    width = encoder.module.token_embedding.weight.shape[1]
    np.save(path, np.random.default_rng(0).normal(0, 0.1, (4, width)).astype(np.float32))


def retrieved(path):
    rng = np.random.default_rng(0)
    held = {key: rng.standard_normal((110, 128)) for key in ("images", "captions")}
    np.savez(path, **held, labels=np.arange(110) % 55)


PASSAGES = {
    "d1": "a cat and a cat and a dog that sleeps all day long in the sun",
    "d2": "cats",
    "d3": "the cat sat",
    "d4": "dogs and cats and a cat",
    "d5": "cat cat cat cat cat and many other words that say nothing of it at all",
}


def collection(kind, passages=PASSAGES, columns=("id", "text")):
    """Return a writer of a task over passages of different lengths."""

    def write(path):
        rows = "".join(f"{key}\t{text}\n" for key, text in passages.items())
        path.with_suffix(".tsv").write_text(rows)
        path.with_suffix(".queries").write_text("q1\tcat\nq2\tthe dog\nq3\tcat dog sleeps\nq4\tzebra\n")
        path.with_suffix(".qrels").write_text("q1 0 d1 1\nq1 0 d3 2\nq2 0 d4 1\nq3 0 d5 1\nq4 0 d2 1\n")
        data = {"source": "tsv", "collection": f"{path.stem}.tsv", "queries": f"{path.stem}.queries",
                "qrels": f"{path.stem}.qrels", "columns": list(columns)}  # fmt: skip
        path.write_text(json.dumps({"type": kind, "description": "d", "data": data}))

    return write


def docids():
    known = json.loads((ASSETS / "data/synonyms-docids/docids.json").read_text())
    letters = [*known.values()]
    return {key: f"{letters[i // 5]} {letters[i % 5]}" for i, key in enumerate(known)}


def run(*lines):
    """Return a writer of a TREC run: `query document score` each."""
    return lambda path: path.write_text("".join("{} Q0 {} 1 {} x\n".format(*line.split()) for line in lines))


def shipped_run():
    return (ASSETS / "data/synonyms/candidates.run").read_text().splitlines()


def choices(path):
    path.with_suffix("").mkdir()
    data = {"source": "caption-choices", **BUILDERS["caption-choices"](path.with_suffix(""), images())}
    path.write_text(json.dumps({"type": "caption-selection", "description": "d", "data": data}))


def ten(seed):
    def write(path):
        places = np.random.default_rng(seed).random((10, 3))
        np.save(path, np.linalg.norm(places[:, None] - places, axis=-1))

    return write


def class_scores(path):
    """A task over saved probabilities of three classes, whose certainty depends on what they are taken for."""
    rows = np.array([[0.98, 0.01, 0.01], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
    np.savez(path.with_suffix(".npz"), prob=rows, label=[0, 1, 2])
    data = {"source": "features", "path": path.with_suffix(".npz").name, "features": "prob", "labels": "label"}
    task = {"type": "image-classification", "description": "d", "data": data, "classes": ["a", "b", "c"]}
    path.write_text(json.dumps(task | {"metrics": ["certain-ratio"], "method": "given-scores"}))


FILES = {
    "choices": (".yaml", choices),
    "ten": (".npy", ten(0)),
    "other ten": (".npy", ten(1)),
    "letters": (".json", dump(lambda: {key: key.upper() for key in [*PASSAGES][:3]})),
    "run of one": (".run", lambda path: path.write_text(shipped_run()[0] + "\n")),
    "run": (".run", run("q1 d1 2", "q1 d3 1", "q2 d4 1")),
    "other run": (".run", run("q1 d3 2", "q1 d1 1", "q2 d4 1")),
    "strange run": (".run", run("q1 d1 2", "q1 d99 1", "q2 d4 1")),
    "self": (".yaml", collection("rerank", {**PASSAGES, "q1": "cat"})),
    "titled": (".yaml", collection("rerank", {k: f"{t}\tcat" for k, t in PASSAGES.items()}, ("id", "text", "title"))),
    "renamed": (".txt", lambda path: path.write_text("\n".join(f"my {name}" for name in glyph_names()))),
    "ranked": (".yaml", collection("rerank")),
    "left out": (".txt", lambda path: path.write_text("q1\nbatching-1\nmixed-01\n")),
    "found": (".yaml", collection("generative-retrieval")),
    "docids": (".json", dump(docids)),
    "captions": (".json", dump(captions)),
    "distances": (".npy", matrix),
    "nodes": (".json", dump(lambda: dict(zip(glyph_names(), glyph_names()[::-1], strict=True)))),
    "label texts": (".json", dump(lambda: dict(zip(label_names(), label_names()[::-1], strict=True)))),
    "names": (".json", dump(lambda: {name: name for name in glyph_names()})),
    "synonym counts": (".json", dump(synonym_counts)),
    "other names": (".json", dump(lambda: {name: f"my {name}" for name in glyph_names()})),
    "vectors": (".npy", vectors),
    "retrieved": (".npz", retrieved),
    "class scores": (".yaml", class_scores),
    "digit edges": (".tsv", lambda path: path.write_text("".join(f"{a}\t{b}\n" for a, b in pairwise(digit_names())))),
    "digit nodes": (".json", dump(lambda: dict(zip(digit_names(), sorted(digit_names()), strict=True)))),
    "few mentions": (".json", dump(lambda: {"river": 3, "king": 2})),
}
