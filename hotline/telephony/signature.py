"""Is a request really from Twilio? The signature check of every webhook."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class SignedRequest:
    """One request as it came in.

    Args:
        url: the address Twilio called, undecoded; made by `public_url`.
        form: all pairs of the form in order, repeated and blank ones kept, values not trimmed; empty for JSON.
        body: the raw bytes, also for a form.
        content_type: the header, "" when missing.
        signature: the header X-Twilio-Signature, None when missing.
    """

    url: str
    form: Sequence[tuple[str, str]] = field(repr=False)  # numbers and texts, kept out of log lines
    body: bytes = field(repr=False)
    content_type: str
    signature: str | None


class _Pairs(dict[str, list[str]]):
    """The form in the shape the validator asks of a multi-dict."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        return self[name]


def public_url(public_base_url: str, raw_uri: str) -> str:
    """Build the address Twilio signed.

    Behind a proxy the request shows another scheme, host or port, and Flask's `request.url` is decoded, so only the
    configured base and the raw URI of the server lead to the signed text.

    Args:
        public_base_url: as configured at Twilio, to the letter: the host's case counts. A path prefix is allowed.
        raw_uri: RAW_URI or REQUEST_URI of the WSGI environment, undecoded: path and query, or absolute.
    Returns:
        The base followed by path and query. A prefix which the proxy left in the path is not doubled.
    Source: twilio.md section 2, "Flask trap".
    """
    base = public_base_url.rstrip("/")
    # Cut as text: parsing and joining would drop an empty query, and "//host" at the start is a path here.
    path = re.sub(r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*", "", raw_uri).partition("#")[0]
    prefix = urlsplit(base).path
    if prefix and re.match(re.escape(prefix) + r"(?:[/?]|$)", path):
        path = path.removeprefix(prefix)
    return base + path


def is_signed(request: SignedRequest, auth_tokens: Sequence[str]) -> bool:
    """Check the signature, and for a body outside of the form also its hash.

    Args:
        request: what came in.
        auth_tokens: the primary token, and during a rotation also the other one.
    Returns:
        True when one token made the signature. Anything malformed is False, never an error.
    Raises:
        ValueError: there is no token, or an empty one: with it anybody could sign.
    Source: https://www.twilio.com/docs/usage/security and twilio.md section 2 (tested pitfalls).
    """
    if isinstance(auth_tokens, str) or not auth_tokens or not all(auth_tokens):
        raise ValueError("auth_tokens must hold at least one token and no empty one")
    if not request.signature:
        return False
    # A signed URL or a character that has no UTF-8 form makes the validator raise ValueError.
    try:
        if not _is_body_covered(request):
            return False
        form = _Pairs(request.form)
        return any(RequestValidator(token).validate(request.url, form, request.signature) for token in auth_tokens)
    except ValueError:
        return False


def _is_body_covered(request: SignedRequest) -> bool:
    """Is every byte of the body under the signature: as form pairs, or by its hash in the signed URL?

    The validator skips the hash whenever it is handed a form, even an empty one, so the branch is ours.
    """
    hashes = parse_qs(urlsplit(request.url).query, keep_blank_values=True).get("bodySHA256", [])
    if not hashes:
        media_type = request.content_type.partition(";")[0].strip().lower()
        return media_type == FORM or not (media_type or request.body)
    digest = hashlib.sha256(request.body).hexdigest().encode()
    return all(hmac.compare_digest(digest, value.encode()) for value in hashes)
