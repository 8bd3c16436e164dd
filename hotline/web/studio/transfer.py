"""Export and import of everything: choose what goes out; look at what a file would change before it does."""

from __future__ import annotations

import io
from pathlib import PurePath

from flask import Blueprint, Response, abort, redirect, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.exchange import FORMATS, Upload, Wanted
from hotline.knowledge.exchange_files import BrokenImport, ImportProblem
from hotline.knowledge.exchange_rows import SHEETS
from hotline.knowledge.import_plan import Importer, Plan
from hotline.knowledge.starter import SOURCE_LANGUAGE
from hotline.services import Services
from hotline.staff.sessions import StaffSession
from hotline.web.access import access, services
from hotline.web.ownership import owner_rule
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

transfer = Blueprint("studio_transfer", __name__, url_prefix="/studio/transfer")

MAX_UPLOAD_BYTES = 5_000_000
UNUSABLE, CONFLICT = 422, 409
# Who has more errors than this mends one cause of them first.
PROBLEMS_SHOWN = 200
LONGEST_NAME = 80
FORMAT_NAMES = {
    "xlsx": screen_key("studio.transfer_xlsx"),
    "csv": screen_key("studio.transfer_csv"),
    "po": screen_key("studio.transfer_po"),
    "xliff": screen_key("studio.transfer_xliff"),
}
SHEET_NAMES = {
    "texts": screen_key("studio.texts"),
    "articles": screen_key("studio.transfer_articles"),
    "sources": screen_key("studio.transfer_sources"),
    "facts": screen_key("studio.facts"),
}
STORED = screen_key("studio.transfer_stored")
CANCELLED = screen_key("studio.transfer_cancelled")
GONE = screen_key("studio.transfer_gone")
CHOOSE_LANGUAGE = screen_key("studio.transfer_choose_language")
CHOOSE_FILE = screen_key("studio.transfer_choose_file")


def _gone() -> AnyResponse:
    notify(GONE, "problem")
    return redirect(url_for("studio_transfer.show"))


@owner_rule("upload", "upload_id", _gone)
def is_own_upload(hotline: Services, session: StaffSession, upload_id: int) -> bool | None:
    """Whether a file that waits was sent by this person; of others there is none to be seen."""
    return True if hotline.uploads.find(session.account_id, upload_id) else None


@transfer.get("")
@access("staff", permission="content.see")
def show() -> str:
    """The two forms."""
    return _page()


@transfer.get("/export")
@access("staff", permission="content.see")
def export() -> Response | tuple[str, int]:
    """The file."""
    wanted = Wanted(request.args.get("format", ""), request.args.get("language", ""), request.args.get("sheet", ""))
    if (
        wanted.format not in FORMATS
        or wanted.language not in ("", *services().live_languages)
        or wanted.sheet not in ("", *SHEETS)
    ):
        abort(404)
    if not wanted.is_usable:
        return _page(wanted, refused_key=CHOOSE_LANGUAGE), UNUSABLE
    name, data = services().exchange.export(wanted, today_in_germany())
    return send_file(io.BytesIO(data), mimetype="application/octet-stream", as_attachment=True, download_name=name)


@transfer.post("")
@access("staff", permission="facts.edit", max_bytes=MAX_UPLOAD_BYTES)
def upload() -> AnyResponse | tuple[str, int]:
    """Check a file; it is kept only while its sender looks at what it would change."""
    file, language = request.files.get("file"), request.form.get("language", "")
    if language not in ("", *services().live_languages):
        abort(400)
    if file is None or not file.filename:
        return _page(refused_key=CHOOSE_FILE), UNUSABLE
    found = Upload(_short(file.filename), file.read(), language, request.form.get("is_for_review") == "yes")
    plan = services().exchange.check(found, _importer())
    if plan.problems:
        return _page(problems=plan.problems), UNUSABLE
    upload_id = services().uploads.keep(current_staff().account_id, found)
    return redirect(url_for("studio_transfer.preview", upload_id=upload_id))


@transfer.get("/<int:upload_id>")
@access("staff", permission="facts.edit", owns="upload")
def preview(upload_id: int) -> str | tuple[str, int]:
    """What a file would change."""
    found = _kept(upload_id)
    plan = services().exchange.check(found, _importer())
    if plan.problems:
        return _page(problems=plan.problems), CONFLICT
    return render_staff(
        "studio/transfer_preview.html",
        upload=found,
        upload_id=upload_id,
        plan=plan,
        counts=_counts(plan),
        names=services().languages,
    )


@transfer.post("/<int:upload_id>/confirm")
@access("staff", permission="facts.edit", owns="upload")
def confirm(upload_id: int) -> AnyResponse | tuple[str, int]:
    """Store what the preview showed, all of it or nothing."""
    found = _kept(upload_id)
    try:
        plan = services().exchange.store(found, _importer())
    except BrokenImport as refused:
        return _page(problems=refused.problems), CONFLICT
    finally:
        services().uploads.forget(current_staff().account_id)
    counts = _counts(plan)
    notify(STORED, drafts=counts["drafts"], facts=counts["facts"], articles=counts["articles"])
    return redirect(url_for("studio_transfer.show"))


@transfer.post("/<int:upload_id>/cancel")
@access("staff", permission="facts.edit", owns="upload")
def cancel(upload_id: int) -> AnyResponse:
    """Forget a file."""
    services().uploads.forget(current_staff().account_id)
    notify(CANCELLED)
    return redirect(url_for("studio_transfer.show"))


def _kept(upload_id: int) -> Upload:
    found = services().uploads.find(current_staff().account_id, upload_id)
    if found is None:
        # It was there a moment ago, when its owner was asked for.
        abort(404)
    return found


def _importer() -> Importer:
    session = current_staff()
    return Importer(session.name, session.permissions)


def _counts(plan: Plan) -> dict[str, int]:
    return {"drafts": len(plan.texts), "facts": len(plan.facts), "articles": len(plan.articles)}


def _short(name: str) -> str:
    """The name of a file without its folders; its ending stays, for it tells what the file is."""
    path = PurePath(name.replace("\\", "/"))
    return path.stem[:LONGEST_NAME] + path.suffix[:LONGEST_NAME]


def _page(wanted: Wanted | None = None, *, refused_key: str = "", problems: list[ImportProblem] | None = None) -> str:
    hotline = services()
    found = problems or []
    return render_staff(
        "studio/transfer.html",
        format_names=FORMAT_NAMES,
        sheet_names=SHEET_NAMES,
        languages_shown=[hotline.languages[code] for code in hotline.live_languages],
        source_language=SOURCE_LANGUAGE,
        wanted=wanted or Wanted("xlsx"),
        refused_key=refused_key,
        problems=found[:PROBLEMS_SHOWN],
        problems_total=len(found),
        max_megabytes=MAX_UPLOAD_BYTES // 1_000_000,
    )
