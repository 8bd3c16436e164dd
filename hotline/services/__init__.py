"""Puts the hotline together from its settings. The web server, the worker and the commands take from here what they need."""

from __future__ import annotations

from functools import cached_property

from hotline.counselling.call_orders import OrderBell, OrderBook, register_orders
from hotline.counselling.calls import What
from hotline.counselling.notices import CallbackConfirmation, Notices, PersonNotices
from hotline.counselling.queues import read_slot
from hotline.counselling.ringing import Ringing
from hotline.counselling.talk_rows import Follow, ring_after
from hotline.counselling.talks import Talks
from hotline.counselling.timers import Telephones, TimerBell, Timers, register_timers
from hotline.counselling.voicemail import MessageFetcher
from hotline.delivery.background import start_command
from hotline.delivery.dispatch import Dispatcher
from hotline.delivery.jobs import Doorbell, register_jobs, register_minutely, register_nightly
from hotline.dialogue.call_guide import CallGuide
from hotline.dialogue.codes import CodeDesk
from hotline.dialogue.conversations import Conversations
from hotline.dialogue.data_desk import DataDesk
from hotline.dialogue.feedback import Feedback
from hotline.dialogue.person import HandoffDesk
from hotline.dialogue.prompt_coverage import PromptCoverage
from hotline.dialogue.speakable import SpeakableLanguages
from hotline.dialogue.spoken_prompts import SpokenPrompts
from hotline.dialogue.text_me import TextDesk
from hotline.dialogue.turn import Turns, today_in_germany
from hotline.dialogue.turn_rules import TurnRules
from hotline.dialogue.word_lists import read_phrases
from hotline.errors import CannotStart
from hotline.fallback.builder import BookBuilder, FallbackPlan
from hotline.fallback.settings import FOLDER
from hotline.privacy.erasure import OwnData
from hotline.services.cases import CaseServices
from hotline.services.privacy import PrivacyServices
from hotline.services.staff import StaffServices
from hotline.services.studio import StudioServices
from hotline.services.translation import TranslationServices
from hotline.services.upkeep import UpkeepServices
from hotline.telephony.call_client import TwilioCalls
from hotline.telephony.failover import FailoverSender

# What people ask most, first in every menu.
MENU = (
    "money_reag_garp", "who_eligible", "how_to_apply", "counselling_where", "country_list_status", "processing_time",
    "documents_travel", "entry_ban", "departure_deadline", "vr_basics", "counselling_confidential", "hotline_contact",
    "data_privacy",
)  # fmt: skip
STATUS_PATH = "/webhooks/twilio/status"


