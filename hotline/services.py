"""Puts the hotline together from its settings. The web server, the worker and the commands take from here what they need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from huey import Huey
from huey.storage import BaseSqlStorage

from hotline.delivery.dispatch import Dispatcher
from hotline.delivery.jobs import Doorbell, TrainingBell, open_queue, register_jobs, register_nightly, register_trainings
from hotline.delivery.outbox import Outbox
from hotline.dialogue.conversations import Conversations
from hotline.dialogue.definition import Definition
from hotline.dialogue.feedback import Feedback
from hotline.dialogue.flow_files import BrokenFlow, find_problems, load_flows
from hotline.dialogue.meaning import Interpreter
from hotline.dialogue.person import HandoffDesk
from hotline.dialogue.rendering import Renderer
from hotline.dialogue.safety import DangerNet
from hotline.dialogue.speakable import SpeakableLanguages
from hotline.dialogue.texts import Texts
from hotline.dialogue.turn import TurnRules, Turns, today_in_germany
from hotline.dialogue.word_lists import WordLists
from hotline.errors import CannotStart
from hotline.knowledge.editing import Editing
from hotline.knowledge.exchange import Exchange
from hotline.knowledge.fact_editing import FactEditing
from hotline.knowledge.library import LibraryReader
from hotline.knowledge.link_fetch import LinkFetcher
from hotline.knowledge.link_jobs import LinkBell, register_link_job
from hotline.knowledge.links import LinkChecks
from hotline.knowledge.neutrality import Neutrality
from hotline.knowledge.places import GermanPlaces
from hotline.knowledge.questions import Questions
from hotline.knowledge.teaching import Teaching
from hotline.knowledge.uploads import Uploads
from hotline.privacy.cipher import Cipher
from hotline.privacy.stripping import Stripper
from hotline.settings import Settings
from hotline.staff.accounts import StaffAccounts
from hotline.staff.passwords import Passwords
from hotline.staff.sessions import StaffSessions
from hotline.staff.sign_in import SignIn
from hotline.store.counters import Tally
from hotline.store.database import Database
from hotline.telephony.audio import AudioLibrary
from hotline.telephony.client import TwilioSender
from hotline.telephony.languages import Language, load_languages
from hotline.telephony.prompts import PromptBook
from hotline.training.danger_changes import DangerEditing
from hotline.training.danger_check import DangerCheck
from hotline.training.danger_watch import DangerWatch
from hotline.training.phrase_files import PhraseFiles
from hotline.training.phrases import PhraseEditing
from hotline.training.regressions import Answer, Question, Regressions
from hotline.training.run import TrainingRun, Workplace, start_process
from hotline.training.switching import ModelSwitch
from hotline.training.trainings import Trainings
from hotline.understanding.entities import EntityFinder
from hotline.understanding.local_server import RasaProject, serving_model
from hotline.understanding.models import FollowingFallback, ModelShelf
from hotline.understanding.port import Understander
from hotline.understanding.rasa import OnlyRasa, RasaClient, ResilientUnderstander

# What people ask most, first in every menu.
MENU = (
    "money_reag_garp", "who_eligible", "how_to_apply", "counselling_where", "country_list_status", "processing_time",
    "documents_travel", "entry_ban", "departure_deadline", "vr_basics", "counselling_confidential", "hotline_contact",
)  # fmt: skip
ASK_A_COUNSELLOR = "answer.figure_from_counsellor"
STATUS_PATH = "/webhooks/twilio/status"
# A measurement on a busy machine may take its time; a person on the line may not.
MEASURING_SECONDS = 30.0


class Services:
    """Each part is made when it is first needed, so that ``flask flows check`` works while the database is down."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def flows_folder(self) -> Path:
        """Where the flows are."""
        return self.settings.root / "ivr_flows"

    @property
    def translations_folder(self) -> Path:
        """Where the catalogues are."""
        return self.settings.root / "translations"

    @property
    def content_folder(self) -> Path:
        """Where the starter content, word lists and danger rules are."""
        return self.settings.root / "content"

    @property
    def models_folder(self) -> Path:
        """What training left: the model, and the phrases and thresholds the hotline reads."""
        return self.settings.root / "nlu_data" / "models"

    @cached_property
    def models(self) -> ModelShelf:
        """The models there are, and the one in use."""
        return ModelShelf(self.models_folder, self.settings.data_dir / "models")

    @cached_property
    def rasa_project(self) -> RasaProject:
        """What models are trained and served from."""
        return RasaProject(self.models_folder.parent, self.models.folder)

    @cached_property
    def languages(self) -> dict[str, Language]:
        """The language catalogue."""
        try:
            return load_languages(self.translations_folder / "languages.csv")
        except (ValueError, OSError) as error:
            raise CannotStart(f"translations/languages.csv cannot be used: {error}. Mend that line.") from None

    @property
    def live_languages(self) -> tuple[str, ...]:
        """Codes of the languages on offer, in menu order."""
        return tuple(code for code, language in self.languages.items() if language.is_live)

    @cached_property
    def database(self) -> Database:
        """The database."""
        return Database(self.settings.database_url)

    @cached_property
    def tally(self) -> Tally:
        """Counts for operators."""
        return Tally(self.database)

    @cached_property
    def cipher(self) -> Cipher:
        """Encryption and pseudonyms."""
        return Cipher(self.settings.data_keys, self.settings.pseudonym_key)

    @cached_property
    def texts(self) -> Texts:
        """The catalogues of the live languages."""
        return Texts.load(self.translations_folder, self.live_languages)

    @cached_property
    def definition(self) -> Definition:
        """The flows, checked."""
        definition = load_flows(self.flows_folder)
        problems = find_problems(definition)
        if problems:
            raise BrokenFlow(f"ivr_flows: {problems[0]} `flask flows check` lists all {len(problems)} problems.")
        return definition

    @cached_property
    def renderer(self) -> Renderer:
        """Words of every language."""
        return Renderer(
            self.texts,
            self.live_languages,
            {code: language.autonym for code, language in self.languages.items()},
            frozenset(code for code, language in self.languages.items() if language.gather_code),
        )

    @cached_property
    def audio(self) -> AudioLibrary:
        """Recorded and synthetic prompts."""
        return AudioLibrary(self.settings.data_dir / "audio")

    @cached_property
    def prompts(self) -> PromptBook:
        """The voice of every prompt."""
        return PromptBook(self.languages, self.audio, self.settings.public_base_url)

    @cached_property
    def library(self) -> LibraryReader:
        """The approved answers."""
        return LibraryReader(
            lambda language: self.texts.find(language, ASK_A_COUNSELLOR), is_reviewed_only=self.settings.is_reviewed_only
        )

    @cached_property
    def neutrality(self) -> Neutrality:
        """What no answer may say."""
        return Neutrality.load(self.content_folder / "neutrality")

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
    def danger_watch(self) -> DangerWatch:
        """The danger net as it holds now."""
        return DangerWatch(DangerNet.load(self.content_folder / "danger"), self.database)

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
        rasa = (self.settings.rasa_url, self.settings.rasa_token)
        return ModelSwitch(self.database, self.models, self.trainings, rasa)

    @cached_property
    def training_bell(self) -> TrainingBell:
        """Wakes the worker for a training; registers the job on the queue."""
        return register_trainings(
            self.queue,
            lambda: self.trainings,
            lambda training_id: start_process(training_id, self.settings.root, self.settings.data_dir / "training.log"),
        )

    def _answers_of(self, model: str, questions: list[Question]) -> list[Answer]:
        """What a model makes of questions, served beside whatever runs."""
        with serving_model(self.settings.rasa_token, self.rasa_project, model) as url:
            interpreter = self.interpreter_of(url)
            understood = [interpreter.interpret(question.text, question.language).to_dict() for question in questions]
        return [Answer(found["topic"], found["decision"], found["danger"]) for found in understood]

    def interpreter_of(self, url: str) -> Interpreter:
        """What texts mean to one understanding process and nothing in its stead."""
        return self._interpreter_around(OnlyRasa(RasaClient(url, self.settings.rasa_token, MEASURING_SECONDS)))

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
    def places(self) -> GermanPlaces:
        """The Land of every postcode and city."""
        return GermanPlaces.load(self.content_folder / "places")

    @cached_property
    def understander(self) -> ResilientUnderstander:
        """Rasa, and what stands in for it."""
        rasa = RasaClient(self.settings.rasa_url, self.settings.rasa_token, self.settings.rasa_timeout_seconds)
        fallback = FollowingFallback(self.models)
        return ResilientUnderstander(rasa, fallback, answered=fallback.follow)

    @cached_property
    def entities(self) -> EntityFinder:
        """Countries, places, dates and numbers in texts."""
        return EntityFinder.load(self.content_folder / "places", self.languages)

    @cached_property
    def stripper(self) -> Stripper:
        """Takes names and numbers out of texts."""
        return Stripper.load(self.content_folder / "personal.yml", self.models_folder / "phrases.tsv", self.entities)

    @cached_property
    def questions(self) -> Questions:
        """What was left without an answer that helps."""
        return Questions(self.cipher)

    def forget_questions(self) -> int:
        """Delete the questions that are older than they may be; gives how many."""
        with self.database.begin() as connection:
            return self.questions.forget(connection, today_in_germany() - timedelta(days=self.settings.question_days))

    @cached_property
    def teaching(self) -> Teaching:
        """How editors deal with unanswered questions."""
        return Teaching(self.database, self.questions, self.editing)

    @cached_property
    def interpreter(self) -> Interpreter:
        """What texts mean."""
        return self._interpreter_around(self.understander)

    def _interpreter_around(self, understander: Understander) -> Interpreter:
        return Interpreter(
            understander,
            self.danger_watch,
            WordLists.load(self.content_folder / "words", self.languages),
            self.entities,
            self.models.thresholds,
            self.live_languages,
            today_in_germany,
        )

    @cached_property
    def outbox(self) -> Outbox:
        """Messages to be sent."""
        return Outbox(self.database, self.cipher)

    @cached_property
    def queue(self) -> Huey:
        """The job queue."""
        return open_queue(self.settings.redis_url, self.settings.data_dir)

    @cached_property
    def doorbell(self) -> Doorbell:
        """Wakes the worker; registers the jobs on the queue."""
        register_nightly(self.queue, "forget_questions", self.forget_questions)
        return register_jobs(self.queue, lambda: self.dispatcher, lambda: self.uploads.sweep())

    @cached_property
    def link_bell(self) -> LinkBell:
        """Wakes the worker for a link; registers the job on the queue."""
        return register_link_job(self.queue, lambda: self.link_checks)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """Sends what is in the outbox; only the worker uses it."""
        sender = TwilioSender(
            self.settings.twilio_account_sid, self.settings.twilio_auth_tokens[0], self.settings.twilio_api_base_url
        )
        return Dispatcher(self.database, self.outbox, sender, self.settings.public_base_url + STATUS_PATH)

    def close_connections(self) -> None:
        """Close what is open to the database and the job queue; each opens again when it is needed."""
        self.database.close()
        if isinstance(self.queue.storage, BaseSqlStorage):
            self.queue.storage.close()

    @cached_property
    def speakable(self) -> SpeakableLanguages:
        """Which languages a call can be held in."""
        return SpeakableLanguages(self.live_languages, self.renderer, self.definition, self.prompts.can_speak)

    @cached_property
    def clock(self) -> Callable[[], datetime]:
        """Tells the time to what has to do with staff."""
        return lambda: datetime.now(UTC)

    @cached_property
    def passwords(self) -> Passwords:
        """Hashes passwords of staff."""
        return Passwords()

    @cached_property
    def staff_accounts(self) -> StaffAccounts:
        """Accounts of staff."""
        return StaffAccounts(self.passwords)

    @cached_property
    def staff_sessions(self) -> StaffSessions:
        """Who of the staff is signed in."""
        return StaffSessions(self.database, self.clock)

    @cached_property
    def sign_in(self) -> SignIn:
        """The way in for staff."""
        admits_demo = not self.settings.is_production
        return SignIn(self.database, self.cipher, self.passwords, self.staff_sessions, self.clock, admits_demo=admits_demo)

    @cached_property
    def turns(self) -> Turns:
        """Takes every inbound event."""
        return Turns(
            self.database,
            Conversations(self.database, self.cipher),
            self.library,
            self.interpreter,
            self.renderer,
            HandoffDesk(self.outbox, self.settings.handoff_notify, self.settings.handoff_notify_from),
            # Made with the process, not with the first question: reading its lists takes a second.
            Feedback(self.database, self.questions, self.stripper.strip_text),
            TurnRules(self.definition, self.live_languages, self.speakable.among, MENU, self.places),
            self.doorbell.ring,
        )
