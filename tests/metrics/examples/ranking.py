CUT = {"P", "Recall", "R_cap", "Success", "Judged", "Hole"}
ALSO = ["nDCG(gain=exp)@5", "MRR@3"]
BLIND = {"Judged"}  # looks at which documents were judged, not at scores


def example(rng, n):
    docs = [f"d{i}" for i in range(12)]
    runs = [{d: float(s) for d, s in zip(docs, rng.permutation(12), strict=True)} for _ in range(n)]
    return runs, [{d: int(g) for d, g in zip(docs, rng.integers(0, 3, 12), strict=True)} for _ in range(n)]


def perfect(pred, gold):
    return [{d: float(g) for d, g in row.items()} for row in gold]
