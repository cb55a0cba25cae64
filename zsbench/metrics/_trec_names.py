"""trec_eval's names of measures, as the names that stand in tables here."""

from __future__ import annotations

import re

_WHOLE = {"map": "MAP", "ndcg": "nDCG", "recip_rank": "MRR", "Rprec": "R-Prec", "bpref": "Bpref"}
_CUT = {"ndcg_cut": "nDCG", "map_cut": "MAP", "P": "P", "recall": "Recall", "success": "Success"}


def ours(name: str) -> str:
    """Return `nDCG@10` for `ndcg_cut_10` or `ndcg_cut.10`; any other name is returned as it is."""
    cut = re.fullmatch(r"(\w+?)[._](\d+)", name)
    if cut and cut[1] in _CUT:
        return f"{_CUT[cut[1]]}@{cut[2]}"
    return _WHOLE.get(name, name)
