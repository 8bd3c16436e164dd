"""What matters over time are kept with: cases, forms and wrap-ups, continuation codes."""

from __future__ import annotations

from functools import cached_property

from hotline.counselling.cases import Cases
from hotline.counselling.continuation import Continuation
from hotline.counselling.forms import Forms
from hotline.counselling.wrap_ups import WrapUps
from hotline.services.studio import StudioServices


class CaseServices(StudioServices):
    """Everything around cases."""

    @cached_property
    def cases(self) -> Cases:
        """Matters over time."""
        return Cases(self.database, self.cipher)

    @cached_property
    def forms(self) -> Forms:
        """The forms, version by version."""
        return Forms(self.database, self.content_folder / "forms")

    @cached_property
    def wrap_ups(self) -> WrapUps:
        """What counsellors note after a conversation."""
        return WrapUps(self.database, self.forms, self.cipher, self.stripper.strip_text)

    @cached_property
    def continuation(self) -> Continuation:
        """Codes with which a matter goes on elsewhere."""
        return Continuation(self.database, self.cipher)

    def forget_codes(self) -> int:
        """Delete the continuation codes that are too old; gives how many."""
        with self.database.begin() as connection:
            return self.continuation.forget(connection, self.clock())
