"""Every key of every golden file is read by a test, or stands here with the reason why not."""

import json
import os
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.reference._golden import GOLDEN, leaves

ROOT = Path(__file__).parents[2]
# Pattern of paths (a `*` is any number of steps) -> why no test reads it.
UNREAD = {
    "concept-frequency/let_it_wag.json/*": "compared in tests/test_real_frequency.py, where the data are present",
    "concept-frequency/pretraining_correlation.json/*": "compared in tests/test_real_frequency.py, likewise",
    "concept-frequency/real_curves.json/*": "compared in tests/test_real_frequency.py, likewise",
    "cornstack/localization.json/*labels/repo__1[23]": "instances that the golden run does not evaluate",
    "icr/cases.json/*/name": "shown where a comparison fails",
    "ir-metrics/metrics.json/pytrec_per_query/*/num_*": "counts of trec_eval, which are no metrics here",
    "ir-metrics/metrics.json/sklearn_per_query/*": "another rule for ties and for relevant documents not retrieved",
    "ir-metrics/metrics.json/torchmetrics_per_query/*": "another rule for ties",
    "metric3d/align_out.json/midas/*": "the alignment of MiDaS is not built",
    "metric3d/canonical.npz/*_cam_model_half": "an input of the paper's own network, which is not built",
    "metric3d/normals.npz/*": "surface normals are not built",
    "metric3d/normals_out.json/*": "surface normals are not built",
    "ner-protocol/crossner_gazetteer.json/*": "compared in tests/test_real_data.py, where the sentences are present",
    "significance/cases.json/wilson/*/clopper_pearson": "intervals of shares are Wilson's",
}


def files_that_read():
    """Return the test files that compare golden cases, but for those that need data of their own."""
    tests = [
        *ROOT.glob("tests/reference/test_*.py"),
        *ROOT.glob("tests/tasks/test_*.py"),
        *ROOT.glob("tests/test_clip_*"),
    ]
    loads = re.compile(r"_golden import .*(load_json|load_npz|model_folder)")
    return [path for path in sorted(tests) if path != Path(__file__) and loads.search(path.read_text())]


def read_keys(tmp_path):
    """Run those test files and return the paths of what they read."""
    out = tmp_path / "reads.json"
    env = {**os.environ, "ZSBENCH_GOLDEN_READS": str(out), "ZSBENCH_HYPOTHESIS": "once", "PYTHONPATH": str(ROOT)}
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "tests.reference._reads"]
    command = [sys.executable, "-m", "pytest", *options, *map(str, files_that_read())]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return set(json.loads(out.read_text()))


def keys_of(slug):
    """Yield the path of every leaf of a paper's golden files, and of its tiny models."""
    import numpy as np

    for path in sorted((GOLDEN / slug).iterdir()):
        name = f"{slug}/{path.name}"
        if path.is_dir():
            yield name
        elif path.suffix == ".json":
            yield from leaves(json.loads(path.read_text()), name)
        else:
            with np.load(path, allow_pickle=False) as archive:
                yield from (f"{name}/{key}" for key in archive.files)


@pytest.mark.slow
def test_every_key_is_read(tmp_path):
    read = read_keys(tmp_path)
    slugs = sorted({path.split("/")[0] for path in read} & {path.name for path in GOLDEN.iterdir()})
    assert slugs, GOLDEN
    keys = [key for slug in slugs for key in keys_of(slug)]
    unread = [key for key in keys if key not in read]
    assert [key for key in unread if not any(fnmatchcase(key, known) for known in UNREAD)] == []
    # A reason that no key needs any more is one to take out.
    needless = [known for known in UNREAD if not any(fnmatchcase(key, known) for key in unread)]
    assert [known for known in needless if any(fnmatchcase(key, known) for key in keys)] == []
