"""How a text is spoken in a language: a human recording, Twilio's voice, or a synthesised file, in this order."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from hotline.telephony.audio import AudioFile, AudioLibrary, text_hash
from hotline.telephony.languages import Language
from hotline.telephony.twiml import Pause, Play, Say

SLOW_PAUSE_SECONDS = 1
# Polly's generative voices and Google's newest do not take a rate.
_READS_SSML = re.compile(r"Polly\.(?!.*-Generative)[\w-]+|Google\.[\w-]+-(Standard|Wavenet|Neural2)-\w+")


class PromptMissing(LookupError):
    """A text cannot be spoken in a language. Names the text by its hash, never in words."""

    def __init__(self, language: str, text_hash: str) -> None:
        super().__init__(f"no recording and no voice: language {language}, text {text_hash}")
        self.language = language
        self.text_hash = text_hash


class PromptBook:
    """Chooses the voice of every prompt; never the voice of another language.

    Args:
        languages: the catalogue by code.
        audio: the library of files, or None when there is none.
        public_base_url: where Twilio reaches us; files are fetched from <base>/audio/<language>/<name>.
    """

    def __init__(self, languages: Mapping[str, Language], audio: AudioLibrary | None, public_base_url: str) -> None:
        self._languages = languages
        self._audio = audio
        self._base = public_base_url.rstrip("/")

    def speak_slowly(self, language_code: str, text: str) -> list[Say | Play | Pause]:
        """Choose how to speak a text slowly: at another rate where the voice reads SSML, else with a pause after it.

        Args:
            language_code: code of the catalogue.
            text: one sentence; between two there is a pause.
        Raises:
            PromptMissing: see ``speak``.
        """
        (part,) = self.speak(language_code, text)
        is_rated = isinstance(part, Say) and _READS_SSML.fullmatch(part.voice)
        return [replace(part, is_slow=True) if is_rated and isinstance(part, Say) else part, Pause(SLOW_PAUSE_SECONDS)]

    def speak(self, language_code: str, text: str) -> list[Say | Play]:
        """Choose how to speak a text.

        Args:
            language_code: code of the catalogue.
            text: the exact text; recordings belong to one wording.
        Returns:
            The parts for `twiml.voice_reply`.
        Raises:
            PromptMissing: the language is unknown, or has neither a file for this text nor a voice.
        Source: https://www.twilio.com/docs/voice/twiml/say (a foreign voice can make <Say> fail).
        """
        language = self._languages.get(language_code)
        if language:
            file = self._audio.find(language_code, text) if self._audio else None
            # A person sounds better than Twilio's voice, which sounds better than espeak-ng.
            if file and file.kind == "recording":
                return [self._play(file)]
            if language.say_code and language.say_voice:
                return [Say(text, language.say_code, language.say_voice)]
            if file:
                return [self._play(file)]
        raise PromptMissing(language_code, text_hash(text))

    def can_speak(self, language_code: str, texts: Iterable[str]) -> bool:
        """Tell whether every one of the texts can be spoken: the gate before a language goes live.

        Args:
            language_code: code of the catalogue.
            texts: all prompts of the language.
        """
        language = self._languages.get(language_code)
        if language and language.say_code and language.say_voice:
            return True
        try:
            for text in texts:
                self.speak(language_code, text)
        except PromptMissing:
            return False
        return True

    def _play(self, file: AudioFile) -> Play:
        return Play(f"{self._base}/audio/{file.language}/{file.name}")
