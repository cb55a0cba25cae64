"""Cost of re-ranking by a decoder: `icr`, `first` and `rankgpt`, beside attention read with `output_attentions`.

    python benchmarks/rerank.py                       # 20, 50 and 100 documents of 100 tokens
    python benchmarks/rerank.py --documents 20 --runs 1

The decoder is a random Llama (4 layers, 256 wide, 4 heads): what is computed is real, what it says is noise. The
user's alternative to `icr` is two eager passes that return whole (tokens x tokens) maps; it is measured up to 50
documents, where they take gigabytes. Every figure comes from a fresh process with one thread: CPU seconds of one
query (the minimum over the runs) and the peak memory above that of the loaded model. `rankgpt` writes as many tokens
as its windows allow, which is about what a model that obeys writes. Results go to benchmarks/results/rerank.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOKENS = 100
WORDS = 2000
METHODS = ("icr", "icr-2-layers", "eager", "first", "rankgpt")
EAGER_UP_TO = 50
RESULTS = Path(__file__).parent / "results" / "rerank.json"


def build(folder: Path) -> None:
    """Save the decoder and a tokenizer of whole words."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    names = ["<pad>", "<s>", "</s>", "<unk>", *"[]>", *[chr(ord("A") + i) for i in range(26)]]
    names += [str(i) for i in range(200)] + [f"w{i}" for i in range(WORDS)]
    raw = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    words = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=32_000,
        hidden_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        intermediate_size=688,
        max_position_embeddings=32_768,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)


def query(n: int):
    """Return one query with n candidates of TOKENS words."""
    import random

    from zsbench.data.collections.documents import Document, RankItem

    draw = random.Random(n)
    texts = [" ".join(f"w{draw.randrange(WORDS)}" for _ in range(TOKENS - 3)) for _ in range(n)]
    return RankItem("q", "w1 w2 w3 w4 w5", tuple(Document(str(i), text) for i, text in enumerate(texts)))


def eager(folder: str, reader):
    """Return the ranking function a user would write: whole attention maps of two eager passes."""
    import torch
    import transformers

    from zsbench.methods.rerank._icr import Spans
    from zsbench.methods.rerank.icr import calibrated
    from zsbench.models.language.hf_causal_lm import hf_causal_lm

    words = hf_causal_lm(model=folder)  # its tokenizer alone is used
    plain = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()

    def rank(_model, item, _collection):
        texts = [reader.passage(document) for document in item.documents][::-1]
        masses = []
        for asked in (item.query, reader.prompt.blank):
            spans = Spans(words, reader.prompt, texts, asked)
            with torch.inference_mode():
                maps = plain(torch.tensor([spans.ids]), output_attentions=True, use_cache=False).attentions
                rows = [layer[0, :, spans.query_start :].mean(dim=1).sum(dim=0) for layer in maps]
            masses.append((torch.stack(rows).sum(dim=0).double().numpy(), spans.documents))
        (a, spans_a), (b, spans_b) = masses
        scores = [calibrated(a[x], b[y]) for x, y in zip(spans_a, spans_b, strict=True)][::-1]
        return sorted(range(len(scores)), key=lambda i: -scores[i])

    return rank


def ranker(name: str, folder: str):
    """Return a ranking function by name."""
    from zsbench.methods.rerank._icr import IcrPrompt, Reader
    from zsbench.methods.rerank.first import FirstPrompt, first
    from zsbench.methods.rerank.icr import icr
    from zsbench.methods.rerank.rankgpt import rankgpt

    pieces = IcrPrompt(intro="w0", document="[ {i} ] {text}", separator=" > ", instruction="w0", query="w0 {query}")
    built = {
        "icr": lambda: icr(prompt=pieces),
        "icr-2-layers": lambda: icr(prompt=pieces, layers=[1]),
        "eager": lambda: eager(folder, Reader(prompt=pieces)),
        "first": lambda: first(prompt=FirstPrompt(system=None, head="", passage="[ {id} ] {text} ", tail="")),
        "rankgpt": lambda: rankgpt(prompt="single"),
    }
    return built[name]()


def measure(name: str, n: int, folder: str, runs: int) -> dict[str, float]:
    """Return CPU seconds, peak memory, tokens and passes of one query, measured in this process."""
    import torch

    from zsbench.core.records import Cost
    from zsbench.models import runtime
    from zsbench.models.language.hf_causal_lm import hf_causal_lm

    runtime.configure(device="cpu", dtype="float32", threads=1)
    torch.set_num_threads(1)
    rank, model = ranker(name, folder), hf_causal_lm(model=folder)
    rank(model, query(2), None)
    before, item, seconds = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, query(n), []
    for _ in range(runs):
        model.cost, start = Cost(), time.process_time()
        order = rank(model, item, None)
        seconds.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "cpu_seconds": round(min(seconds), 3),
        "peak_mb": round(peak / 1024, 1),
        "forward_passes": model.cost.forward_passes,
        "tokens": model.cost.tokens,
        "tokens_generated": model.cost.tokens_generated,
        "order": order,
    }


def main() -> None:
    """Measure every method in processes of its own, print a table and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, nargs="+", default=[20, 50, 100])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--one", nargs=3, metavar=("METHOD", "N", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, n, folder = options.one
        print(json.dumps(measure(name, int(n), folder, options.runs)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        for n in options.documents:
            for name in METHODS:
                if name == "eager" and n > EAGER_UP_TO:
                    continue
                command = [sys.executable, __file__, "--one", name, str(n), folder, "--runs", str(options.runs)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode != 0:
                    raise SystemExit(f"{name} with {n} documents failed:\n{done.stderr[-2000:]}")
                rows.append({"method": name, "documents": n, **json.loads(done.stdout)})
    orders = {(row["method"], row["documents"]): row.pop("order") for row in rows}
    for (name, n), order in orders.items():
        if name == "eager" and order != orders["icr", n]:
            raise SystemExit(f"eager attention orders {n} documents differently")
    report(rows, options.out)


def report(rows: list[dict], out: Path) -> None:
    """Print the table with ratios to `icr` and write everything."""
    import torch
    import transformers

    cost = {(row["method"], row["documents"]): row["cpu_seconds"] for row in rows}
    columns = ("method", "documents", "cpu_seconds", "times_icr", "peak_mb", "forward_passes", "tokens")
    print("| " + " | ".join((*columns, "generated")) + " |\n" + "|---" * (len(columns) + 1) + "|")
    for row in rows:
        row["times_icr"] = round(row["cpu_seconds"] / cost["icr", row["documents"]], 2)
        print("| " + " | ".join(str(row[key]) for key in (*columns, "tokens_generated")) + " |")
    about = {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "model": "random Llama, 4 layers, 256 wide, 4 heads, float32, one thread",
        "tokens_a_document": TOKENS,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
