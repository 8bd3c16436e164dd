"""Keys change while the hotline runs: nothing is forgotten, nothing needs the old key afterwards, and it can stop half-way."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import Result
from cryptography.fernet import Fernet
from sqlalchemy import JSON, LargeBinary, update

from hotline.cli import register_commands
from hotline.privacy.cipher import Cipher
from hotline.privacy.rotation import KeyRotation, PseudonymsLost, Sealed, sealed_columns
from hotline.staff.accounts import StaffAccounts
from hotline.store.tables import conversations, metadata, staff_accounts
from tests.conftest import Hotline
from tests.privacy.matters import store_matter
from tests.web import twilio

# Bytes that are no secret of anybody: files of editors on their way in.
OPEN_BYTES = {"content_uploads.data", "recordings.sound"}
# Encrypted columns in which nothing is here.
NOT_FILLED = {"questions.text_encrypted", "staff_sessions.enrolment_encrypted"}


def _live(hotline: Hotline, amount: int = 1) -> None:
    """People write, call and are to be called back, with all that may be noted of it; a member of staff has a device."""
    store_matter(hotline, twilio.PERSON, "a", "ich komme aus Kosovo")
    twilio.call(hotline, "CA1")
    for number in range(amount):
        twilio.text(hotline, f"SM1{number}", "Guten Tag", From=f"+49151777{number:05}")
    with hotline.services.database.begin() as connection:
        accounts = StaffAccounts(hotline.services.passwords)
        accounts.add(connection, "rita", ["editor"], None, "nobody", hotline.clock())
        connection.execute(update(staff_accounts).values(totp_secret_encrypted=hotline.services.cipher.encrypt("JBSWY3DP")))


def _renewed(hotline: Hotline, *keys: str) -> Cipher:
    return Cipher(keys, hotline.services.settings.pseudonym_key)


def _filled(hotline: Hotline, sealed: Sealed) -> bool:
    return any(sealed.tokens(row[sealed.column.name]) for row in hotline.rows(sealed.table.name))


def _opens_everything(hotline: Hotline, cipher: Cipher) -> int:
    tokens = []
    for sealed in sealed_columns():
        for row in hotline.rows(sealed.table.name):
            tokens += sealed.tokens(row[sealed.column.name]) if row[sealed.column.name] is not None else []
    for token in tokens:
        cipher.decrypt(token)
    return len(tokens)


def test_every_column_of_bytes_is_known_to_the_rotation_or_no_secret() -> None:
    known = {f"{sealed.table.name}.{sealed.column.name}" for sealed in sealed_columns()}
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, LargeBinary):
                assert f"{table.name}.{column.name}" in known | OPEN_BYTES, (
                    "name it …_encrypted, or say here that it is no secret"
                )
    assert isinstance(conversations.c.session.type, JSON)
    assert "conversations.session" in known


def test_after_a_rotation_the_old_key_opens_nothing_and_the_new_one_everything(hotline: Hotline) -> None:
    _live(hotline)
    (old,), new = hotline.services.settings.data_keys, Fernet.generate_key().decode()
    before = _opens_everything(hotline, hotline.services.cipher)
    empty = {str(sealed.column) for sealed in sealed_columns() if not _filled(hotline, sealed)}
    assert empty <= NOT_FILLED, "the test has something in every encrypted column, and rotates it"
    rotation = KeyRotation(hotline.services.database, _renewed(hotline, new, old))
    assert rotation.count() == {1: before}
    touched = list[tuple[str, int]]()
    assert rotation.rotate(lambda name, done: touched.append((name, done))) == before
    assert {"conversations.session", "messages.body_encrypted", "callbacks.number_encrypted"} <= {n for n, d in touched if d}
    rotation.finish()
    assert rotation.count() == {0: before}
    assert _opens_everything(hotline, _renewed(hotline, new)) == before
    # A hotline that knows the new key alone goes on where the person was.
    vars(hotline.services)["cipher"] = _renewed(hotline, new)
    assert KeyRotation(hotline.services.database, _renewed(hotline, old)).count() == {-1: before}


def test_a_rotation_that_was_stopped_goes_on_where_it_was(quick_hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.privacy.rotation.BATCH", 3)
    _live(quick_hotline, amount=8)
    (old,), new = quick_hotline.services.settings.data_keys, Fernet.generate_key().decode()
    rotation = KeyRotation(quick_hotline.services.database, _renewed(quick_hotline, new, old))
    total = rotation.count()[1]

    def stop(name: str, done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(stop)
    half = rotation.count()
    assert half[0]
    assert half[1]
    assert rotation.rotate(lambda name, done: None) == half[1]
    assert rotation.count() == {0: total}
    assert rotation.rotate(lambda name, done: None) == 0


def _run(hotline: Hotline, *words: str) -> Result:
    return hotline.app.test_cli_runner().invoke(args=["keys", *words])


def _with_keys(hotline: Hotline, *keys: str, **changed: Any) -> None:
    vars(hotline.services)["cipher"] = Cipher(keys, changed.get("pseudonym_key", hotline.services.settings.pseudonym_key))


def test_commands_lead_from_the_old_key_to_the_new_one_and_show_neither(quick_hotline: Hotline) -> None:
    register_commands(quick_hotline.app, quick_hotline.services)
    _live(quick_hotline)
    (old,), new = quick_hotline.services.settings.data_keys, Fernet.generate_key().decode()
    _with_keys(quick_hotline, new, old)
    shown = [_run(quick_hotline, "list")]
    assert "encrypts: 0 values" in shown[0].output
    shown.append(_run(quick_hotline, "finish"))
    assert "run `flask keys rotate`" in shown[-1].stderr
    assert shown[-1].exit_code == 1
    shown += [_run(quick_hotline, "rotate"), _run(quick_hotline, "finish")]
    assert "out of DATA_KEYS and restart" in shown[-1].output
    for result in shown:
        assert not [key for key in (old, new) if key in result.output]
    _with_keys(quick_hotline, Fernet.generate_key().decode())
    assert "a key is missing in DATA_KEYS" in _run(quick_hotline, "list").stderr


def test_another_key_of_pseudonyms_is_refused_with_the_reason(quick_hotline: Hotline) -> None:
    register_commands(quick_hotline.app, quick_hotline.services)
    _live(quick_hotline)
    _with_keys(quick_hotline, *quick_hotline.services.settings.data_keys, pseudonym_key="q" * 40)
    for command in ("list", "rotate"):
        refused = _run(quick_hotline, command)
        assert refused.exit_code == 1
        assert "PSEUDONYM_KEY is not the one" in refused.stderr
    with pytest.raises(PseudonymsLost):
        KeyRotation(quick_hotline.services.database, quick_hotline.services.cipher).check_pseudonyms()
