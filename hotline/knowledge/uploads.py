"""Files that wait for their sender to confirm what they change: one for each account, for an hour at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from hotline.knowledge.exchange import Upload
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import content_uploads

LASTS = timedelta(hours=1)


class Uploads:
    """Keeps, finds and forgets them. Whatever is done here first removes what is too old, whosever it is."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Hold what is needed.

        Args:
            database: where they are.
            clock: gives aware UTC.
        """
        self._database = database
        self._clock = clock

    def keep(self, account_id: int, upload: Upload) -> int:
        """Keep a file in place of the account's earlier one.

        Returns:
            Its id.
        """
        self.sweep()
        row = {
            "account_id": account_id, "name": upload.name, "language": upload.language,
            "is_for_review": upload.is_for_review, "data": upload.data, "uploaded_at": self._clock(),
        }  # fmt: skip
        with self._database.begin() as connection:
            connection.execute(delete(content_uploads).where(content_uploads.c.account_id == account_id))
            return insert_returning_id(connection, content_uploads, row)

    def find(self, account_id: int, upload_id: int) -> Upload | None:
        """A file of an account; None when it is another's, or gone."""
        self.sweep()
        columns = [content_uploads.c[name] for name in ("name", "data", "language", "is_for_review")]
        of_account = (content_uploads.c.id == upload_id, content_uploads.c.account_id == account_id)
        with self._database.read() as connection:
            row = connection.execute(select(*columns).where(*of_account)).first()
        return Upload(*row) if row else None

    def forget(self, account_id: int) -> None:
        """Remove what an account has uploaded."""
        with self._database.begin() as connection:
            connection.execute(delete(content_uploads).where(content_uploads.c.account_id == account_id))

    def sweep(self) -> None:
        """Remove what is older than an hour."""
        with self._database.begin() as connection:
            connection.execute(delete(content_uploads).where(content_uploads.c.uploaded_at < self._clock() - LASTS))
