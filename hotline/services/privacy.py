"""What people may decide about their data, and what is deleted by itself."""

from __future__ import annotations

from functools import cached_property

from hotline.privacy.provider_copies import EveryAccount, ProviderCopies
from hotline.privacy.retention import Retention
from hotline.services.core import CoreServices
from hotline.telephony.client import TwilioSender


class PrivacyServices(CoreServices):
    """Retention, erasure and what the provider keeps."""

    @cached_property
    def retention(self) -> Retention:
        """Deletes what is older than its clock; the worker and ``flask retention`` use it."""
        return Retention(self.database, self.settings.retention, self.clock, orders_deletion=self.settings.deletes_at_provider)

    @cached_property
    def provider_accounts(self) -> tuple[TwilioSender, ...]:
        """The account all numbers belong to, and the second one where there is one; only the worker uses them."""
        known, other = self.settings, self.settings.twilio_second
        first = TwilioSender(known.twilio_account_sid, known.twilio_auth_tokens[0], known.twilio_api_base_url)
        return (first, TwilioSender(other.account_sid, other.auth_token, other.api_base_url)) if other else (first,)

    @cached_property
    def provider_copies(self) -> ProviderCopies:
        """Has the provider delete what it keeps; only the worker uses it."""
        return ProviderCopies(self.database, EveryAccount(self.provider_accounts), self.clock)
