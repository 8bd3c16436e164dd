"""Rasa component: which topic or control intent a text is about, and whether it speaks of danger.

Both are told from the same features, which cost more than both models together. The hotline's own danger rules stand in front.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.lexicon import Lexicon
from components.linear import LinearModel
from components.samples import read_samples
from components.text_features import TextFeatures
from components.words import words

FILE = "classifier.joblib"
RANKED = 10
NO_DANGER = "none"
# Sounds like danger and is none; label of the examples that teach the difference.
CALM = "near"
# Phrases of these topics are cries for help and calm questions in one; the danger examples alone tell which is which.
MIXED_TOPICS = frozenset({"crisis_selfharm_violence", "vulnerable_trafficking", "detention_deportation", "unaccompanied_minor"})


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class TextClassifier(GraphComponent, IntentClassifier):
    """One model for all languages: what a concept of one language taught helps every other."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._lexicon = Lexicon.load(Path(config["lexicon"]))
        self._features = TextFeatures(config["piece_weight"], config["concept_weight"])
        self._topics = LinearModel()
        self._danger = LinearModel()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Files and weights; ``config.yml`` gives and explains them all."""
        return {
            "lexicon": "lexicon.tsv",
            "danger_examples": "danger",
            "piece_weight": 1.4,
            "concept_weight": 0.7,
            "min_texts": 2,
            "topic_regularisation": 0.7,
            "topic_sharpness": 4.0,
            "danger_regularisation": 1.0,
            "ordinary_weight": 0.3,
            "danger_sharpness": 4.0,
        }

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> TextClassifier:
        """A new, untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn topics from every phrase, danger from the danger examples and the ordinary phrases."""
        files = sorted(Path(self._config["danger_examples"]).glob("*.tsv"))
        examples = [(NO_DANGER if label == CALM else label, text) for path in files for label, text in read_samples(path)]
        phrases = [(str(phrase.get(INTENT)), str(phrase.get(TEXT))) for phrase in training_data.intent_examples]
        texts = [words(text) for _, text in [*phrases, *examples]]
        features = self._features.fit(texts, self._lexicon, self._config["min_texts"])
        topics = [topic for topic, _ in phrases]
        ordinary = [index for index, topic in enumerate(topics) if topic not in MIXED_TOPICS]
        used = [*ordinary, *range(len(phrases), len(texts))]
        labels = [NO_DANGER] * len(ordinary) + [label for label, _ in examples]
        # There are five ordinary phrases to one danger example; at full weight they would teach that hardly anything is danger.
        weights = [self._config["ordinary_weight"]] * len(ordinary) + [1.0] * len(examples)
        # liblinear lets go of the interpreter's lock, so two threads train on two cores.
        with ThreadPoolExecutor() as pool:
            tasks = [
                pool.submit(self._topics.train, features[: len(phrases)], topics, self._config["topic_regularisation"]),
                pool.submit(self._danger.train, features[used], labels, self._config["danger_regularisation"], weights),
            ]
        for task in tasks:
            task.result()
        with self._storage.write_to(self._resource) as folder:
            joblib.dump((self._features, self._topics, self._danger), folder / FILE, compress=3)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TextClassifier:
        """Read what ``train`` left."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._features, component._topics, component._danger = joblib.load(folder / FILE)
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and its ranking, and ``danger``: the likeliest category and the score of any danger at all."""
        for message in messages:
            row = self._features.row(words(message.get(TEXT) or ""), self._lexicon)
            scores = self._topics.scores(row, self._config["topic_sharpness"])
            ranking = [
                {INTENT_NAME_KEY: self._topics.labels[index], PREDICTED_CONFIDENCE_KEY: round(float(scores[index]), 4)}
                for index in np.argsort(-scores)[:RANKED]
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            message.set(
                "danger", self._judge_danger(self._danger.scores(row, self._config["danger_sharpness"])), add_to_output=True
            )
        return messages

    def _judge_danger(self, scores: np.ndarray) -> dict[str, Any]:
        calm = self._danger.labels.index(NO_DANGER)
        score = round(float(1 - scores[calm]), 4)
        scores[calm] = 0
        return {"category": self._danger.labels[int(np.argmax(scores))], "score": score}
