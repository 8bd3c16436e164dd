"""Export and import in the studio and by command: looked at before it is stored, kept for an hour, no way around roles."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from hotline.cli import register_commands
from hotline.knowledge.exchange import Upload
from hotline.web.factory import MAX_REQUEST_BYTES
from hotline.web.studio.transfer import MAX_UPLOAD_BYTES
from tests.conftest import BASE_URL, Clock, Hotline
from tests.knowledge.test_exchange import GERMAN, NEW_SHORT, TOPIC, Desk, desk_of, set_cell
from tests.web.staff import open_session, sign_in
from tests.web.test_studio import Person

TRANSFER = "/studio/transfer"


@pytest.fixture
def desk(quick_hotline: Hotline) -> Desk:
    """The hotline, without a recogniser of languages in its exchange."""
    made = desk_of(quick_hotline)
    vars(quick_hotline.services)["exchange"] = made.exchange
    return made


@pytest.fixture
def someone(desk: Desk) -> Callable[..., Person]:
    """Signs people in by their roles."""
    return lambda *roles, name="anna": Person(sign_in(desk.hotline, name, roles))


def send(person: Person, upload: Upload, **form: str) -> TestResponse:
    """Upload a file by the form."""
    token = re.search(r'name="csrf_token" value="([^"]*)"', person.open(TRANSFER))
    assert token is not None
    data = {"csrf_token": token[1], "file": (io.BytesIO(upload.data), upload.name), **form}
    return person.client.post(TRANSFER, data=data, base_url=BASE_URL, headers={"Origin": BASE_URL})


def changed_file(desk: Desk) -> Upload:
    """A workbook with one changed text and one changed fact."""

    def change(sheet: str, row: dict[str, str]) -> None:
        set_cell("texts", GERMAN, short=NEW_SHORT)(sheet, row)
        set_cell("facts", {"key": "reag.startup_adult"}, value="1234")(sheet, row)

    return desk.workbook(change)


def test_what_would_change_is_shown_before_it_is_stored(desk: Desk, someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    answer = send(anna, changed_file(desk), is_for_review="yes")
    assert answer.status_code == 302
    preview = answer.headers["Location"]
    assert "Entwürfe: 1, Fakten: 1, Artikel: 0, Fehler: 0" in anna.open(preview)
    shown = desk.shown()
    assert shown is not None
    assert shown.state == "published", "nothing is stored yet"
    assert anna.send(f"{preview}/confirm", preview).status_code == 302
    shown = desk.shown()
    assert shown is not None
    assert (shown.short, shown.state, shown.author) == (NEW_SHORT, "in_review", "anna")
    assert desk.hotline.rows("content_uploads") == []
    assert "Übernommen. Entwürfe: 1" in anna.open(TRANSFER)


def test_errors_are_a_table_and_nothing_is_kept(desk: Desk, someone: Callable[..., Person]) -> None:
    answer = send(someone("editor"), desk.workbook(set_cell("texts", GERMAN, short="x" * 300)))
    page = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    for cell in ("<td>texts</td>", "<td>short</td>", "300 Zeichen; höchstens 201", "Es wurde nichts gespeichert"):
        assert cell in page
    assert desk.hotline.rows("content_uploads") == []


def test_an_upload_is_gone_after_an_hour_and_is_nobody_elses(desk: Desk, someone: Callable[..., Person]) -> None:
    anna, ben = someone("editor"), someone("editor", name="ben")
    preview = send(anna, changed_file(desk)).headers["Location"]
    assert ben.client.get(preview, base_url=BASE_URL).status_code == 302
    assert "Stunde" in ben.open(TRANSFER)
    clock = Clock()
    vars(desk.hotline.services.uploads)["_clock"] = clock
    (row,) = desk.hotline.rows("content_uploads")
    clock.now = row["uploaded_at"] + timedelta(minutes=59)  # type: ignore[operator]
    desk.hotline.services.uploads.sweep()
    assert len(desk.hotline.rows("content_uploads")) == 1
    clock.move(minutes=2)
    assert anna.client.get(preview, base_url=BASE_URL).status_code == 302
    assert desk.hotline.rows("content_uploads") == []


def test_what_somebody_changed_between_preview_and_confirmation_is_not_overwritten(
    desk: Desk, someone: Callable[..., Person]
) -> None:
    anna = someone("editor")
    preview = send(anna, changed_file(desk)).headers["Location"]
    form = dict(re.findall(r'name="(csrf_token)" value="([^"]*)"', anna.open(preview)))
    desk.draft("ben", short="Bens Worte.")
    answer = anna.client.post(f"{preview}/confirm", data=form, base_url=BASE_URL, headers={"Origin": BASE_URL})
    assert answer.status_code == 409
    assert "ben hat einen offenen Entwurf" in answer.get_data(as_text=True)
    assert desk.hotline.rows("fact_changes") == [], "not even the fact, which nobody touched"


def test_a_file_that_was_discarded_changes_nothing(desk: Desk, someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    preview = send(anna, changed_file(desk)).headers["Location"]
    assert anna.send(f"{preview}/cancel", preview).status_code == 302
    assert desk.hotline.rows("content_uploads") == []
    assert "Verworfen" in anna.open(TRANSFER)


@pytest.mark.parametrize("query", ["format=xlsx", "format=csv", "format=csv&sheet=facts", "format=po&language=ar"])
def test_every_kind_of_export_is_a_file(someone: Callable[..., Person], query: str) -> None:
    answer = someone("editor").client.get(f"{TRANSFER}/export?{query}", base_url=BASE_URL)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=content")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("query", "status"), [("format=po", 422), ("format=xliff&language=de", 422), ("format=x", 404)])
def test_an_export_that_cannot_be_says_what_to_choose(someone: Callable[..., Person], query: str, status: int) -> None:
    assert someone("editor").client.get(f"{TRANSFER}/export?{query}", base_url=BASE_URL).status_code == status


def test_only_this_route_takes_more_than_a_form_and_not_without_end(desk: Desk, someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    large = Upload("texts.csv", b"x" * (MAX_REQUEST_BYTES * 2))
    assert send(anna, large).status_code == 422, "read, and found to be no table of ours"
    answer = anna.client.post(
        TRANSFER, data=b"x" * (MAX_UPLOAD_BYTES + 1), content_type="multipart/form-data; boundary=x", base_url=BASE_URL
    )
    assert answer.status_code == 413
    assert "zu groß" in answer.get_data(as_text=True)
    elsewhere = anna.client.post("/studio/texts/luggage/de", data={"title": "x" * (MAX_REQUEST_BYTES + 1)}, base_url=BASE_URL)
    assert elsewhere.status_code == 413


def test_who_may_only_look_can_export_and_not_import(desk: Desk, someone: Callable[..., Person]) -> None:
    person = someone("counsellor")
    assert 'name="file"' not in person.open(TRANSFER)
    token = re.search(r'name="csrf_token" value="([^"]*)"', person.open(TRANSFER))
    assert token is not None
    data = {"csrf_token": token[1], "file": (io.BytesIO(b"x"), "texts.csv")}
    answer = person.client.post(TRANSFER, data=data, base_url=BASE_URL, headers={"Origin": BASE_URL})
    assert answer.status_code == 403


# -- commands ------------------------------------------------------------------------------------------------------------------


def test_an_operator_exports_and_imports_for_an_editor(desk: Desk, tmp_path: Path) -> None:
    register_commands(desk.hotline.app, desk.hotline.services)
    open_session(desk.hotline, "anna", ["editor"])
    runner, path = desk.hotline.app.test_cli_runner(), tmp_path / "content.xlsx"
    assert runner.invoke(args=["content", "export", str(path)]).exit_code == 0
    path.write_bytes(changed_file(desk).data)
    done = runner.invoke(args=["content", "import", str(path), "--author", "anna"])
    assert done.output.startswith("1 drafts, 1 proposed facts, 0 changed articles")
    shown = desk.shown()
    assert shown is not None
    assert (shown.short, shown.author) == (NEW_SHORT, "anna")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "{}/a.po"], "need a --language"),
        (["export", "{}/a.csv"], "choose it with --sheet"),
        (["export", "{}/a.po", "--language", "xx"], "need a --language"),
        (["export", "{}/no/a.xlsx"], "cannot be written"),
        (["import", "{}/a.xlsx", "--author", "nobody"], "no account"),
        (["import", "{}/a.xlsx", "--author", "anna"], "cannot be read"),
        (["import", "{}/bad.csv", "--author", "anna"], "nothing was stored"),
    ],
)
def test_a_command_that_cannot_be_says_why(desk: Desk, tmp_path: Path, words: list[str], said: str) -> None:
    register_commands(desk.hotline.app, desk.hotline.services)
    open_session(desk.hotline, "anna", ["editor"])
    (tmp_path / "bad.csv").write_text(f"topic,language\n{TOPIC},de\n", encoding="utf-8")
    result = desk.hotline.app.test_cli_runner().invoke(args=["content", *(word.format(tmp_path) for word in words)])
    assert result.exit_code == 1
    assert said in result.stderr
