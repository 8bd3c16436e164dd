"""Rasa component: in which language a text is written, ours and those we do not speak yet. Adds ``language`` to every parse."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import METADATA, METADATA_INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.fold import MAX_CHARACTERS, fold
from components.linear import LinearModel
from components.samples import read_samples
from components.tfidf import Tfidf

FILE = "language.joblib"
# A model that has seen no letter of a text would still name a language.
UNKNOWN = "und"
ALTERNATIVES = 3
LONGEST_PIECE = 4


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class LanguageRecogniser(GraphComponent, IntentClassifier):
    """Letters decide: a linear SVM over pieces of the words of our own phrases, with and without their diacritics."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._tfidf = Tfidf()
        self._languages = LinearModel()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``samples``: file with texts of other languages; the rest as for the topics."""
        return {"samples": "other_languages.tsv", "min_texts": 2, "regularisation": 1.0, "sharpness": 4.0}

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> LanguageRecogniser:
        """A new, untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from every phrase, whose block names its language, and from the samples of other languages."""
        pairs = [(_language(phrase), str(phrase.get(TEXT))) for phrase in training_data.intent_examples]
        pairs += read_samples(Path(self._config["samples"]))
        # People drop the diacritics: the same phrase without them belongs to the same language.
        pairs += [(code, bare) for code, text in pairs if (bare := fold(text)) != _prepare(text)]
        features = self._tfidf.fit([list(_pieces(text)) for _, text in pairs], self._config["min_texts"])
        self._languages.train(features, [code for code, _ in pairs], self._config["regularisation"])
        with self._storage.write_to(self._resource) as folder:
            joblib.dump((self._tfidf, self._languages), folder / FILE, compress=3)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LanguageRecogniser:
        """Read what ``train`` left."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._tfidf, component._languages = joblib.load(folder / FILE)
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Add ``language`` with code, score and alternatives."""
        for message in messages:
            best, *others = self._recognise(message.get(TEXT) or "")
            message.set("language", {**best, "alternatives": others}, add_to_output=True)
        return messages

    def _recognise(self, text: str) -> list[dict[str, Any]]:
        row = self._tfidf.row(_pieces(text))
        if not row.columns:
            return [{"code": UNKNOWN, "score": 0.0}]
        scores = self._languages.scores(row, self._config["sharpness"])
        best = np.argsort(-scores)[: ALTERNATIVES + 1]
        return [{"code": self._languages.labels[index], "score": round(float(scores[index]), 4)} for index in best]


def _language(phrase: Message) -> str:
    return str(phrase.get(METADATA)[METADATA_INTENT]["language"])


def _prepare(text: str) -> str:
    """Case and digits tell no language; diacritics do, so they stay."""
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold()
    return "".join(character if character.isalpha() or unicodedata.category(character) == "Mn" else " " for character in text)


def _pieces(text: str) -> Iterable[str]:
    for word in _prepare(text).split():
        edged = f" {word} "
        for size in range(1, LONGEST_PIECE + 1):
            for start in range(len(edged) - size + 1):
                yield edged[start : start + size]
