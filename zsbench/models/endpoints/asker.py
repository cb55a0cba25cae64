"""One interface of an endpoint that is asked each question once: what was asked before comes from the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from zsbench.core import cache
from zsbench.core.records import canonical_json, digest
from zsbench.models.endpoints import replies
from zsbench.models.endpoints.client import Body, Client
from zsbench.models.endpoints.store import AnswerStore, key_of
from zsbench.models.endpoints.written import served


class Asker:
    """Asks one model behind one path.

    Parameters
    ----------
    client : how the endpoint is asked.
    path : the interface, such as `/chat/completions`.
    model : the model's name there.
    body : from a question, which holds what determines its answer, to the request.
    read : takes the parts that are needed out of an answer, or raises a ValueError that says what it lacks.
    """

    def __init__(
        self,
        client: Client,
        path: str,
        model: str,
        *,
        body: Callable[[Body], Body] = lambda question: question,
        read: Callable[[Any], Any],
    ) -> None:
        self.client, self.url, self.model = client, client.address.base_url + path, model
        self._path, self._body, self._raw = path, body, read

    def reading(self, read: Callable[[Any], Any]) -> Asker:
        """Return what asks the same endpoint and takes something else out of its answers."""
        return Asker(self.client, self._path, self.model, body=self._body, read=read)

    @cached_property
    def _store(self) -> AnswerStore:
        """The store of the run in progress."""
        kept = cache.current()
        return AnswerStore(kept.root, read=kept.read)

    @cached_property
    def who(self) -> str:
        """What the endpoint says it serves under the model's name, or said when it was last asked."""
        return served(self.client.look("/models"), self.model) or self._store.last_who(self.url, self.model)

    def fingerprint(self, adapter: str, *options: Any) -> str:
        """Return the digest of the endpoint, what it serves, and the options that answers depend on."""
        asked = canonical_json([dict(self.client.address.query), *options])
        return digest([adapter, self.url, self.model, self.who, asked])

    def ask(self, questions: Sequence[Body]) -> tuple[list[Any], int]:
        """Return what is read of the answer to each question, and how many different ones were not asked now.

        Equal questions are asked once: endpoints may answer differently the second time.

        Raises
        ------
        RunError
            The endpoint refuses, fails or answers with something else; answers that came are kept.
        """
        keys = [key_of(self.url, self.model, self.who, question) for question in questions]
        by_key = dict(zip(keys, questions, strict=True))
        answers = {key: self._store.get(key) for key in by_key}
        new = [key for key in by_key if answers[key] is None]

        def arrived(number: int, answer: Any) -> None:
            key = new[number]
            self._read(answer)  # an answer that lacks what is needed is not worth keeping
            self._store.put(key, self.url, self.model, self.who, by_key[key], answer)
            answers[key] = answer

        self.client.ask(self._path, [{"model": self.model, **self._body(by_key[key])} for key in new], arrived)
        read = {key: self._read(answer) for key, answer in answers.items()}
        return [read[key] for key in keys], len(by_key) - len(new)

    def _read(self, answer: Any) -> Any:
        try:
            return self._raw(answer)
        except ValueError as error:
            shown = json.dumps(answer, ensure_ascii=False)
            raise self.client.address.failure(f"{error}: {replies.message(shown)}") from None
