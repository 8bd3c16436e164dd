"""``flask retention …``: how long what is kept, what is over, and deleting it now instead of at night."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup

from hotline.privacy.clocks import CLOCKS, SETTING
from hotline.services import Services

Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


def retention_group(services: Services, sentence: Wrapper) -> AppGroup:
    """The commands for retention.

    Args:
        services: of the application.
        sentence: wraps a command so that it stops with one sentence.
    """
    group = AppGroup("retention", help="How long what is kept, and what is deleted.")

    @group.command("show")
    @sentence
    def show() -> None:
        """Show every clock: days, the setting that changes it and its limits, and what it is for."""
        for kind, clock in CLOCKS.items():
            limits = f"{SETTING}{kind.upper()}={clock.least}..{clock.most}"
            click.echo(f"{kind:<10} {services.settings.retention[kind]:>5} days after: {clock.counted_from} ({limits})")
            click.echo(f"           {clock.what}")
        copies = "ordered to be deleted" if services.settings.deletes_at_provider else "left to the provider's own clock"
        click.echo(f"Copies of the provider are {copies} (DELETE_AT_PROVIDER).")

    @group.command("run")
    @click.option("--dry-run", "is_dry", is_flag=True, help="Only count what would be deleted.")
    @click.option("--compact", is_flag=True, help="SQLite: write the file anew afterwards (once, after an update).")
    @sentence
    def run(*, is_dry: bool, compact: bool) -> None:
        """Delete what is over now; the worker does it every night."""
        found = services.retention.count_due() if is_dry else services.retention.run()
        for kind, amount in sorted(found.items()):
            click.echo(f"{kind}: {amount}")
        click.echo("Nothing was deleted: --dry-run." if is_dry else "Deleted." if found else "Nothing is over.")
        if compact and not is_dry:
            services.database.forget_deleted(is_whole_file=True)
            click.echo("The file was written anew.")

    return group
