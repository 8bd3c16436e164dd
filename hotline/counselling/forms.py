"""Forms as data: what a counsellor fills in, version by version. A version never changes, so old answers stay readable.

They come from ``content/forms/*.yml``; supervisors change the options of a list on a screen, which makes a new version too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from sqlalchemy import Connection, select

from hotline.errors import CannotStart
from hotline.privacy.audit import note_action
from hotline.store.database import Database
from hotline.store.tables import form_versions
from hotline.yaml_file import read_yaml

# one and many are answered by codes; a hint is free text that belongs to nobody.
FieldKind = Literal["one", "many", "hint"]
Source = Literal["topics", "countries", "lands"]
WRAP_UP = "wrap_up"
LANGUAGES = ("de", "en")
LONGEST_LABEL = 80
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIELD_KEYS = frozenset({"kind", "required", "options", "options_from", *LANGUAGES})
ChangeProblem = Literal["no_label", "label_taken", "too_long", "unknown", "changed_meanwhile"]


class BrokenForm(CannotStart):
    """A form cannot be used. The message names the file, the place and the remedy."""


class CannotChangeForm(Exception):
    """An option cannot be changed so. ``problem`` says why, for the screen."""

    def __init__(self, problem: ChangeProblem) -> None:
        super().__init__(f"The form cannot be changed so: {problem}.")
        self.problem = problem


@dataclass(frozen=True)
class Option:
    """One answer: its code, which is counted, and its names."""

    code: str
    labels: Mapping[str, str]
    is_retired: bool = False


@dataclass(frozen=True)
class Field:
    """One question. Its options stand in the form, or come from a ``source`` the hotline knows."""

    code: str
    labels: Mapping[str, str]
    kind: FieldKind
    options: tuple[Option, ...] = ()
    source: Source | None = None
    is_required: bool = False

    @property
    def on_offer(self) -> tuple[Option, ...]:
        """The options of today."""
        return tuple(option for option in self.options if not option.is_retired)


@dataclass(frozen=True)
class Form:
    """A form. ``id`` and ``version`` are 0 while it is not stored."""

    name: str
    fields: tuple[Field, ...]
    id: int = 0
    version: int = 0

    def field(self, code: str) -> Field | None:
        """A field by its code."""
        return next((field for field in self.fields if field.code == code), None)


@dataclass(frozen=True)
class Author:
    """Who changes a form."""

    id: int
    name: str


class Forms:
    """The forms of the database; one that is not there yet is taken from its file."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Hold what is needed.

        Args:
            database: knows how to insert once.
            folder: the files, ``<form>.yml`` each.
        """
        self._database = database
        self._folder = folder

    def current(self, connection: Connection, name: str = WRAP_UP) -> Form:
        """The newest version of a form; that of its file, with the id 0, while none is stored.

        Raises:
            BrokenForm: it is neither in the database nor a file.
        """
        query = select(form_versions).where(form_versions.c.form == name).order_by(form_versions.c.version.desc()).limit(1)
        row = connection.execute(query).one_or_none()
        return read_form_file(self._folder / f"{name}.yml") if row is None else _from_row(row)

    def of_version(self, connection: Connection, form_version_id: int) -> Form:
        """A version by its id, also one that was replaced."""
        return _from_row(connection.execute(select(form_versions).where(form_versions.c.id == form_version_id)).one())

    def stored(self, connection: Connection, now: datetime, name: str = WRAP_UP) -> Form:
        """The newest version, stored: what answers refer to."""
        form = self.current(connection, name)
        return form if form.id else self._store(connection, form, 1, None, now)

    def load(self, connection: Connection, form: Form, now: datetime) -> Form | None:
        """Make a form of a file the newest version.

        Returns:
            The new version; None when it says what the newest one says already.

        Raises:
            BrokenForm: a field or an option of the newest version is missing, which would leave answers unreadable in lists.
        """
        newest = self.stored(connection, now, form.name)
        # Whoever changed a name on the screen has made a version; the file must know of it.
        problems = list(find_lost(newest, form))
        if problems:
            raise BrokenForm(problems[0])
        if form.fields == newest.fields:
            return None
        stored = self._store(connection, form, newest.version + 1, None, now)
        note_action(connection, "operator", "load_form", f"form {form.name} {stored.version}", now)
        return stored

    def add_option(
        self, connection: Connection, seen: int, field: str, labels: Mapping[str, str], author: Author, now: datetime
    ) -> Form:
        """Offer one more answer; its code is made from its English name.

        Args:
            connection: a unit of work.
            seen: the version somebody looked at.
            field: code of a list.
            labels: name by language.
            author: who does it.
            now: aware UTC.

        Raises:
            CannotChangeForm: the name is missing, too long or taken, or somebody else has changed the form meanwhile.
        """
        found = self._expect(connection, seen, field, now)
        names = _expect_labels(found[1], labels)
        taken = {option.code for option in found[1].options}
        code = _free_code(names["en"], taken)
        return self._replace(connection, *found, (*found[1].options, Option(code, names)), "add_form_option", author, now)

    def rename_option(
        self,
        connection: Connection,
        seen: int,
        field: str,
        code: str,
        labels: Mapping[str, str],
        author: Author,
        now: datetime,
    ) -> Form:
        """Give an answer other names: what was counted under its code stays together. Arguments as of ``add_option``.

        Raises:
            CannotChangeForm: see ``add_option``; or there is no such answer.
        """
        found = self._expect(connection, seen, field, now)
        names = _expect_labels(found[1], labels, code)
        options = _changed(found[1], code, labels=names)
        return self._replace(connection, *found, options, "rename_form_option", author, now)

    def set_retired(
        self, connection: Connection, seen: int, field: str, code: str, author: Author, now: datetime, *, is_retired: bool
    ) -> Form:
        """Offer an answer no more, or again. Arguments as of ``add_option``.

        Raises:
            CannotChangeForm: there is no such answer, or somebody else has changed the form meanwhile.
        """
        found = self._expect(connection, seen, field, now)
        options = _changed(found[1], code, is_retired=is_retired)
        action = "retire_form_option" if is_retired else "restore_form_option"
        return self._replace(connection, *found, options, action, author, now)

    def _expect(self, connection: Connection, seen: int, field: str, now: datetime) -> tuple[Form, Field]:
        form = self.stored(connection, now)
        wanted = form.field(field)
        if wanted is None or wanted.source is not None or wanted.kind == "hint":
            raise CannotChangeForm("unknown")
        # A page opened before anything was stored shows the file, which is version 1 by now.
        if (seen or 1) != form.version:
            raise CannotChangeForm("changed_meanwhile")
        return form, wanted

    def _replace(
        self,
        connection: Connection,
        form: Form,
        field: Field,
        options: tuple[Option, ...],
        action: str,
        author: Author,
        now: datetime,
    ) -> Form:
        fields = tuple(replace(field, options=options) if one.code == field.code else one for one in form.fields)
        stored = self._store(connection, replace(form, fields=fields), form.version + 1, author.id, now)
        note_action(connection, author.name, action, f"form {form.name} {stored.version}", now)
        return stored

    def _store(self, connection: Connection, form: Form, version: int, author_id: int | None, now: datetime) -> Form:
        row = {"form": form.name, "version": version, "definition": to_dict(form), "author_id": author_id, "created_at": now}
        new_id = self._database.insert_once(connection, form_versions, row, "form", "version")
        if new_id is not None:
            return replace(form, id=new_id, version=version)
        stored = self.current(connection, form.name)
        if stored.fields != form.fields:
            raise CannotChangeForm("changed_meanwhile")
        return stored


def read_form_file(path: Path) -> Form:
    """Read a form from a file such as ``content/forms/wrap_up.yml``.

    Raises:
        BrokenForm: it is missing, no YAML, or says something that cannot be.
    """
    try:
        content = read_yaml(path)
        return from_dict(content)
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BrokenForm(f"{path}: must hold `form` and `fields`, each with `de`, `en`, `kind` and options ({error}).") from None


def from_dict(content: Mapping[str, Any]) -> Form:
    """A form from its definition.

    Raises:
        ValueError: something in it cannot be; the message names the field.
        KeyError: it lacks a part.
    """
    return Form(str(content["form"]), tuple(_field(str(code), raw) for code, raw in content["fields"].items()))


def to_dict(form: Form) -> dict[str, Any]:
    """A form as its definition; ``from_dict`` reads it."""
    return {"form": form.name, "fields": {field.code: _field_dict(field) for field in form.fields}}


def find_lost(newest: Form, wanted: Form) -> Iterator[str]:
    """What a new version would lose of the newest one, one sentence each."""
    for field in newest.fields:
        kept = wanted.field(field.code)
        if kept is None or kept.kind != field.kind or kept.source != field.source:
            yield f"{newest.name}: the field {field.code!r} was there before; keep it with its kind and source."
            continue
        codes = {option.code for option in kept.options}
        for option in field.options:
            if option.code not in codes:
                yield f"{newest.name}, {field.code}: the option {option.code!r} was there before; keep it with `retired: true`."


def _from_row(row: Any) -> Form:
    return replace(from_dict(row.definition), id=row.id, version=row.version)


def _field(code: str, raw: Mapping[str, Any]) -> Field:
    kind, source = raw["kind"], raw.get("options_from")
    options = tuple(_option(code, str(name), one) for name, one in raw.get("options", {}).items())
    unknown = set(raw) - _FIELD_KEYS
    if unknown or not _CODE.fullmatch(code):
        raise ValueError(f"{code}: unknown key {sorted(unknown)[0]!r}" if unknown else f"{code!r} is no code")
    if kind not in get_args(FieldKind) or (source is not None and source not in get_args(Source)):
        raise ValueError(f"{code}: kind is one, many or hint; options_from is topics, countries or lands")
    if (kind == "hint") != (not options and source is None):
        raise ValueError(f"{code}: a list needs options or options_from, a hint has none")
    return Field(code, _labels(code, raw), kind, options, source, bool(raw.get("required", False)))


def _option(field: str, code: str, raw: Mapping[str, Any]) -> Option:
    if not _CODE.fullmatch(code):
        raise ValueError(f"{field}: {code!r} is no code; use small letters, figures and _")
    return Option(code, _labels(f"{field}, {code}", raw), bool(raw.get("retired", False)))


def _labels(place: str, raw: Mapping[str, Any]) -> dict[str, str]:
    labels = {language: str(raw.get(language, "")).strip() for language in LANGUAGES}
    if not all(0 < len(label) <= LONGEST_LABEL for label in labels.values()):
        raise ValueError(f"{place}: needs a name in {' and '.join(LANGUAGES)}, {LONGEST_LABEL} characters at most")
    return labels


def _field_dict(field: Field) -> dict[str, Any]:
    written: dict[str, Any] = {**field.labels, "kind": field.kind}
    if field.is_required:
        written["required"] = True
    if field.source is not None:
        written["options_from"] = field.source
    if field.options:
        written["options"] = {
            option.code: {**option.labels, **({"retired": True} if option.is_retired else {})} for option in field.options
        }
    return written


def _expect_labels(field: Field, labels: Mapping[str, str], of_code: str | None = None) -> dict[str, str]:
    names = {language: " ".join(labels.get(language, "").split()) for language in LANGUAGES}
    if not all(names.values()):
        raise CannotChangeForm("no_label")
    if any(len(name) > LONGEST_LABEL for name in names.values()):
        raise CannotChangeForm("too_long")
    others = [option for option in field.options if option.code != of_code]
    if any(option.labels[language].casefold() == names[language].casefold() for option in others for language in LANGUAGES):
        raise CannotChangeForm("label_taken")
    return names


def _free_code(label: str, taken: Collection[str]) -> str:
    plain = unicodedata.normalize("NFKD", label.casefold()).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:36] or "option"
    base = base if base[0].isalpha() else f"o_{base}"
    code, number = base, 2
    while code in taken:
        code, number = f"{base}_{number}", number + 1
    return code


def _changed(field: Field, code: str, **changes: Any) -> tuple[Option, ...]:
    if all(option.code != code for option in field.options):
        raise CannotChangeForm("unknown")
    return tuple(replace(option, **changes) if option.code == code else option for option in field.options)
