"""DeepL, by its own library."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime

import deepl

from hotline.translation.port import CannotTranslate, Languages, Reason, Translation

# The library writes texts at level DEBUG and addresses at INFO.
logging.getLogger("deepl").setLevel(logging.WARNING)
_REASONS: tuple[tuple[type[deepl.DeepLException], Reason], ...] = (
    (deepl.AuthorizationException, "refused"),
    (deepl.QuotaExceededException, "used_up"),
    (deepl.TooManyRequestsException, "busy"),
)
# Where DeepL's code is not ours; it calls the two kinds of Kurdish by names of their own.
_TO_DEEPL = {"ku": "kmr"}
_FROM_DEEPL = {theirs: ours for ours, theirs in _TO_DEEPL.items()}
# Translating into English needs one of its variants.
_TARGETS = {"en": "EN-GB"}


class DeepLService:
    """DeepL's API, or a server that speaks its protocol."""

    engine = "deepl"

    def __init__(
        self,
        key: str,
        url: str | None,
        timeout_seconds: float,
        extra: Collection[str] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Connects nothing yet.

        Args:
            key: of the account.
            url: of the server; None is DeepL's own for this kind of key.
            timeout_seconds: for one request.
            extra: languages it translates but does not list yet (DeepL calls them beta).
            clock: tells when a translation was made.
        """
        # A person waits at the screen, and the breaker does the waiting: the library alone would try for minutes.
        deepl.http_client.max_network_retries = 0
        deepl.http_client.min_connection_timeout = timeout_seconds
        self._client = deepl.DeepLClient(key, server_url=url, send_platform_info=False)
        self._extra = frozenset(extra)
        self._clock = clock

    def languages(self) -> Languages:
        """See ``Translator.languages``."""
        try:
            sources = {_ours(language.code) for language in self._client.get_source_languages()}
            targets = {_ours(language.code) for language in self._client.get_target_languages()}
        except (deepl.DeepLException, LookupError, TypeError, ValueError) as error:
            raise CannotTranslate(_reason(error)) from None
        every = frozenset(targets | self._extra)
        return {source: every - {source} for source in sources | self._extra}

    def translate(self, text: str, source: str | None, target: str) -> Translation:
        """See ``Translator.translate``."""
        is_extra = not self._extra.isdisjoint({source, target})
        try:
            found = self._client.translate_text(
                text,
                source_lang=_TO_DEEPL.get(source, source) if source else None,
                target_lang=_TARGETS.get(target) or _TO_DEEPL.get(target, target),
                preserve_formatting=True,
                extra_body_parameters={"enable_beta_languages": True} if is_extra else None,
            )
        except (deepl.DeepLException, LookupError, TypeError, ValueError) as error:
            # Its words quote the answer of the server.
            raise CannotTranslate(_reason(error)) from None
        if isinstance(found, list):
            raise CannotTranslate("unreachable")
        return Translation(found.text, self.engine, self._clock())


def _ours(code: str) -> str:
    """Our code of a language or of one of its variants."""
    base = code.split("-")[0].lower()
    return _FROM_DEEPL.get(base, base)


def _reason(error: Exception) -> Reason:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "unreachable")
