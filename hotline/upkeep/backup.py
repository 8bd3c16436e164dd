"""Backup and restore: the database and the recordings of an installation in one encrypted file.

Not in it: keys (without them it cannot be opened; keep them elsewhere), settings, trained models (`flask model train` makes them
from the phrases in the database), sounds (made from the texts), the job queue (the outbox is the truth).
"""

from __future__ import annotations

import json
import os
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import inspect, update

from hotline.delivery.outbox import CHECKING, QUEUED, SENDING
from hotline.privacy.sealed import SealedReader, SealedWriter
from hotline.store import migrate
from hotline.store.database import Database
from hotline.store.tables import job_runs, outbox
from hotline.upkeep.dumps import CannotBackUp, dump, is_empty, load
from hotline.upkeep.heartbeat import living_workers

FORMAT = 1
_MANIFEST, _DATABASE = "manifest.json", "database"


@dataclass(frozen=True)
class Kept:
    """What a backup holds: from when, of which version of the database, how many recordings, and messages not yet sent then."""

    made_at: str
    revision: str
    files: int
    in_doubt: int = 0


class Backups:
    """Makes backups and puts them back."""

    def __init__(self, database: Database, work_dir: Path, folders: Mapping[str, Path], keys: Sequence[str]) -> None:
        """Hold what is needed.

        Args:
            database: of the hotline.
            work_dir: folder with room for a copy of the database; the copy is removed.
            folders: name in the backup -> folder of files that belong to the installation, such as recordings.
            keys: Fernet keys; the first encrypts, all open.
        """
        self._database = database
        self._work_dir = work_dir
        self._folders = folders
        self._keys = keys

    def make(self, path: Path, now: datetime) -> Kept:
        """Write a backup.

        Args:
            path: of the new file; it appears only when it is whole.
            now: aware UTC.

        Raises:
            CannotBackUp: it did not work, or the file is there already.
        """
        if path.exists():
            raise CannotBackUp(f"{path.name} is there already; choose another name.")
        files = [
            (f"{name}/{file.relative_to(folder).as_posix()}", file)
            for name, folder in self._folders.items()
            for file in sorted(folder.rglob("*"))
            if file.is_file() and not file.is_symlink()
        ]
        kept = Kept(now.isoformat(timespec="seconds"), self._revision(), len(files))
        part = path.with_name(f"{path.name}.part")
        try:
            with tempfile.TemporaryDirectory(dir=self._work_dir) as folder:
                copy = Path(folder) / _DATABASE
                dump(self._database.engine, copy)
                manifest = Path(folder) / _MANIFEST
                manifest.write_text(json.dumps({"format": FORMAT, "database": self._kind, **vars(kept)}), encoding="utf-8")
                self._seal(part, [(_MANIFEST, manifest), (_DATABASE, copy), *files])
            part.rename(path)
        except OSError as error:
            raise CannotBackUp(f"The backup cannot be written: {error.strerror}.") from None
        finally:
            part.unlink(missing_ok=True)
        return kept

    def restore(self, path: Path, now: datetime, *, is_replacing: bool) -> Kept:
        """Put a backup in place. It is opened and checked to its end before anything is changed.

        What was not sent yet when it was made may have been sent since: it is looked for at the provider, not just sent.

        Args:
            path: of the backup.
            now: aware UTC.
            is_replacing: whether what is in the database now may be lost.

        Raises:
            CannotBackUp: it does not fit, or something would be lost.
            Unsealable: no key opens it, or it was changed.
        """
        self._refuse_loss(now, is_replacing)
        with tempfile.TemporaryDirectory(dir=self._work_dir) as name:
            folder = Path(name)
            self._unseal(path, folder)
            manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
            self._check(manifest)
            load(self._database.engine, folder / _DATABASE)
            self._place_files(folder)
        self._database.close()
        migrate.upgrade(self._database)
        with self._database.begin() as connection:
            waiting = outbox.c.status.in_((QUEUED, SENDING))
            fresh = {"status": CHECKING, "tried_at": outbox.c.created_at, "due_at": now, "looks": 0, "claimed_until": None}
            in_doubt = connection.execute(update(outbox).where(waiting).values(fresh)).rowcount
            connection.execute(job_runs.delete().where(job_runs.c.outcome == "alive"))
        return Kept(manifest["made_at"], manifest["revision"], manifest["files"], in_doubt)

    @property
    def _kind(self) -> str:
        return self._database.engine.dialect.name

    def _revision(self) -> str:
        with self._database.read() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        if found is None:
            raise CannotBackUp("There is nothing to back up yet; `flask db upgrade` makes the tables.")
        return found

    def _refuse_loss(self, now: datetime, is_replacing: bool) -> None:
        if is_empty(self._database.engine):
            return
        if not is_replacing:
            raise CannotBackUp("The database is not empty. Back it up first, then restore with --replace.")
        with self._database.read() as connection:
            has_signs = inspect(connection).has_table(job_runs.name)
        if has_signs and living_workers(self._database, now):
            raise CannotBackUp("A worker is running. Stop the worker and the web server, then restore.")

    def _check(self, manifest: dict[str, Any]) -> None:
        if manifest.get("format") != FORMAT:
            raise CannotBackUp("This backup was made by another version of the hotline; use that one.")
        if manifest["database"] != self._kind:
            raise CannotBackUp(f"This backup is of {manifest['database']}, and DATABASE_URL names {self._kind}; they must agree.")
        try:
            ScriptDirectory(str(migrate.FOLDER)).get_revision(manifest["revision"])
        except CommandError:
            raise CannotBackUp("This backup was made by a newer version of the hotline; install that one first.") from None

    def _seal(self, part: Path, files: Sequence[tuple[str, Path]]) -> None:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            sealed = SealedWriter(file, self._keys[0])
            with tarfile.open(fileobj=cast(IO[bytes], sealed), mode="w|", format=tarfile.PAX_FORMAT) as archive:
                for name, source in files:
                    archive.add(source, name, recursive=False)
            sealed.close()
            file.flush()
            os.fsync(file.fileno())

    def _unseal(self, path: Path, folder: Path) -> None:
        try:
            with path.open("rb") as file:
                sealed = SealedReader(file, self._keys)
                with tarfile.open(fileobj=cast(IO[bytes], sealed), mode="r|") as archive:
                    archive.extractall(folder, filter="data")
                # The end, too, must be the one that was sealed.
                while sealed.read(1 << 20):
                    pass
        except tarfile.TarError:
            raise CannotBackUp("This backup cannot be read; take another one.") from None
        except OSError as error:
            raise CannotBackUp(f"The backup cannot be read: {error.strerror}.") from None

    def _place_files(self, folder: Path) -> None:
        for name, target in self._folders.items():
            for file in sorted((folder / name).rglob("*")):
                if file.is_file():
                    place = target / PurePosixPath(file.relative_to(folder / name))
                    place.parent.mkdir(parents=True, exist_ok=True)
                    # Not a rename: the folder may be on another disk.
                    place.write_bytes(file.read_bytes())
