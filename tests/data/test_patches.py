"""Files of patches: what a unified diff touches, in SWE-bench's table, and with it the gold files of issues."""

import json

import pytest

from zsbench.config import catalog
from zsbench.core.errors import UserError
from zsbench.data.collections.patches import files_of_patches, touched

# A function of a.py and a line outside of functions in setup.py change; c.py is new, d.py goes, e.py gets another name.
PATCH = """diff --git a/pkg/a.py b/pkg/a.py
index 1..2 100644
--- a/pkg/a.py
+++ b/pkg/a.py
@@ -1,3 +1,3 @@ def f():
 def f():
--- a/not_a_file.py
-    return 1
+++ b/nor_this.py
+    return 2
@@ -9 +9 @@
-x
\\ No newline at end of file
+y
diff --git a/setup.py b/setup.py
--- a/setup.py\t2020-01-01
+++ b/setup.py
@@ -5,0 +6,2 @@
+install = 1

diff --git a/c.py b/c.py
new file mode 100644
--- /dev/null
+++ b/c.py
@@ -0,0 +1 @@
+z = 1
diff --git a/d.py b/d.py
--- a/d.py
+++ /dev/null
@@ -1 +0,0 @@
-z = 1
--- a/e.py
+++ b/f.py
@@ -1,2 +1,2 @@

-z = 1
+z = 2
"""


def test_a_patch_touches_the_files_that_were_there():
    assert touched(PATCH) == {"pkg/a.py", "setup.py", "d.py", "e.py"}
    assert touched("--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x") == frozenset()


def table(path, rows):
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("name", ["p.jsonl", "p.parquet"])
def test_a_table_of_patches_is_read(name, tmp_path):
    rows = [{"instance_id": key, "patch": PATCH, "repo": "r"} for key in ("x-1", "x-2")]
    found = files_of_patches(table(tmp_path / name, rows))
    assert found == dict.fromkeys(("x-1", "x-2"), frozenset({"pkg/a.py", "setup.py", "d.py", "e.py"}))


BAD = {
    "no file is named": [{"instance_id": "x", "patch": "def f(): pass"}],
    "fewer lines than its head says": [{"instance_id": "x", "patch": "--- a/a.py\n+++ b/a.py\n@@ -1,9 +1,9 @@\n y"}],
    "instance id 'x' stands twice": [{"instance_id": "x", "patch": PATCH}] * 2,
    "key 'patch' is missing": [{"instance_id": "x"}],
    "the patch of 'x' is int": [{"instance_id": "x", "patch": 3}],
}


@pytest.mark.parametrize("message", BAD)
def test_bad_tables_are_named(message, tmp_path):
    with pytest.raises(UserError, match=rf"p\.jsonl:\d.*{message}"):
        files_of_patches(table(tmp_path / "p.jsonl", BAD[message]))


def test_gold_files_of_folders_are_those_of_the_patch(tmp_path):
    own = tmp_path / "one"
    (own / "qrels").mkdir(parents=True)
    (own / "corpus.jsonl").write_text('{"_id": "pkg/a.py/f", "title": "", "text": "def f"}\n')
    (own / "queries.jsonl").write_text('{"_id": "x-1", "text": "broken"}\n')
    (own / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nx-1\tpkg/a.py/f\t1\n")
    source = catalog.load_component("data", "issue-folders")
    patches = table(tmp_path / "p.jsonl", [{"instance_id": "x-1", "patch": PATCH}])
    [without], [issue] = source(path=str(tmp_path)).issues, source(path=str(tmp_path), patches=str(patches)).issues
    assert without.changed.files == {"pkg/a.py"}
    assert issue.changed.functions == {"pkg/a.py/f"}
    assert issue.changed.files == {"pkg/a.py", "setup.py", "d.py", "e.py"}
    with pytest.raises(UserError, match=r"p\.jsonl: no patch of 'x-1'"):
        source(path=str(tmp_path), patches=str(table(patches, [{"instance_id": "y", "patch": PATCH}])))
