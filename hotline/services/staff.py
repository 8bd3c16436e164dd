"""What staff sign in with."""

from __future__ import annotations

from functools import cached_property

from hotline.services.core import CoreServices
from hotline.staff.accounts import StaffAccounts
from hotline.staff.passwords import Passwords
from hotline.staff.sessions import StaffSessions
from hotline.staff.sign_in import SignIn


class StaffServices(CoreServices):
    """Accounts, sessions and the way in."""

    @cached_property
    def passwords(self) -> Passwords:
        """Hashes passwords of staff."""
        return Passwords()

    @cached_property
    def staff_accounts(self) -> StaffAccounts:
        """Accounts of staff."""
        return StaffAccounts(self.passwords)

    @cached_property
    def staff_sessions(self) -> StaffSessions:
        """Who of the staff is signed in."""
        return StaffSessions(self.database, self.clock)

    @cached_property
    def sign_in(self) -> SignIn:
        """The way in for staff."""
        admits_demo = not self.settings.is_production
        return SignIn(self.database, self.cipher, self.passwords, self.staff_sessions, self.clock, admits_demo=admits_demo)
