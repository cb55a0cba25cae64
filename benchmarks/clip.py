"""Zero-shot classification with a CLIP ViT-B/32, beside clip-benchmark, on the same weights, prompts and images.

    pip install --no-deps clip-benchmark             # what it is measured against; its classification needs no more
    python benchmarks/clip.py                        # 100 classes x 80 templates, 200 images: half an hour on one core
    python benchmarks/clip.py --small                # 10 classes x 20 templates, 40 images: a few minutes

Weights are random (no download), images are noise; both tools compute in float32 on the CPU. Every measurement runs in
a process of its own; figures are CPU seconds (user + system, all threads) and the process's peak memory.

    classifier   class names and templates to class weights, the model at hand
    evaluation   the same, then all images from files to accuracy, the model at hand
    further      one more rule on the same model and data set (zsbench: cached features; otherwise a fresh evaluation)

clip-benchmark's own accuracy function fails on numpy 2.4 and later, so the accuracy of its logits is taken here.
Results go to benchmarks/results/clip.json.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "clip.json"
MODEL = "ViT-B-32"
FURTHER = ("zpe", "gda-em")


def prepare(folder: Path, n_classes: int, n_templates: int, n_images: int) -> None:
    """Write an untrained model, class names, templates and images in one folder a class."""
    import numpy as np
    import open_clip
    import torch
    from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES, OPENAI_IMAGENET_TEMPLATES
    from PIL import Image
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = open_clip.create_model(MODEL)
    (folder / "model").mkdir()
    save_file(
        {k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model" / "open_clip_model.safetensors"
    )
    config = {"model_cfg": open_clip.get_model_config(MODEL), "preprocess_cfg": {}}
    (folder / "model" / "open_clip_config.json").write_text(json.dumps(config))
    # Labels follow sorted folder names in both tools.
    names = sorted({name.replace("/", " ") for name in IMAGENET_CLASSNAMES[: 2 * n_classes]})[:n_classes]
    templates = [template("{c}") for template in OPENAI_IMAGENET_TEMPLATES[:n_templates]]
    generator = np.random.default_rng(0)
    for number in range(n_images):
        home = folder / "images" / names[number % n_classes]
        home.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (300, 400, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(home / f"{number:05d}.jpg", quality=90)
    names = names[: min(n_classes, n_images)]
    task = {
        "type": "image-classification",
        "description": "noise",
        "data": {"source": "imagefolder", "path": "images"},
        "classes": names,
        "templates": templates,
    }
    # JSON is YAML.
    (folder / "task.yaml").write_text(json.dumps(task))


def peer(folder: Path, what: str, out: Path) -> dict[str, Any]:
    """Measure clip-benchmark."""
    import numpy as np
    import open_clip
    from clip_benchmark.metrics.zeroshot_classification import run_classification, zero_shot_classifier
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder

    task = json.loads((folder / "task.yaml").read_text())
    name = f"local-dir:{folder / 'model'}"
    model, _, transform = open_clip.create_model_and_transforms(name, require_pretrained=True)
    model.eval()
    tokenizer = open_clip.get_tokenizer(name)
    model.encode_text(tokenizer(["warm up"]))

    def classifier() -> Any:
        return zero_shot_classifier(model, tokenizer, task["classes"], task["templates"], "cpu", amp=False)

    def evaluation() -> Any:
        loader = DataLoader(ImageFolder(folder / "images", transform=transform), batch_size=64)
        logits, labels = run_classification(model, classifier(), loader, "cpu", amp=False)
        return float((logits.argmax(1) == labels).float().mean()), logits.numpy()

    if what == "classifier":
        found, cost = timed(classifier)
        np.save(out, found.numpy().T)
        return cost
    (accuracy, logits), cost = timed(evaluation)
    np.save(out, logits)
    return {**cost, "acc@1": accuracy}


def ours(folder: Path, what: str, out: Path) -> dict[str, Any]:
    """Measure zsbench."""
    import numpy as np

    from zsbench.core.cache import Cache
    from zsbench.core.context import RunContext
    from zsbench.core.records import Cost
    from zsbench.methods.classification import Problem
    from zsbench.methods.classification.prompt_ensemble import prompt_ensemble
    from zsbench.models.image_text.open_clip import OpenClip
    from zsbench.plan import planning
    from zsbench.plan.choices import Choices
    from zsbench.run import runner
    from zsbench.tasks.encoding import Features

    task = json.loads((folder / "task.yaml").read_text())
    model = OpenClip(str(folder / "model"))
    model.encode_texts(["warm up"])
    cache = Cache(folder / f"cache-{what}")
    if what == "classifier":
        problem = Problem(task["classes"], task["templates"], 100.0)
        encoder = Features(model, RunContext("auto", cache, 0, Cost()), [])
        found, cost = timed(lambda: prompt_ensemble()(encoder, problem, None))
        np.save(out, found.weights)
        return cost
    methods = ("prompt-ensemble", *FURTHER)
    made = planning.make(str(folder / "task.yaml"), Choices(models=(f"open-clip:{folder / 'model'}",), methods=methods))
    options = runner.Options(folder / f"out-{what}", cache)
    costs: dict[str, Any] = {}
    for method, job in zip(methods, made.jobs, strict=True):
        result, cost = timed(lambda job=job: runner.run(job, model, options, lambda *_: None))
        costs[method] = {**cost, "acc@1": result["metrics"]["acc@1"]["value"]}
    import pyarrow.parquet as pq

    [shard] = [
        p for p in (folder / f"out-{what}").rglob("*.parquet") if "ensemble" in str(p) and p.name != "items.parquet"
    ]
    np.save(out, np.stack(pq.read_table(shard).column("scores").to_pylist()))
    return {**costs["prompt-ensemble"], "further": {method: costs[method] for method in FURTHER}}


def timed(function: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return what the function returns, and CPU and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = function()
    return found, {"cpu_s": round(time.process_time() - cpu, 2), "wall_s": round(time.perf_counter() - wall, 2)}


def child(tool: str, what: str, folder: Path, threads: int) -> dict[str, Any]:
    """Run one measurement in a fresh process."""
    command = [sys.executable, __file__, "--child", tool, what, str(folder), "--threads", str(threads)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(threads), "TQDM_DISABLE": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{tool} {what}: {json.dumps(found)}", file=sys.stderr, flush=True)
    return found


def compare(folder: Path, threads: int) -> dict[str, Any]:
    """Return every figure, ratio and difference."""
    import numpy as np

    found: dict[str, Any] = {}
    for what in ("classifier", "evaluation"):
        rows = {tool: child(tool, what, folder, threads) for tool in ("clip-benchmark", "zsbench")}
        theirs, own = (np.load(folder / f"{tool}-{what}.npy") for tool in ("clip-benchmark", "zsbench"))
        rows["ratio"] = round(rows["clip-benchmark"]["cpu_s"] / rows["zsbench"]["cpu_s"], 2)
        rows["largest difference"] = float(np.abs(theirs - own).max())
        found[what] = rows
    fresh = found["evaluation"]
    found["further"] = {
        method: {
            "cpu_s": cost["cpu_s"],
            "fresh zsbench evaluation / this": round(fresh["zsbench"]["cpu_s"] / max(cost["cpu_s"], 0.01), 1),
            "fresh clip-benchmark evaluation / this": round(
                fresh["clip-benchmark"]["cpu_s"] / max(cost["cpu_s"], 0.01), 1
            ),
        }
        for method, cost in fresh["zsbench"].pop("further").items()
    }
    return found


def show(found: dict[str, Any]) -> None:
    """Print the figures as a table."""
    heads = ("what", "clip-benchmark CPU s", "zsbench CPU s", "ratio", "largest difference", "peak MB")
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for what in ("classifier", "evaluation"):
        row, memory = found[what], "{} / {}".format(*(found[what][t]["peak_mb"] for t in ("clip-benchmark", "zsbench")))
        print(
            f"| {what} | {row['clip-benchmark']['cpu_s']} | {row['zsbench']['cpu_s']} | {row['ratio']} "
            f"| {row['largest difference']:.1e} | {memory} |"
        )
    for method, row in found["further"].items():
        ratios = " / ".join(str(value) for key, value in row.items() if key != "cpu_s")
        print(f"| further rule: {method} | | {row['cpu_s']} | {ratios} (fresh zsbench / fresh clip-benchmark) | | |")


def main() -> None:
    """Measure both tools and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a twentieth of the work")
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--templates", type=int, default=80)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--child", nargs=3, metavar=("TOOL", "WHAT", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        import torch

        torch.set_num_threads(options.threads)
        tool, what, folder = options.child
        run = peer if tool == "clip-benchmark" else ours
        found = run(Path(folder), what, Path(folder) / f"{tool}-{what}.npy")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        print(json.dumps({**found, "peak_mb": round(peak)}))
        return
    if importlib.util.find_spec("clip_benchmark") is None:
        raise SystemExit("clip-benchmark is not installed: pip install --no-deps clip-benchmark")
    scale = (10, 20, 40) if options.small else (options.classes, options.templates, options.images)
    with tempfile.TemporaryDirectory() as scratch:
        prepare(Path(scratch), *scale)
        found = compare(Path(scratch), options.threads)
    versions = {name: importlib.metadata.version(name) for name in ("torch", "open_clip_torch", "clip-benchmark")}
    about = {"classes": scale[0], "templates": scale[1], "images": scale[2], "threads": options.threads}
    show(found)
    RESULTS.parent.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    RESULTS.write_text(json.dumps({**about, "machine": machine, "versions": versions, **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
