"""Recordings in the studio: who speaks what in which language, and one prompt with its recordings."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from hotline.dialogue.prompt_coverage import GROUPS, STATES, Cell, Coverage
from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.library import Library
from hotline.knowledge.problems import Refused
from hotline.knowledge.recordings import IN_REVIEW, LIVE, LONGEST_NOTE, NewRecording
from hotline.knowledge.starter import SOURCE_LANGUAGE
from hotline.telephony.audio import content_hash, text_hash
from hotline.telephony.audio_build import synthesise
from hotline.telephony.sound_intake import MAX_BYTES, MAX_SECONDS, UnusableSound, take_in
from hotline.web.access import access, services
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key
from hotline.web.studio.choices import paged

recordings = Blueprint("studio_recordings", __name__, url_prefix="/studio/recordings")

UNUSABLE, CONFLICT = 422, 409
# The form around the file; a file that is a little too large is told so, one that is much too large is not read.
MAX_UPLOAD_BYTES = MAX_BYTES + 4_000_000
STATE_NAMES = {
    "human": screen_key("studio.prompt_human"),
    "outdated": screen_key("studio.prompt_outdated"),
    "voice": screen_key("studio.prompt_voice"),
    "synthetic": screen_key("studio.prompt_synthetic"),
    "missing": screen_key("studio.prompt_missing"),
}
GROUP_NAMES = {
    "text": screen_key("studio.prompt_group_text"),
    "language": screen_key("studio.prompt_group_language"),
    "key": screen_key("studio.prompt_group_key"),
    "answer": screen_key("studio.prompt_group_answer"),
    "digit": screen_key("studio.prompt_group_digit"),
    "emergency": screen_key("studio.prompt_group_emergency"),
    "centre": screen_key("studio.prompt_group_centre"),
    "country": screen_key("studio.prompt_group_country"),
}
TAKE_NAMES = {
    "in_review": screen_key("studio.take_in_review"),
    "live": screen_key("studio.take_live"),
    "outdated": screen_key("studio.take_outdated"),
    "replaced": screen_key("studio.take_replaced"),
    "removed": screen_key("studio.take_removed"),
}
# What is said of the phone now, for each who may say it.
SPOKEN_BY = {
    "human": screen_key("studio.spoken_by_human"),
    "voice": screen_key("studio.spoken_by_voice"),
    "synthetic": screen_key("studio.spoken_by_synthetic"),
    "missing": screen_key("studio.spoken_by_nobody"),
}
WAITING = "waiting"
UPLOADED = screen_key("studio.recording_uploaded")
APPROVED = screen_key("studio.recording_approved")
REMOVED = screen_key("studio.recording_removed")


@dataclass(frozen=True)
class Filter:
    """Which prompts are shown; empty means all."""

    group: str
    language: str
    state: str
    wanted: str

    def takes(self, cell: Cell) -> bool:
        """Whether a prompt is among those looked for."""
        return (
            self.group in ("", cell.group)
            and self.language in ("", cell.language)
            and (self.state in ("", cell.state) or (self.state == WAITING and cell.is_waiting))
            and self.wanted.casefold() in f"{cell.name} {cell.text}".casefold()
        )


@recordings.get("")
@access("staff", permission="content.see")
def show() -> str:
    """How far each language is, and every prompt in every language."""
    hotline = services()
    values = {name: request.args.get(name, "") for name in ("group", "language", "state")}
    wanted = Filter(
        group=values["group"] if values["group"] in GROUPS else "",
        language=values["language"] if values["language"] in hotline.live_languages else "",
        state=values["state"] if values["state"] in (*STATES, WAITING) else "",
        wanted=request.args.get("q", "").strip(),
    )
    with hotline.database.read() as connection:
        library = _library(connection)
        coverage = hotline.prompt_coverage.read(connection, library)
    shown = [code for code in coverage.languages if wanted.language in ("", code)]
    rows = [row for row in coverage.rows.values() if any(wanted.takes(row[code]) for code in shown if code in row)]
    return render_staff(
        "studio/recordings.html",
        page=paged(rows),
        wanted=wanted,
        kept={"group": wanted.group, "language": wanted.language, "state": wanted.state, "q": wanted.wanted},
        languages_shown=shown,
        all_languages=coverage.languages,
        source_language=SOURCE_LANGUAGE,
        counts={code: coverage.counts(code) for code in coverage.languages},
        waiting={code: sum(cell.is_waiting for cell in coverage.cells(code)) for code in coverage.languages},
        spoken=hotline.speakable.among(library),
        forgotten=coverage.forgotten,
        states=STATES,
        state_names=STATE_NAMES,
        group_names=GROUP_NAMES,
        names=hotline.languages,
    )


@recordings.get("/prompts/<language>/<prompt>")
@access("staff", permission="content.see")
def prompt_page(language: str, prompt: str) -> str:
    """One prompt: its words, who speaks them, its recordings."""
    return _page(language, prompt)


@recordings.get("/prompts/<language>/<prompt>/spoken.wav")
@access("staff", permission="content.see")
def spoken(language: str, prompt: str) -> Response:
    """What is played on the phone; where Twilio's voice speaks, espeak-ng gives an idea of the words."""
    hotline, cell = services(), _cell(language, prompt)
    return _sound(hotline.audio.read(language, cell.text) or synthesise(hotline.languages[language], cell.text))


