"""A plugin of pytest: writes which golden keys a run has read to the file that $ZSBENCH_GOLDEN_READS names."""

import json
import os
from pathlib import Path

from tests.reference import _golden


def pytest_sessionfinish():
    Path(os.environ["ZSBENCH_GOLDEN_READS"]).write_text(json.dumps(sorted(_golden.READ)))
