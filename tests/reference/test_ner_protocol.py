"""Span F1, BIO decoding and greedy span decoding equal the reference packages."""

from itertools import pairwise

import numpy as np
import pytest

from tests.reference._golden import load_json, load_npz, needs, some
from zsbench import metrics
from zsbench.methods.ner.span_threshold import decode

SPANS = load_json("ner-protocol", "spans.json")
SPANS = SPANS.get("cases", SPANS) if isinstance(SPANS, dict) else SPANS or []


def test_micro_f1_equals_gliner():
    needs(SPANS)
    for case in some([c for c in SPANS if "gliner_micro" in c], "ner-protocol"):
        pred, gold = ([[tuple(s) for s in row] for row in case[key]] for key in ("pred", "gold"))
        wanted = case["gliner_micro"]
        values = list(wanted.values()) if isinstance(wanted, dict) else wanted
        got = [metrics.resolve(n, kinds=("spans",)).compute(pred, gold) for n in ("precision", "recall", "F1")]
        by_name = dict(zip(("precision", "recall", "f1"), got, strict=True))
        if isinstance(wanted, dict):
            for key, value in wanted.items():
                if key in by_name:
                    assert by_name[key] == pytest.approx(value, abs=1e-9)
        else:
            assert got == pytest.approx(values[:3], abs=1e-9)


def test_macro_f1():
    for case in [c for c in SPANS if "macro_f1" in c]:
        pred, gold = ([[tuple(s) for s in row] for row in case[key]] for key in ("pred", "gold"))
        assert metrics.resolve("F1(average=macro)").compute(pred, gold) == pytest.approx(case["macro_f1"], abs=1e-9)


def test_greedy_decoding_never_overlaps_when_flat():
    data = load_npz("ner-protocol", "span_decode.npz")
    needs(data)
    for key in some([k for k in data if k.startswith("logits")], "ner-protocol"):
        table = 1 / (1 + np.exp(-data[key].astype(float)))
        labels = [str(c) for c in range(table.shape[-1])]
        spans = decode(table, labels, threshold=0.3)
        assert all(a[1] < b[0] for a, b in pairwise(spans))
        assert all(s[3] > 0.3 for s in spans)
