"""Made-up requests to the fallback program, which is open to the internet too; ``make fuzz`` does it at length."""

from __future__ import annotations

import logging
from urllib.parse import parse_qsl, quote, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.test import EnvironBuilder, run_wsgi_app

from hotline.fallback.server import AUDIO, LIVE, MESSAGES, VOICE, FallbackServer
from hotline.fallback.settings import FOLDER, FallbackSettings
from tests.calls.valid import read_messaging, read_voice
from tests.conftest import NOW, PREVIOUS_TOKEN, TOKEN, Hotline
from tests.fallback.conftest import BASE, KEY
from tests.security.fuzzing import Tracebacks, bodies, junk, pairs
from tests.security.test_fuzz import HOW, REQUESTS

FORM = "application/x-www-form-urlencoded"
paths = st.one_of(
    st.sampled_from([VOICE, MESSAGES, LIVE, f"{VOICE}/de.menu", f"{AUDIO}de/x.wav", "/"]), junk.map(VOICE.__add__), junk
)
forms = st.builds(
    lambda sure, others: {**sure, **others},
    st.fixed_dictionaries(
        {"CallSid": st.just("CA1"), "MessageSid": st.just("SM1"), "Body": bodies, "From": st.just("+4915100000001")}
    ),
    pairs,
)


def test_whatever_is_sent_to_the_fallback_program_it_answers(built: Hotline) -> None:
    folder = built.services.settings.data_dir / FOLDER
    server, tracebacks = FallbackServer(FallbackSettings(folder, KEY, (TOKEN, PREVIOUS_TOKEN)), today=NOW.date), Tracebacks()
    seen: set[tuple[str, str]] = set()
    logging.getLogger().addHandler(tracebacks)

    @given(
        paths, st.one_of(st.just({}), pairs), forms, st.sampled_from([FORM, FORM, "text/plain", ""]), st.one_of(st.none(), junk)
    )
    @settings(max_examples=REQUESTS or 200, **HOW)  # type: ignore[arg-type]
    def ask(path: str, query: dict[str, str], form: dict[str, str], kind: str, length: str | None) -> None:
        raw = quote(path.encode("utf-8", "replace")) + (f"?{urlencode(query, errors='replace')}" if query else "")
        body = urlencode(form, errors="replace")
        sent = dict(parse_qsl(body, keep_blank_values=True)) if kind == FORM else {}
        headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(BASE + raw, sent)}
        environ = EnvironBuilder(raw, BASE, method="POST", data=body, content_type=kind, headers=headers).get_environ()
        environ |= {"RAW_URI": raw} | ({"CONTENT_LENGTH": length} if length is not None else {})
        content, status, _ = run_wsgi_app(server, environ, buffered=True)
        document = b"".join(content)
        seen.add((path, status[:3]))
        assert status[:3] in ("200", "403", "404", "413")
        if status.startswith("200") and path.startswith((VOICE, MESSAGES)):
            read_messaging(document) if path == MESSAGES else read_voice(document)

    ask()
    logging.getLogger().removeHandler(tracebacks)
    assert tracebacks.found == []
    assert {(VOICE, "200"), (MESSAGES, "200"), (MESSAGES, "403"), (LIVE, "200")} <= seen
