"""Which captions that hold a concept's name are about the concept: a language model is asked, its answers are kept.

    relevance = answers that are `yes` / answers            relevant captions = round(relevance * captions)

Captions of a concept are asked about until 1,000 answers are there with 200 `yes` among them, or 10,000 captions were
asked about; that is looked at after every 64. An answer is `yes` if it is that word alone, whatever its case and with
or without a full stop. Answers are drawn at temperature 0.6 among the tokens of the first 0.9 of probability.

Source: Parashar et al. 2024, arXiv:2401.12425, section 3, and shubhamprshr27/NeglectedTailsVLM (`llama_miner.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zsbench.analysis.frequency.answers import Answers, n_yes
from zsbench.analysis.frequency.credited import Credited
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError, shown
from zsbench.core.templates import blanks, fill, problem
from zsbench.methods.shared.document_texts import converses, put
from zsbench.models.capabilities import Prompt, Sampling, TextGenerator
from zsbench.models.decoding import draw_seed

SYSTEM = "Just answer Yes or No."
BATCH, LONGEST, NEW_TOKENS = 64, 100, 16
TOO_LONG = "(a caption of more than 100 words)"
MEANINGS = {
    "imagenet": 'the visual concept "{name}", which is "{definition}"',
    "flowers102": 'the flower "{name}", which is "{definition}"',
    "food101": 'the dish "{name}", which is "{definition}"',
    "oxford-pets": 'the pet "{name}"',
    "fgvc-aircraft": 'the aircraft "{name}"',
    "stanford-cars": 'the car "{name}"',
    "cub-200-2011": 'the bird "{name}"',
    "dtd": "a texture, a pattern or a thing that has it",
    "eurosat": "land in an image taken from a satellite",
}
"""What a name should mean in a caption, by data set; the wording is zsbench's."""


@dataclass(frozen=True)
class Question:
    """What is asked about each caption, and when it is enough.

    Attributes
    ----------
    text : with the blanks {name} (the one that the caption holds), {caption} and perhaps {definition}.
    definitions : {concept: what it is}, where the text asks for it.
    answers, yes : enough are so many answers with so many `yes`.
    most : captions asked about at most.
    temperature, top_p : how answers are drawn; a temperature of 0 is greedy.
    seed : of the draws, together with concept and place of the caption.
    """

    text: str
    definitions: Mapping[str, str]
    answers: int = 1000
    yes: int = 200
    most: int = 10_000
    temperature: float = 0.6
    top_p: float = 0.9
    seed: int = 0

    def prompt(self, concept: str, credited: Credited, *, chat: bool) -> Prompt:
        """Return the question about one caption, which REAL shows as it is searched: `-` and `_` are blanks."""
        name, caption = credited
        caption = caption.replace('"', "").replace("'", "").replace("-", " ").replace("_", " ")
        caption = TOO_LONG if len(caption.split()) > LONGEST else caption
        known = {"name": name, "caption": caption, "definition": self.definitions.get(concept, "")}
        return put(fill(self.text, **{blank: known[blank] for blank in blanks(self.text)}), chat=chat, system=SYSTEM)


def question_text(asked: str) -> str:
    """Return the text of a question: that of a data set, or one that is written out.

    Raises
    ------
    UserError
        Neither the name of a data set nor a text with {name} and {caption}.
    """
    if asked in MEANINGS:
        return f'A caption reads "{{caption}}". Does "{{name}}" in it refer to {MEANINGS[asked]}?'
    wrong = problem(asked, ("name", "caption", "definition"), ("caption",))
    if wrong:
        raise UserError(
            "--question", f"'{asked}': {wrong}", f"a text with {{caption}}, or one of {', '.join(MEANINGS)}"
        )
    return asked


def asked(model: TextGenerator, question: Question, concept: str, captions: Sequence[Credited]) -> Answers:
    """Return the answers about a concept's captions, until there are enough."""
    chat, said = converses(model), []
    for start in range(0, len(captions), BATCH):
        batch = [question.prompt(concept, one, chat=chat) for one in captions[start : start + BATCH]]
        places = range(start, start + len(batch))
        seeds = tuple(draw_seed(question.seed, concept, place) for place in places)
        sampling = Sampling(question.temperature, seeds, question.top_p) if question.temperature else None
        said += model.generate(batch, max_new_tokens=NEW_TOKENS, sampling=sampling)
        if (len(said) >= question.answers and n_yes(said) >= question.yes) or start > question.most:
            break
    pairs = zip(captions, said, strict=False)
    return Answers(concept, [(name, caption, answer.strip()) for (name, caption), answer in pairs])


def read_definitions(path: Path | None, text: str, concepts: Sequence[str]) -> dict[str, str]:
    """Return {concept: what it is} where a question asks for it.

    Raises
    ------
    UserError
        The question asks for definitions and there are none, or does not and there are; not JSON of texts; a concept
        without one.
    """
    if (path is not None) != ("definition" in blanks(text)):
        found = "no file" if path is None else "a file, and the question has no {definition}"
        raise UserError("--definitions", found, "JSON {concept: what it is} where the question has {definition}")
    if path is None:
        return {}
    held = jsonfiles.read(path, "JSON {concept: what it is}")
    if not isinstance(held, dict) or not all(isinstance(value, str) and value.strip() for value in held.values()):
        raise UserError(shown(path), "no object of texts", "{concept: what it is}")
    missing = [concept for concept in concepts if concept not in held]
    if missing:
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        raise UserError(shown(path), f"nothing for '{missing[0]}'{more}", "a text for each concept")
    return dict(held)
