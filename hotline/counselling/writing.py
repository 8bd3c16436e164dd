"""How somebody can be written to just now: on which channel, in free words or in an approved text, until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import phonenumbers
import yaml
from phonenumbers import PhoneNumberType
from sqlalchemy import Connection, select

from hotline.delivery.outbox import WHATSAPP_WINDOW
from hotline.errors import CannotStart
from hotline.store.tables import addresses, opt_outs
from hotline.yaml_file import read_yaml

# free: any words. template: WhatsApp takes an approved text only. none: not at all, and ``reason`` says why.
Way = Literal["free", "template", "none"]
Reason = Literal["", "no_number", "landline", "opted_out"]
LONGEST_REPLY = 1600


class BrokenTemplates(CannotStart):
    """The list of approved texts cannot be used. The message names the file and the remedy."""


@dataclass(frozen=True)
class Template:
    """A text WhatsApp has approved: the provider's id, and the words it was approved with."""

    sid: str
    text: str


@dataclass(frozen=True)
class Writing:
    """How a person can be written to. ``until`` is when free words on WhatsApp end, or ended."""

    channel: str
    way: Way
    reason: Reason = ""
    until: datetime | None = None


def find_writing(connection: Connection, row: Mapping[str, Any], number: str | None, now: datetime) -> Writing:
    """How the person of a handoff can be written to.

    Args:
        connection: any connection.
        row: ``channel`` of the handoff, ``address_id`` and ``last_inbound_at`` of its conversation.
        number: E.164, or None when it was withheld.
        now: aware UTC.
    """
    # A caller is called back; a text to the same number helps where it is a mobile phone.
    is_call = row["channel"] == "voice"
    channel = "sms" if is_call else str(row["channel"])
    if number is None:
        return Writing(channel, "none", "no_number")
    if is_call and is_landline(number):
        return Writing(channel, "none", "landline")
    stopped = (
        select(opt_outs.c.id)
        .join(addresses, addresses.c.pseudonym == opt_outs.c.pseudonym)
        .where(addresses.c.id == row["address_id"], opt_outs.c.channel == channel)
    )
    if connection.execute(stopped).first() is not None:
        return Writing(channel, "none", "opted_out")
    if channel != "whatsapp":
        return Writing(channel, "free")
    until = row["last_inbound_at"] + WHATSAPP_WINDOW
    return Writing(channel, "free" if now < until else "template", until=until)


def is_landline(number: str) -> bool:
    """Whether a number can surely get no SMS; where a country does not part its numbers, it may."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(number)) == PhoneNumberType.FIXED_LINE
    except phonenumbers.NumberParseException:
        return False


def load_templates(path: Path) -> dict[str, Template]:
    """Read the approved texts, one a language; a language without an id has none.

    Args:
        path: ``content/whatsapp_templates.yml``.

    Raises:
        BrokenTemplates: the file is missing or of another form.
    """
    try:
        content = read_yaml(path)["templates"]
        return {language: Template(str(entry["sid"] or ""), str(entry["text"])) for language, entry in content.items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise BrokenTemplates(f"{path}: must hold `templates`, each language with `sid` and `text` ({error}).") from None
