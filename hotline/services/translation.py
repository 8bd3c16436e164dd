"""What reads and writes across languages."""

from __future__ import annotations

from functools import cached_property

from hotline.services.counselling import CounsellingServices
from hotline.translation.careful import CarefulTranslator
from hotline.translation.desk import TranslationDesk
from hotline.translation.libretranslate_service import LibreTranslateService
from hotline.translation.port import Translator


class TranslationServices(CounsellingServices):
    """Translations beside messages."""

    @cached_property
    def translation_desk(self) -> TranslationDesk | None:
        """Translations of conversations; None where no service is set."""
        service = self._translator()
        if service is None:
            return None
        translator = CarefulTranslator(service)
        return TranslationDesk(self.database, self.cipher, self.counsellor_desk, translator, self.texts, self.clock)

    def _translator(self) -> Translator | None:
        chosen = self.settings
        key, url, seconds = chosen.translation_key, chosen.translation_url, chosen.translation_timeout_seconds
        if chosen.translation == "deepl":
            # Only who uses it carries its library.
            from hotline.translation.deepl_service import DeepLService

            return DeepLService(key, url, seconds, chosen.translation_extra)
        if chosen.translation == "libretranslate" and url is not None:
            return LibreTranslateService(key, url, seconds)
        return None