class Services(CaseServices, TranslationServices, StudioServices, StaffServices, PrivacyServices, UpkeepServices):
    """All parts of the hotline."""

    @cached_property
    def doorbell(self) -> Doorbell:
        """Wakes the worker; registers the jobs on the queue."""
        register_nightly(self.queue, "retention", lambda: self.retention.run())
        register_minutely(self.queue, "provider_copies", lambda: self.provider_copies.run())
        register_minutely(self.queue, "heartbeat", lambda: self.heartbeat.beat())
        register_nightly(self.queue, "forget_codes", self.forget_codes)
        register_nightly(self.queue, "forget_asked", self.forget_asked)
        return register_jobs(self.queue, lambda: self.dispatcher, lambda: self.uploads.sweep())

    @cached_property
    def notices(self) -> Notices:
        """Tells counsellors that somebody waits."""
        return Notices(self.outbox, self.settings.handoff_notify, self.settings.handoff_notify_from)

    @cached_property
    def own_data(self) -> OwnData:
        """What people may do with what is stored of them."""
        orders_deletion = self.settings.deletes_at_provider
        return OwnData(self.database, self.cipher, self.notices.tell, orders_deletion=orders_deletion)

    @cached_property
    def confirmation(self) -> CallbackConfirmation:
        """Tells callers when they will be called."""
        return CallbackConfirmation(self.outbox, self.cipher, self.texts, read_slot(self.settings.call_window))

    @cached_property
    def timers(self) -> Timers:
        """What happens to handoffs by itself; only the worker uses it."""
        person = PersonNotices(self.outbox, self.cipher, self.texts, read_slot(self.settings.call_window))
        telephones = Telephones(self.talks, Ringing(self.talks), self.order_bell, lambda: self.order_book)
        return Timers(self.database, self.callbacks, self.notices, person, self.doorbell.ring, telephones, self.clock)

    @cached_property
    def talks(self) -> Talks:
        """Talks by telephone."""
        return Talks(self.cipher, self.callbacks, self.notices)

    @cached_property
    def order_book(self) -> OrderBook:
        """Tells the provider what to do with calls; only the worker uses it."""
        account = self.settings.twilio_account_sid, self.settings.twilio_auth_tokens[0], self.settings.twilio_api_base_url
        calls, base_url = TwilioCalls(*account), self.settings.public_base_url
        return OrderBook(self.database, self.cipher, calls, base_url, self.note_call, self.clock)

    @cached_property
    def message_fetcher(self) -> MessageFetcher:
        """Brings messages of callers here and deletes them at the provider; only the worker uses it."""
        account = self.settings.twilio_account_sid, self.settings.twilio_auth_tokens[0], self.settings.twilio_api_base_url
        return MessageFetcher(self.database, self.cipher, lambda: TwilioCalls(*account))

    @cached_property
    def order_bell(self) -> OrderBell:
        """Wakes the worker for calls; registers the job on the queue."""
        return register_orders(self.queue, lambda: self.order_book)

    def note_call(self, leg_id: int, what: What) -> str:
        """Take what happened to a call, in a unit of work of its own; gives the state of the talk after it."""
        with self.database.begin() as connection:
            follow = self.talks.happen(connection, leg_id, what, self.clock())
        self.follow(follow)
        return follow.state

    def follow(self, follow: Follow) -> None:
        """Wake the worker for what a talk has left to do."""
        ring_after(follow, self.order_bell.ring, self.doorbell.ring)

    @cached_property
    def timer_bell(self) -> TimerBell:
        """Has the worker look at who waits; registers its jobs on the queue."""
        return register_timers(self.queue, lambda: self.timers)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """Sends what is in the outbox; only the worker uses it."""
        first, *second = self.provider_accounts
        other = self.settings.twilio_second
        sender = FailoverSender(first, second[0] if second else None, other.number if other else None)
        return Dispatcher(self.database, self.outbox, sender, self.settings.public_base_url + STATUS_PATH)

    @cached_property
    def speakable(self) -> SpeakableLanguages:
        """Which languages a call can be held in."""
        return SpeakableLanguages(self.live_languages, self.renderer, self.definition, self.prompts.can_speak, self.audio.version)

    @cached_property
    def spoken_prompts(self) -> SpokenPrompts:
        """Makes the sounds of languages without a voice; the worker and ``flask prompts build`` use it."""
        live = [self.languages[code] for code in self.live_languages]
        folders = (self.settings.data_dir / "audio", self.settings.root / "recordings")
        return SpokenPrompts(
            self.database,
            self.library,
            self.renderer,
            lambda: self.definition,
            live,
            folders,
            self.recordings,
            today_in_germany,
            self._build_sounds,
        )

    @cached_property
    def prompt_coverage(self) -> PromptCoverage:
        """Who speaks which prompt in which language."""
        return PromptCoverage(self.renderer, self.definition, self.languages, self.live_languages, self.audio, self.recordings)

    def _build_sounds(self) -> None:
        """Begin ``flask prompts build`` unless it runs already; the worker asks every minute."""
        running = vars(self).get("_sound_build")
        if running is None or running.poll() is not None:
            log_path = self.settings.data_dir / "prompts.log"
            vars(self)["_sound_build"] = start_command(["prompts", "build"], self.settings.root, log_path)

    @cached_property
    def fallback_books(self) -> BookBuilder:
        """Makes the file the fallback program answers from; the worker and ``flask fallback build`` use it."""
        known = self.settings
        live = [self.languages[code] for code in self.live_languages]
        plan = FallbackPlan(known.fallback_base_url, known.fallback_key, known.data_dir / FOLDER, known.line_languages)
        return BookBuilder(
            self.database,
            self.library,
            self.texts,
            live,
            MENU,
            read_phrases(self.content_folder / "words"),
            known.root / "recordings",
            plan,
            self.clock,
            today_in_germany,
            self._build_fallback,
        )

    def _build_fallback(self) -> None:
        """Begin ``flask fallback build`` unless it runs already; the worker asks every minute."""
        running = vars(self).get("_fallback_build")
        if running is None or running.poll() is not None:
            log_path = self.settings.data_dir / "fallback.log"
            vars(self)["_fallback_build"] = start_command(["fallback", "build"], self.settings.root, log_path)

    @cached_property
    def call_guide(self) -> CallGuide:
        """How calls begin and what their menus go by."""
        unknown = sorted(set(self.settings.line_languages.values()) - set(self.languages))
        if unknown:
            raise CannotStart(
                f"LINE_LANGUAGES names {unknown[0]!r}, which is no language of translations/languages.csv. Correct it."
            )
        codes = {code: language.phone_code for code, language in self.languages.items() if language.phone_code}
        return CallGuide(self.settings.line_languages, codes, self.menu_order)

    @cached_property
    def turns(self) -> Turns:
        """Takes every inbound event."""
        return Turns(
            self.database,
            Conversations(self.database, self.cipher),
            self.library,
            self.interpreter,
            self.renderer,
            HandoffDesk(self.notices, self.callbacks, self.confirmation, self.timer_bell.ring),
            DataDesk(self.own_data),
            Feedback(self.database, self.questions),
            CodeDesk(self.continuation, self.cipher, self.interpreter.read_code),
            TextDesk(self.outbox),
            TurnRules(self.definition, self.live_languages, self.speakable.among, MENU, self.places, self.call_guide),
            self.doorbell.ring,
            seen=self.count_turn,
            pacer=self.pacer,
            is_deaf=lambda: self.understander.is_down(),
        )
