"""Does a test notice when one golden value changes? `python -m tests.reference.mutation [KEYS ...]`

The tests of golden cases run once as they are, which records the keys that each of them reads. Then every key gets one
changed value, and the tests that read it run again in a process of their own: a key whose change no test notices is
read, but compared with nothing. Keys that differ in list positions alone are one kind, of which the first stands for
all; `--all` tries each. This takes the better part of an hour, so it belongs to a release and not to the test suite.
"""

import argparse
import contextlib
import os
import re
import signal
import sys
from collections import defaultdict
from fnmatch import fnmatchcase

import pytest

from tests.reference.test_every_key_is_read import files_that_read, keys_of

# Pattern of paths -> why a change may go unnoticed.
PASSES = {
    "*/tiny[-_]*": "a folder of weights, which no value stands for",
    "ir-metrics/metrics.json/ranx_per_query/*": "queries with ties, where that package has another rule",
    "lbl2vec/label_vectors.json/*/options": "empty where a case has none",
    "lbl2vec/units.json/chunking/*/max_words": "no sentence lies between the limit and the changed one",
    "llm-ranking-baselines/baselines.json/*/k": "how much is settled; the order behind it is the same",
    "loki/loki.npz/tie_rows_missing": "rows that are compared less strictly",
    "metric3d/align_out.json/min_depth": "no pixel lies between the bound and the changed one",
    "metric3d/canonical.npz/*": "one pixel of an input",
    "metric3d/crops_in.npz/*": "one pixel of an input",
    "metric3d/crops_out.json/*/min_depth": "no pixel lies between the bound and the changed one",
    "ner-protocol/spans.json/*/nested": "which cases are left out of a comparison of orders",
    "onerec/onerec.npz/recommended": "no list of the case holds an item of its session",
    "promptagator/roundtrip.json/scores": "one score of many, which moves no rank over the cut",
    "real/caption_count.json/results/*/concept": "a name; what is searched for stands beside it",
    "real/linear.npz/test_features": "one number of an input",
    "real/linear.npz/class_frequency": "counts that choose the rarest classes by their order alone",
    "real/synonym_choice.json/*/alternates/*": "counts of which the order alone decides",
    "significance/resamples.npz/sign_flips": "one sign of thousands, which moves no draw over the bound",
    "transductive-fewshot/*_pred": "one label may differ, because other kernels round equal distances otherwise",
}
OPTIONS = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="]
PLACES = (0, 0.5, 1, 0.2, 0.4, 0.7, 0.9)  # of an array, tried in turn: not every value of an input has to matter
LONGEST = 300  # seconds; a changed size may ask for more than a test ever ends with


class Readers:
    """A plugin of pytest that notes which tests, and which files on import, read which keys."""

    def __init__(self):
        self.of = defaultdict(set)

    @contextlib.contextmanager
    def _noting(self, node):
        from tests.reference import _golden

        _golden.READ.clear()
        yield
        for path in _golden.READ:
            self.of[path].add(node)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector):
        with self._noting(collector.nodeid):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        with self._noting(item.nodeid):
            return (yield)


def run(nodes, plugins=()):
    """Run tests whose modules are imported anew, so that they read the golden files anew; True when all pass."""
    for name in [name for name in sys.modules if name.startswith("tests.") and name != __name__]:
        del sys.modules[name]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        return pytest.main([*OPTIONS, *nodes], plugins=list(plugins)) == 0


def unnoticed(path, nodes):
    """Return whether the tests, then the whole files they stand in, pass with each change of a key's value."""
    files = {node.split("::")[0] for node in nodes}
    for tests in (sorted(nodes), sorted(files)):
        for place in PLACES:
            os.environ.update(ZSBENCH_GOLDEN_CHANGE=path, ZSBENCH_GOLDEN_PLACE=str(place))
            if not run(tests):
                return False
    return True


def started(path, nodes):
    """Start a process that ends with 1 when the change goes unnoticed; return its number."""
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST)
        os._exit(1 if unnoticed(path, nodes) else 0)
    return child


def survivors(readers, processes):
    """Yield the keys whose change no test notices."""
    running = {}

    def ended():
        child, status = os.wait()
        path = running.pop(child)
        return [path] if os.waitstatus_to_exitcode(status) == 1 else []

    for path, nodes in readers.items():
        if len(running) == processes:
            yield from ended()
        running[started(path, nodes)] = path
    while running:
        yield from ended()


def main():
    """Print the keys whose change goes unnoticed, and end with 1 when one of them has no reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", nargs="*", default=["*"], help="golden folders, or patterns of keys (all by default)")
    parser.add_argument("--all", action="store_true", help="try every key, also those that differ in positions alone")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    os.environ.update(ZSBENCH_HYPOTHESIS="once", OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
    readers = Readers()
    if not run([str(path) for path in files_that_read()], [readers]):
        sys.exit("the tests of golden cases fail without any change")
    slugs = sorted({path.split("/")[0] for path in readers.of})
    every = [key for slug in slugs for key in keys_of(slug) if key in readers.of]
    wanted = [pattern if "/" in pattern else f"{pattern}/*" for pattern in asked.keys]
    keys = [key for key in every if any(fnmatchcase(key, pattern) for pattern in wanted)]
    kinds = {key if asked.all else re.sub(r"/\d+(?=/|$)", "/*", key): key for key in reversed(keys)}
    tried = {key: readers.of[key] for key in kinds.values()}
    print(f"{len(tried)} keys", flush=True)
    wrong = 0
    for path in survivors(tried, asked.processes):
        reason = next((why for known, why in PASSES.items() if fnmatchcase(path, known)), None)
        wrong += reason is None
        print(f"{path}: {reason or 'no test notices a change'}", flush=True)
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
