"""What everything else stands on: database, texts, languages, answers, understanding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from huey import Huey
from huey.storage import BaseSqlStorage

from hotline.delivery.jobs import count_failed_jobs, open_queue
from hotline.dialogue.definition import Definition
from hotline.dialogue.diagram import call_diagrams, language_table
from hotline.dialogue.flow_files import BrokenFlow, find_problems, load_flows
from hotline.dialogue.hints import load_hint_words
from hotline.dialogue.meaning import Interpreter
from hotline.dialogue.rendering import Renderer
from hotline.dialogue.safety import DangerNet
from hotline.dialogue.texts import Texts
from hotline.dialogue.turn import today_in_germany
from hotline.dialogue.word_lists import WordLists
from hotline.errors import CannotStart
from hotline.knowledge.library import LibraryReader
from hotline.knowledge.neutrality import Neutrality
from hotline.knowledge.places import GermanPlaces
from hotline.privacy.cipher import Cipher
from hotline.privacy.clocks import figures
from hotline.settings import Settings
from hotline.store.counters import Tally
from hotline.store.database import Database
from hotline.telephony.audio import AudioLibrary
from hotline.telephony.languages import Language, load_languages
from hotline.telephony.prompts import PromptBook
from hotline.training.danger_watch import DangerWatch
from hotline.understanding.entities import EntityFinder
from hotline.understanding.local_server import RasaProject
from hotline.understanding.models import FollowingFallback, ModelShelf
from hotline.understanding.port import Understander
from hotline.understanding.rasa import OnlyRasa, RasaClient, ResilientUnderstander
from hotline.understanding.rasa_group import RasaGroup

ASK_A_COUNSELLOR = "answer.figure_from_counsellor"
# A measurement on a busy machine may take its time; a person on the line may not.
MEASURING_SECONDS = 30.0


class CoreServices:
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

    @property
    def autonyms(self) -> dict[str, str]:
        """What each language calls itself."""
        return {code: language.autonym for code, language in self.languages.items()}

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
        """The catalogues of the live languages, with the days of the clocks in them."""
        return Texts.load(self.translations_folder, self.live_languages).with_figures(figures(self.settings.retention))

    @cached_property
    def definition(self) -> Definition:
        """The flows, checked."""
        definition = load_flows(self.flows_folder)
        problems = find_problems(definition)
        if problems:
            raise BrokenFlow(f"ivr_flows: {problems[0]} `flask flows check` lists all {len(problems)} problems.")
        return definition

    def voice_picture(self) -> str:
        """The generated part of docs/voice.md."""
        folder = self.settings.root / "recordings"
        recorded = {code: sum(path.is_file() for path in (folder / code).glob("*")) for code in self.languages}
        table = language_table(self.languages.values(), recorded)
        diagrams = call_diagrams(self.definition, lambda key: self.texts.get("en", key, (".voice",)))
        return f"## Languages\n\n{table}\n\n## The call\n\n{diagrams}"

    @cached_property
    def renderer(self) -> Renderer:
        """Words of every language."""
        return Renderer(
            self.texts,
            self.live_languages,
            self.autonyms,
            frozenset(code for code, language in self.languages.items() if language.gather_code),
            load_hint_words(self.content_folder / "hints", self.live_languages),
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
    def danger_watch(self) -> DangerWatch:
        """The danger net as it holds now."""
        return DangerWatch(DangerNet.load(self.content_folder / "danger"), self.database)

    def interpreter_of(self, url: str) -> Interpreter:
        """What texts mean to one understanding process and nothing in its stead."""
        return self._interpreter_around(OnlyRasa(RasaClient(url, self.settings.rasa_token, MEASURING_SECONDS)))

    @cached_property
    def places(self) -> GermanPlaces:
        """The Land of every postcode and city."""
        return GermanPlaces.load(self.content_folder / "places")

    @cached_property
    def understander(self) -> ResilientUnderstander:
        """Rasa, and what stands in for it."""
        known = self.settings
        members = [RasaClient(url, known.rasa_token, known.rasa_timeout_seconds) for url in known.rasa_urls]
        rasa = RasaGroup(members) if len(members) > 1 else members[0]
        fallback = FollowingFallback(self.models)
        return ResilientUnderstander(rasa, fallback, answered=fallback.follow)

    @cached_property
    def entities(self) -> EntityFinder:
        """Countries, places, dates and numbers in texts."""
        return EntityFinder.load(self.content_folder / "places", self.live_languages)

    @cached_property
    def interpreter(self) -> Interpreter:
        """What texts mean."""
        return self._interpreter_around(self.understander)

    def _interpreter_around(self, understander: Understander) -> Interpreter:
        return Interpreter(
            understander,
            self.danger_watch,
            WordLists.load(self.content_folder / "words", self.autonyms),
            self.entities,
            self.models.thresholds,
            self.live_languages,
            today_in_germany,
        )

    @cached_property
    def queue(self) -> Huey:
        """The job queue."""
        opened = open_queue(self.settings.redis_url, self.settings.data_dir, self.cipher.pseudonym("signature of jobs"))
        count_failed_jobs(opened, self.tally.add)
        return opened

    def close_connections(self) -> None:
        """Close what is open to the database and the job queue; each opens again when it is needed."""
        self.database.close()
        if isinstance(self.queue.storage, BaseSqlStorage):
            self.queue.storage.close()

    @cached_property
    def clock(self) -> Callable[[], datetime]:
        """Tells the time to what has to do with staff."""
        return lambda: datetime.now(UTC)
