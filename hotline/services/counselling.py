"""What counsellors work with: the outbox they write into, callbacks, the console."""

from __future__ import annotations

from functools import cached_property

from hotline.counselling.callbacks import Callbacks
from hotline.counselling.desk import CounsellorDesk
from hotline.counselling.interpreters import Interpreter, load_interpreters
from hotline.counselling.queues import read_slot
from hotline.counselling.transfers import Transfers
from hotline.counselling.writing import Template, load_templates
from hotline.delivery.outbox import Outbox
from hotline.services.core import CoreServices


class CounsellingServices(CoreServices):
    """Everything behind the pages of the console."""

    @cached_property
    def outbox(self) -> Outbox:
        """Messages to be sent."""
        return Outbox(self.database, self.cipher)

    @cached_property
    def callbacks(self) -> Callbacks:
        """People to be called back."""
        return Callbacks(self.cipher, read_slot(self.settings.call_window))

    @cached_property
    def interpreters(self) -> tuple[Interpreter, ...]:
        """Who can be called into a talk to interpret."""
        return load_interpreters(self.content_folder / "interpreters.yml", self.languages)

    @cached_property
    def transfers(self) -> Transfers:
        """From one counsellor to another."""
        return Transfers(self.cipher)

    @cached_property
    def whatsapp_templates(self) -> dict[str, Template]:
        """What WhatsApp lets us say at any time; on a newcomer's machine, where nothing is sent, none needs to be approved."""
        found = load_templates(self.content_folder / "whatsapp_templates.yml")
        if not self.settings.has_simulator:
            return found
        return {language: Template(one.sid or f"HX-{language}", one.text) for language, one in found.items()}

    @cached_property
    def counsellor_desk(self) -> CounsellorDesk:
        """How a counsellor reads and answers a conversation."""
        return CounsellorDesk(self.outbox, self.cipher)
