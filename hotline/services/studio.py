"""What editors work with: texts, facts, files, links, questions, phrases, danger rules, trainings."""

from __future__ import annotations

from functools import cached_property

from hotline.delivery.background import start_command
from hotline.delivery.jobs import TrainingBell, register_trainings
from hotline.knowledge.editing import Editing
from hotline.knowledge.exchange import Exchange
from hotline.knowledge.fact_editing import FactEditing
from hotline.knowledge.link_fetch import LinkFetcher
from hotline.knowledge.link_jobs import LinkBell, register_link_job
from hotline.knowledge.links import LinkChecks
from hotline.knowledge.questions import BATCH, Questions
from hotline.knowledge.recordings import Recordings
from hotline.knowledge.teaching import Teaching
from hotline.knowledge.uploads import Uploads
from hotline.privacy.stripping import Stripper
from hotline.services.core import CoreServices
from hotline.training.danger_changes import DangerEditing
from hotline.training.danger_check import DangerCheck
from hotline.training.phrase_files import PhraseFiles
from hotline.training.phrases import PhraseEditing
from hotline.training.regressions import Answer, Question, Regressions
from hotline.training.run import TrainingRun, Workplace
from hotline.training.switching import ModelSwitch
from hotline.training.trainings import Trainings
from hotline.understanding.local_server import serving_model


class StudioServices(CoreServices):
    """Everything behind the pages of the studio."""

    @cached_property
    def editing(self) -> Editing:
        """How texts change."""
        return Editing(self.database, self.neutrality)

    @cached_property
    def phrase_files(self) -> PhraseFiles:
        """The starter's phrases and the samples understanding is judged by."""
        return PhraseFiles(self.models_folder.parent)

    @cached_property
    def phrase_editing(self) -> PhraseEditing:
        """How training phrases change."""
        return PhraseEditing(self.database, self.phrase_files)

    @cached_property
    def regressions(self) -> Regressions:
        """Questions asked before and after every training."""
        return Regressions(self.database, self.phrase_files)

    @cached_property
    def danger_check(self) -> DangerCheck:
        """What a change of the danger rules would do."""
        return DangerCheck(self.danger_watch.base, self.phrase_files)

    @cached_property
    def danger_editing(self) -> DangerEditing:
        """How danger rules change."""
        return DangerEditing(self.database, self.content_folder / "danger", lambda: self.danger_check)

    @cached_property
    def trainings(self) -> Trainings:
        """Trainings asked for and what came of them."""
        return Trainings(self.database)

    @cached_property
    def training_run(self) -> TrainingRun:
        """Does the work of a training; its own process and ``flask model train`` use it."""
        place = Workplace(self.rasa_project, self._answers_of, self.models.live, self.settings.data_dir)
        return TrainingRun(self.database, self.trainings, self.phrase_editing, self.regressions, place)

    @cached_property
    def model_switch(self) -> ModelSwitch:
        """Puts models live."""
        rasa = (self.settings.rasa_urls, self.settings.rasa_token)
        return ModelSwitch(self.database, self.models, self.trainings, rasa)

    @cached_property
    def training_bell(self) -> TrainingBell:
        """Wakes the worker for a training; registers the job on the queue."""
        return register_trainings(
            self.queue,
            lambda: self.trainings,
            self._start_training,
        )

    def _start_training(self, training_id: int) -> None:
        start_command(["model", "run", str(training_id)], self.settings.root, self.settings.data_dir / "training.log")

    def _answers_of(self, model: str, questions: list[Question]) -> list[Answer]:
        """What a model makes of questions, served beside whatever runs."""
        with serving_model(self.settings.rasa_token, self.rasa_project, model) as url:
            interpreter = self.interpreter_of(url)
            understood = [interpreter.interpret(question.text, question.language).to_dict() for question in questions]
        return [Answer(found["topic"], found["decision"], found["danger"]) for found in understood]

    @cached_property
    def fact_editing(self) -> FactEditing:
        """How facts change."""
        return FactEditing(self.database)

    @cached_property
    def link_checks(self) -> LinkChecks:
        """How links are asked for and checked."""
        return LinkChecks(self.database, LinkFetcher(), self.clock)

    @cached_property
    def exchange(self) -> Exchange:
        """Export and import of texts and facts."""
        scripts = {code: self.languages[code].script for code in self.live_languages}
        return Exchange(self.database, self.editing, self.fact_editing, self.neutrality, scripts, self._recognise_language)

    def _recognise_language(self, text: str) -> list[tuple[str, float]]:
        """The languages a text may be in; without Rasa nothing that could be relied on."""
        parse = self.understander.parse(text, None)
        return [(guess.name, guess.score) for guess in parse.languages] if parse.engine == "rasa" else []

    @cached_property
    def uploads(self) -> Uploads:
        """Files that wait to be confirmed."""
        return Uploads(self.database, self.clock)

    @cached_property
    def recordings(self) -> Recordings:
        """Prompts spoken by people."""
        return Recordings(self.database, self.clock)

    @cached_property
    def stripper(self) -> Stripper:
        """Takes names and numbers out of texts; only the worker uses it, its lists take much memory."""
        return Stripper.load(self.content_folder / "personal.yml", self.models_folder / "phrases.tsv", self.entities)

    @cached_property
    def questions(self) -> Questions:
        """What was left without an answer that helps."""
        return Questions(self.cipher)

    def strip_questions(self) -> None:
        """Take names and numbers out of the questions that came in."""
        while True:
            with self.database.begin() as connection:
                if self.questions.strip_new(connection, lambda text: self.stripper.strip_text(text)) < BATCH:
                    return

    @cached_property
    def teaching(self) -> Teaching:
        """How editors deal with unanswered questions."""
        return Teaching(self.database, self.questions, self.editing)

    @cached_property
    def link_bell(self) -> LinkBell:
        """Wakes the worker for a link; registers the job on the queue."""
        return register_link_job(self.queue, lambda: self.link_checks)
