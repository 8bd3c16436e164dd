"""Puts the hotline together from its settings. The web server, the worker and the commands take from here what they need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from huey import Huey
from huey.storage import BaseSqlStorage

from hotline.counselling.callbacks import Callbacks
from hotline.counselling.notices import Notices, PersonNotices
from hotline.counselling.queues import read_slot
from hotline.counselling.timers import TimerBell, Timers, register_timers
from hotline.delivery.dispatch import Dispatcher
from hotline.delivery.jobs import Doorbell, open_queue, register_jobs
from hotline.delivery.outbox import Outbox
from hotline.dialogue.conversations import Conversations
from hotline.dialogue.definition import Definition
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
from hotline.knowledge.fact_editing import FactEditing
from hotline.knowledge.library import LibraryReader
from hotline.knowledge.link_fetch import LinkFetcher
from hotline.knowledge.link_jobs import LinkBell, register_link_job
from hotline.knowledge.links import LinkChecks
from hotline.knowledge.neutrality import Neutrality
from hotline.knowledge.places import GermanPlaces
from hotline.privacy.cipher import Cipher
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
from hotline.understanding.entities import EntityFinder
from hotline.understanding.fallback import FallbackUnderstander
from hotline.understanding.rasa import RasaClient, ResilientUnderstander
from hotline.understanding.thresholds import Thresholds

# What people ask most, first in every menu.
MENU = (
    "money_reag_garp", "who_eligible", "how_to_apply", "counselling_where", "country_list_status", "processing_time",
    "documents_travel", "entry_ban", "departure_deadline", "vr_basics", "counselling_confidential", "hotline_contact",
)  # fmt: skip
ASK_A_COUNSELLOR = "answer.figure_from_counsellor"
STATUS_PATH = "/webhooks/twilio/status"


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
    def fact_editing(self) -> FactEditing:
        """How facts change."""
        return FactEditing(self.database)

    @cached_property
    def link_checks(self) -> LinkChecks:
        """How links are asked for and checked."""
        return LinkChecks(self.database, LinkFetcher(), self.clock)

    @cached_property
    def places(self) -> GermanPlaces:
        """The Land of every postcode and city."""
        return GermanPlaces.load(self.content_folder / "places")

    @cached_property
    def understander(self) -> ResilientUnderstander:
        """Rasa, and what stands in for it."""
        rasa = RasaClient(self.settings.rasa_url, self.settings.rasa_token, self.settings.rasa_timeout_seconds)
        return ResilientUnderstander(rasa, FallbackUnderstander.load(self.models_folder / "phrases.tsv"))

    @cached_property
    def interpreter(self) -> Interpreter:
        """What texts mean."""
        return Interpreter(
            self.understander,
            DangerNet.load(self.content_folder / "danger"),
            WordLists.load(self.content_folder / "words", self.languages),
            EntityFinder.load(self.content_folder / "places", self.languages),
            Thresholds.load(self.models_folder / "thresholds.json"),
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
        return register_jobs(self.queue, lambda: self.dispatcher)

    @cached_property
    def link_bell(self) -> LinkBell:
        """Wakes the worker for a link; registers the job on the queue."""
        return register_link_job(self.queue, lambda: self.link_checks)

    @cached_property
    def notices(self) -> Notices:
        """Tells counsellors that somebody waits."""
        return Notices(self.outbox, self.settings.handoff_notify, self.settings.handoff_notify_from)

    @cached_property
    def callbacks(self) -> Callbacks:
        """People to be called back."""
        return Callbacks(self.cipher, read_slot(self.settings.call_window))

    @cached_property
    def timers(self) -> Timers:
        """What happens to handoffs by itself; only the worker uses it."""
        person = PersonNotices(self.outbox, self.cipher, self.texts)
        return Timers(self.database, self.callbacks, self.notices, person, self.doorbell.ring, self.clock)

    @cached_property
    def timer_bell(self) -> TimerBell:
        """Has the worker look at who waits; registers its jobs on the queue."""
        return register_timers(self.queue, lambda: self.timers)

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
            HandoffDesk(self.notices, self.callbacks, self.timer_bell.ring),
            TurnRules(self.definition, self.live_languages, self.speakable.among, MENU, self.places),
            self.doorbell.ring,
        )
