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
    "no_questions": "Tick at least one question.",
    "dealt_with": "Somebody else has dealt with these questions meanwhile.",
    "phrase_missing": "Write the words the hotline shall understand.",
    "phrase_marks": "The phrase holds a mark such as {mark}. Write ordinary words in its place, without names and numbers.",
    "slug": "The short name {value!r} must have 3 to 40 characters: small letters, figures and _, a letter first.",
    "topic_exists": "There is a topic {value!r} already.",
    "title": "The title must have 1 to {limit} characters.",
    "policy": "Choose who answers: A, B or C.",
    "country": "applies_to: {value!r} is no country code such as SY.",
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
