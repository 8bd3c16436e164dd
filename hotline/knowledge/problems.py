"""What can be wrong with a text, a fact or a change of them: a code with values, so that every screen says it in its language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# In English for the commands; the studio has them as studio.problem_<code> in the languages of its pages.
SENTENCES = {
    "missing": "{part} is missing.",
    "too_long": "{part} has {characters} characters; at most {limit} fit.",
    "unknown_fact": "{part} names {{{key}}}: there is no such fact.",
    "unsure_fact": "{part} names {{{key}}}: it is not sure (confidence L), so it cannot be said.",
    "brace": "{part} has a brace that names no fact; write {{group.name}}.",
    "advice": "{part} says {found!r}: it advises for or against leaving, or on a legal step.",
    "safety": "{part} says {found!r}: it judges whether a place is safe.",
    "promise": "{part} says {found!r}: it promises something.",
    "no_sources": "At least one source is needed; name it on the page of the topic.",
    "source_field": "Source {number}: {name} is missing.",
    "source_confidence": "Source {number}: confidence must be H or M; a fact of confidence L is not published.",
    "as_of": "as_of must be YYYY, YYYY-MM or YYYY-MM-DD.",
    "day": "{name} must be a day such as 2026-12-31.",
    "in_review": "This text is in review. Take it back first, then change it.",
    "gone": "This draft was published or discarded meanwhile. Open it again; your words are still here.",
    "saved_by_another": "{author} saved this text meanwhile. Compare both and save again; your words are still here.",
    "two_people": "Author and approver must be two people. Ask a colleague to approve it.",
    "mend_first": "Mend this first, then ask for the review.",
    "not_publishable": "This text can no longer be published as it is. Return it to its author.",
    "open_draft": "There is an open draft of this text. Publish or discard it first.",
    "other_state": "This text is in another state by now. Open it again.",
    "unknown": "{name} is not there.",
    "unchanged": "Nothing is changed.",
    "change_waits": "Another change of this fact waits for approval. Decide that one first.",
    "fact_moved": "The fact changed meanwhile. Reject this change and propose it again.",
    "decided": "This change is decided already.",
    "fact_key": "The key {value!r} must look like group.name, in small letters.",
    "unit": "The unit {value!r} is not known; use one of {known}.",
    "number": "The value {value!r} must be a plain number such as 1000 or 2.5, without sign and unit.",
    "date_value": "The value {value!r} must be a day such as 2025-01-13.",
    "time_value": "The value {value!r} must be a time such as 08:00.",
    "confidence": "confidence must be H, M or L.",
    "url": "{name} must start with https:// or http://.",
    "phrase_empty": "Write what people say or ask.",
    "phrase_long": "At most {limit} characters; people ask in short sentences.",
    "phrase_marks": "Square and curly brackets cannot stand in a phrase.",
    "phrase_known": "This phrase is there already, for {topic}. One phrase belongs to one topic.",
    "phrase_of_test": "This is one of the questions the model is judged by. Trained on it, the figures would be worth nothing.",
    "danger_rule": "This rule cannot be used; see how a rule is written.",
    "danger_harm": (
        "This would do harm. Cries for help found: {found_after} instead of {found_before} of {dangers}; "
        "alarms for calm texts: {raised_after} instead of {raised_before} of {calm}."
    ),
    "danger_lost": "No longer found: {text}",
    "danger_raised": "Would raise an alarm: {text}",
    "training_open": "A training waits or runs already. Wait until it is done.",
    "model_not_ready": "Model {name} cannot go live: it is not there, not finished or below a floor.",
    "model_is_live": "This model is live already.",
    "model_none_before": "There is no model before this one.",
    "model_not_taken": "The understanding process could not take the model; the one before goes on. Its log tells why.",
    "no_questions": "Tick at least one question.",
    "dealt_with": "Somebody else has dealt with these questions meanwhile.",
    "phrase_missing": "Write the words the hotline shall understand.",
    "phrase_mark_left": "The phrase holds a mark such as {mark}. Write ordinary words in its place, without names and numbers.",
    "slug": "The short name {value!r} must have 3 to 40 characters: small letters, figures and _, a letter first.",
    "topic_exists": "There is a topic {value!r} already.",
    "title": "The title must have 1 to {limit} characters.",
    "policy": "Choose who answers: A, B or C.",
    "country": "applies_to: {value!r} is no country code such as SY.",
    "table_encoding": "is not UTF-8; save it as CSV UTF-8.",
    "table_csv": "is no CSV ({error}); check the quotes.",
    "table_xlsx": "is no XLSX file; save it anew from the spreadsheet program.",
    "table_header": "must name the columns.",
    "table_large": "is larger than any table of ours; leave only what changes in it.",
    "column_missing": "the column {name!r} is missing.",
    "column_unknown": "{name!r} is no column; use {known}.",
    "column_twice": "the column {name!r} is there twice.",
    "table_zip": "is no ZIP of CSV files; pack them anew, without a password.",
    "file_kind": "The file must end in .xlsx, .csv, .zip, .po, .xlf or .xliff.",
    "sheet_unknown": "{name!r} is no sheet; use {known}, or remove it.",
    "po_file": "This is no PO file ({error}); save it anew from the program it comes from.",
    "po_plural": "Row {row} has plural forms; our texts have none. Export the file anew.",
    "xliff_file": "This is no XLIFF 1.2 file; save it as XLIFF 1.2.",
    "file_language": "This file says it is for {found!r}, you chose {chosen!r}. Choose the right language, or the right file.",
    "no_file_language": "This file names no language of ours ({found!r}); its header must name one of {known}.",
    "wrong_language": "This file is for {language}, its texts look like {found}. Import the right file.",
    "wrong_script": "This file is for {language}, its texts are in {found} letters. Import the right file.",
    "language_unknown": "{name!r} is no language on offer; use {known}.",
    "row_twice": "This stands in row {row} already; remove one of them.",
    "unit_unknown": "{name!r} is no text of ours; export the file anew.",
    "source_unknown": "The German text is none of ours; leave the German side as it was, or export the file anew.",
    "source_version": "source_version must be a whole number from 1 to {now}, the version of the German text.",
    "no_german": "The German text is not published yet; publish it first.",
    "mark_missing": "The note with the revision is gone; export the file anew and bring the translation into it.",
    "moved": "{author} changed this text since the export. Export it anew and bring your change into it.",
    "moved_away": "This changed since the export. Export it anew and bring your change into it.",
    "open_by_another": "{author} has an open draft of this text. Ask to have it published or discarded first.",
    "read_only": "{name} is set by the review; write {value!r} again.",
    "not_permitted_texts": "You may not change texts; ask an editor to import this row, or leave it out.",
    "not_permitted_facts": "You may not change facts; ask an editor to import this row, or leave it out.",
    "not_permitted_articles": "Articles and sources are changed by those who approve texts; leave this row out.",
    "no_article": "This topic has no article yet; add its row to the sheet articles.",
    "control": "{part} has control characters; remove them.",
    "placeholder_missing": "{part} lacks {keys}, which the German text has; write it as it stands there.",
    "placeholder_foreign": "{part} has {keys}, which the German text has not; remove it.",
    "sound_none": "Choose a file.",
    "sound_large": "The file is larger than {megabytes} MB. Shorten it, or save it as MP3 or OGG.",
    "sound_kind": "This is no WAV, MP3 or OGG file, whatever its name says. Save the recording in one of these.",
    "sound_mixed": "Something besides sound is in this file. Save the recording anew from the program it comes from.",
    "sound_broken": "The file is cut off or broken. Save or copy it anew, then upload it again.",
    "sound_short": "There is hardly any sound in this file. Was the right one chosen?",
    "sound_long": "The recording is longer than {seconds} seconds. Record these words only and cut off the rest.",
    "sound_silent": "Nothing can be heard in this file. Check the microphone and record it again.",
    "sound_no_converter": "The server can convert no sound. Ask those who run it to install ffmpeg (apt-get install ffmpeg).",
    "sound_needs_ffmpeg": (
        "This file could not be read. Send it as WAV, or ask those who run the server to install ffmpeg (apt-get install ffmpeg)."
    ),
    "sound_consent": "Tick that the speaker consents. Without consent no voice may be played.",
    "sound_waiting": "{limit} recordings of this prompt wait already. Have one approved or removed first.",
    "sound_decided": "Somebody has decided about this recording meanwhile. Look at it again.",
    "sound_old_words": "The words have changed meanwhile. Record the new words.",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: a key of ``SENTENCES`` and what its placeholders stand for."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return SENTENCES[self.code].format(**self.values)


class Refused(Exception):
    """A change is refused, and why. ``problems`` lists what to mend."""

    def __init__(self, code: str, problems: tuple[Problem, ...] = (), **values: object) -> None:
        self.problem = Problem(code, values)
        self.problems = problems
        super().__init__(str(self.problem))
