"""Tables of staff: accounts, roles, sessions and how often somebody failed to sign in."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, LargeBinary, String, Table, UniqueConstraint

from hotline.store.columns import UtcDateTime, id_column, metadata, reference

staff_accounts = Table(
    "staff_accounts",
    metadata,
    id_column(),
    Column("name", String(40), nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    # Set while the password is a one-time one: it must be changed, and is worth nothing after this time.
    Column("one_time_until", UtcDateTime),
    Column("totp_secret_encrypted", LargeBinary),
    # The newest thirty-second step a code was taken for; an older or equal one is a replay.
    Column("totp_last_step", Integer),
    Column("language", String(8)),
    Column("disabled_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_sign_in_at", UtcDateTime),
)

staff_roles = Table(
    "staff_roles",
    metadata,
    id_column(),
    reference("account_id", "staff_accounts"),
    Column("role", String(20), nullable=False),
    UniqueConstraint("account_id", "role"),
)

staff_recovery_codes = Table(
    "staff_recovery_codes",
    metadata,
    id_column(),
    reference("account_id", "staff_accounts"),
    Column("code_hash", String(64), nullable=False),
    Column("used_at", UtcDateTime),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    id_column(),
    reference("account_id", "staff_accounts"),
    # SHA-256 of the random id in the cookie: who reads the database cannot sign in with it.
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("stage", String(16), nullable=False),
    Column("device", String(40), nullable=False),
    Column("destination", String(200)),
    Column("enrolment_encrypted", LargeBinary),
    Column("notices", JSON, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

staff_throttles = Table(
    "staff_throttles",
    metadata,
    # Pseudonym of an account name or of a network address.
    Column("key", String(80), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_failed_at", UtcDateTime, nullable=False),
    Column("locked_until", UtcDateTime),
)
