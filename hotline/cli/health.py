"""``flask content health``: what of the content needs somebody's hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from hotline.dialogue.turn import today_in_germany
from hotline.dialogue.unspoken import find_unspoken
from hotline.knowledge.health import ALL_WELL, KINDS, Finding, count_kinds, read_health
from hotline.knowledge.links import LastRun, read_last_run
from hotline.services import Services

# So many that they would bury the rest: counted always, listed when asked for.
COUNTED_ONLY = frozenset({"machine", "middle", "link_unchecked", ALL_WELL})


def health_command(services: Services, sentence: Callable[..., Any]) -> click.Command:
    """The command.

    Args:
        services: the hotline.
        sentence: turns what stops a command into one sentence.
    """

    @click.command("health")
    @click.option("--kind", type=click.Choice(KINDS), help="Only findings of this kind.")
    @click.option("--language", help="Only findings in this language (its code).")
    @click.option("--owner", help="Only findings of this owner.")
    @sentence
    def health(kind: str | None, language: str | None, owner: str | None) -> None:
        """Show expired facts and answers, broken links, texts missing, outdated or hard to read: counts, then each finding."""
        today = today_in_germany()
        with services.database.read() as connection:
            library = services.library.current(connection, today)
            unspoken = find_unspoken(library, services.live_languages, services.renderer, services.prompts.can_speak)
            findings = read_health(connection, services.live_languages, today, unspoken)
            last = read_last_run(connection)
        for name, number in count_kinds(findings).items():
            click.echo(f"{number:>6} {name}")
        click.echo(_links_checked(last))
        for finding in findings:
            is_wanted = finding.kind == kind if kind else finding.kind not in COUNTED_ONLY
            if is_wanted and language in (None, finding.language) and owner in (None, finding.owner):
                click.echo(_line(finding))

    return health


def _links_checked(last: LastRun | None) -> str:
    if last is None:
        return "Links were not checked yet; `flask worker` checks them."
    if last.outcome != "done":
        return f"Links could not be checked on {last.ran_at:%Y-%m-%d %H:%M} UTC: no network was there."
    return f"Links were last checked on {last.ran_at:%Y-%m-%d %H:%M} UTC."


def _line(finding: Finding) -> str:
    known = (finding.day.isoformat() if finding.day else "-", finding.owner, finding.language or "-", finding.title)
    return "  ".join((f"{finding.kind:<16}", *known))
