"""REAL-Linear: class weights of texts, taught further by images retrieved from pretraining data, averaged with them.

    W      = a W_trained + (1 - a) W_text          not brought to length 1; a = 0.5
    scores = logit_scale features . W^T

Each class has the images whose captions are nearest to its prompts, as many as the others where there are so many; the
step before gives W_text, and the names in the prompts that W is taught by.

Source: Parashar et al. 2024, arXiv:2401.12425, section 4, and shubhamprshr27/NeglectedTailsVLM (`real-linear.py`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zsbench.config.components import method
from zsbench.config.options import Count, Few, LocalPath, Share
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.core.words import listed, number_of
from zsbench.core.yamlio import shown
from zsbench.data import synonym_counts
from zsbench.methods.classification import Classifier, Encoder, Problem, Rule, linear
from zsbench.methods.classification._cross_modal import trained
from zsbench.methods.classification._retrieved import read_retrieved, sampled
from zsbench.methods.classification._support import text_weights
from zsbench.methods.classification._texts import note_unused, of_classes, read_sentences, require_texts, unused
from zsbench.methods.classification.prompt_ensemble import ensemble
from zsbench.models.capabilities import ImageTextEncoder

EPOCHS, MOST_STEPS = 10, 32_000


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    uses=("images retrieved from pretraining data",),
    uses_with={"synonyms": "synonyms of the class names"},
    after="prompt-ensemble",
)
def real_linear(
    *,
    retrieved: LocalPath,
    synonyms: LocalPath | None = None,
    num_samples: Few = 100,
    image_batch: Few = 32,
    text_batch: Few = 32,
    steps: Count | None = None,
    share: Share = 0.5,
) -> Rule:
    """Train the class weights of the method before on retrieved images and on prompts, and average old and new.

    Parameters
    ----------
    retrieved : .npz with images (n, width), captions (n, width) and labels (n,): features of this model.
    synonyms : JSON {class: its synonyms}, or counts of them; captions are ranked by the mean prompt of all synonyms of
        their class. None ranks them by the class's own prompt.
    num_samples : at most so many images a class; the paper goes up to 500.
    image_batch, text_batch : images and prompts of a step.
    steps : None takes those of 10 rounds, num_samples images a class, but no more than 32,000.
    share : the trained weights' in the average; 1 is them alone, 0 the text weights.
    """

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        start = text_weights(before, method="real-linear")
        found = read_retrieved(retrieved, problem.class_names, start.shape[1])
        queries = None if synonyms is None else _of_synonyms(encoder, problem, synonyms)
        own_names = problem.class_names
        if before is not None and before.names is not None:
            problem = replace(problem, class_names=before.names)
        texts = _prompts(encoder, problem, problem.class_names)
        n, per_class, width = texts.shape
        queries = ensemble(texts) if queries is None else queries
        features, labels = sampled(found, queries, num_samples, retrieved)
        prompts = texts.reshape(-1, width), np.repeat(np.arange(n), per_class)
        _require_batch(len(features), image_batch, "image_batch", shown(Path(retrieved)))
        _require_batch(len(prompts[0]), text_batch, "text_batch", "")
        taken = min(MOST_STEPS, num_samples * n * EPOCHS // image_batch) if steps is None else steps
        sizes = image_batch, text_batch
        weights = trained(start, (features, labels), prompts, sizes=sizes, steps=taken, seed=encoder.seed)
        facts = {"retrieved": len(found.labels), "images taught by": len(labels), "steps": taken}
        facts |= {"classes without an image": n - len(np.unique(labels))}
        _doubt_untaught(encoder, own_names, labels)
        encoder.note("real-linear", facts | {"stored bytes": Path(retrieved).stat().st_size})
        return linear(np.asarray(share * weights + (1 - share) * start, dtype=np.float32), problem.logit_scale)

    return build


def _prompts(encoder: Encoder, problem: Problem, names: list[str]) -> FloatArray:
    """Return features (n_names, n_templates, width) of the task's templates filled with names."""
    problem = replace(problem, also_called={})
    texts = encoder.texts([text for name in names for text in problem.prompts(name)])
    return texts.reshape(len(names), len(problem.templates), -1)


def _of_synonyms(encoder: Encoder, problem: Problem, path: str) -> FloatArray:
    """Return the mean (n_classes, width) over the synonyms of each class, of the weights each would have."""
    file = Path(path)
    if synonym_counts.is_counted(jsonfiles.read(file, wrong="not a file of synonyms")):
        every = synonym_counts.read_synonym_counts(file)
        counted = synonym_counts.of_classes(every, problem.class_names, shown(file))
        synonyms, left = [list(one.alternates) for one in counted], synonym_counts.unused(every, counted)
    else:
        entries = read_sentences(path)
        synonyms = of_classes(entries, problem.class_names, path)
        left = unused(entries, problem.class_names)
        require_texts(synonyms, problem.class_names, path, "synonyms")
    note_unused(encoder, left, problem.class_names)
    return np.stack([ensemble(_prompts(encoder, problem, names)).mean(axis=0) for names in synonyms])


def _doubt_untaught(encoder: Encoder, names: list[str], labels: IntArray) -> None:
    """Say in every table that classes have no image to be taught by, which only the prompts then teach."""
    taught = set(labels.tolist())
    without = [f"'{name}'" for number, name in enumerate(names) if number not in taught]
    if without:
        of = f"{len(without)} of {number_of(len(names), 'class')}"
        encoder.warn(f"{of} without a retrieved image, taught by prompts alone ({listed(without, 3)})")


def _require_batch(n: int, size: int, option: str, where: str) -> None:
    """Refuse a batch that can never be filled.

    Raises
    ------
    UserError
        There are fewer examples than one batch takes.
    """
    if n < size:
        what = number_of(n, "image" if option == "image_batch" else "prompt")
        raise UserError(
            where, f"real-linear: {what} for batches of {size}", f"`{option}: {n}` or less, or more of them"
        )