@recordings.post("/prompts/<language>/<prompt>")
@access("staff", permission="recordings.edit", max_bytes=MAX_UPLOAD_BYTES)
def upload(language: str, prompt: str) -> AnyResponse | tuple[str, int]:
    """Take a recording in; somebody else approves it."""
    cell, form = _cell(language, prompt), request.form
    content = _read_file()
    if text_hash(cell.text) != form.get("text_hash", ""):
        # They have read other words aloud than people are to hear now.
        return _page(language, prompt, Refused("sound_old_words")), CONFLICT
    try:
        if form.get("speaker_consents") != "yes":
            raise Refused("sound_consent")
        if content is None:
            raise Refused("sound_none")
        sound = take_in(content)
        new = NewRecording(
            language, prompt, cell.text, text_hash(cell.text), sound.data, content_hash(sound.data), sound.milliseconds,
            form.get("note", "").strip(), speaker_consents=True,
        )  # fmt: skip
        services().recordings.add(new, current_staff().name)
    except UnusableSound as error:
        return _page(language, prompt, Refused(error.code, (), **error.values)), UNUSABLE
    except Refused as refused:
        return _page(language, prompt, refused), UNUSABLE
    notify(UPLOADED)
    return redirect(url_for("studio_recordings.prompt_page", language=language, prompt=prompt))


@recordings.get("/takes/<int:recording_id>.wav")
@access("staff", permission="content.see")
def listen(recording_id: int) -> Response:
    """A recording, approved or not."""
    return _sound(services().recordings.sound(recording_id))


@recordings.post("/takes/<int:recording_id>/approve")
@access("staff", permission="content.approve")
def approve(recording_id: int) -> AnyResponse | tuple[str, int]:
    """Let people hear a recording."""
    row = _row(recording_id)
    cell = _cell(row.language, row.prompt)
    try:
        services().recordings.approve(recording_id, text_hash(cell.text), current_staff().name)
    except Refused as refused:
        return _page(row.language, row.prompt, refused), CONFLICT
    notify(APPROVED)
    return redirect(url_for("studio_recordings.prompt_page", language=row.language, prompt=row.prompt))


@recordings.post("/takes/<int:recording_id>/remove")
@access("staff", permission="recordings.edit")
def remove(recording_id: int) -> AnyResponse | tuple[str, int]:
    """Delete a recording at once."""
    row = _row(recording_id)
    try:
        services().recordings.remove(recording_id, current_staff().name)
    except Refused as refused:
        return _page(row.language, row.prompt, refused), CONFLICT
    notify(REMOVED)
    if _coverage(row.language).find(row.language, row.prompt) is None:
        return redirect(url_for("studio_recordings.show"))
    return redirect(url_for("studio_recordings.prompt_page", language=row.language, prompt=row.prompt))


def _sound(data: bytes | None) -> Response:
    if data is None:
        abort(404)
    return Response(data, content_type="audio/wav")


def _library(connection: Connection) -> Library:
    return services().library.current(connection, today_in_germany())


def _coverage(language: str) -> Coverage:
    """Of one language and the one its texts come from."""
    hotline = services()
    with hotline.database.read() as connection:
        return hotline.prompt_coverage.read(connection, _library(connection), (language, SOURCE_LANGUAGE))


def _cell(language: str, prompt: str) -> Cell:
    found = _coverage(language).find(language, prompt)
    if found is None:
        abort(404)
    return found


def _row(recording_id: int) -> Any:
    with services().database.read() as connection:
        found = services().recordings.find(connection, recording_id)
    if found is None:
        abort(404)
    return found


def _page(language: str, prompt: str, refused: Refused | None = None) -> str:
    hotline, coverage = services(), _coverage(language)
    cell = coverage.find(language, prompt)
    if cell is None:
        abort(404)
    source = coverage.find(SOURCE_LANGUAGE, prompt)
    with hotline.database.read() as connection:
        takes = hotline.recordings.of_prompt(connection, language, prompt)
    now = text_hash(cell.text)
    played = hotline.audio.find(language, cell.text)
    is_played = played is not None and played.kind == "recording"
    return render_staff(
        "studio/recording.html",
        cell=cell,
        source=source if language != SOURCE_LANGUAGE else None,
        source_language=hotline.languages[SOURCE_LANGUAGE],
        text_language=hotline.languages[language],
        takes=[(take, "outdated" if take.state == LIVE and take.text_hash != now else take.state) for take in takes],
        take_names=TAKE_NAMES,
        state_names=STATE_NAMES,
        group_names=GROUP_NAMES,
        spoken_by=SPOKEN_BY["human" if is_played else cell.machine],
        is_coming=cell.state == "human" and not is_played,
        now=now,
        in_review=IN_REVIEW,
        me=current_staff().name,
        refused=refused,
        unsaved=request.form if refused else {},
        max_megabytes=MAX_BYTES // 1_000_000,
        max_seconds=MAX_SECONDS,
        longest_note=LONGEST_NOTE,
    )


def _read_file() -> bytes | None:
    """What was uploaded; None when nothing was chosen. A large file lies in a temporary one, which is gone after this."""
    file = request.files.get("file")
    if file is None:
        return None
    with closing(file):
        return file.read() if file.filename else None
