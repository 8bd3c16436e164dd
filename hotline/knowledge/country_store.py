"""What is known of countries, in the database."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from hotline.knowledge.countries import CountryBook, CountryFact, CountryNote
from hotline.knowledge.country_files import CONTACT_KEYS, CountryRows
from hotline.store.tables import country_facts, country_notes

# Nobody can follow a web address by ear, and in a message the words around it count: it stays with the source.
SHOWN_KEYS = tuple(key for key in CONTACT_KEYS if key != "url")


def replace_countries(connection: Connection, rows: CountryRows) -> None:
    """Make the database hold exactly these rows."""
    for table, found in ((country_facts, rows.facts), (country_notes, rows.notes)):
        connection.execute(delete(table))
        if found:
            connection.execute(insert(table), found)


def read_book(connection: Connection) -> CountryBook:
    """Everything known of all countries, rows of low confidence and past their date included."""
    f = country_facts.c
    columns = (f.country, f.kind, f.name, f.detail, f.is_listed, f.source_date, f.confidence, f.valid_until)
    facts = connection.execute(select(*columns).order_by(f.id)).all()
    notes = connection.execute(select(country_notes).order_by(country_notes.c.position)).all()
    return CountryBook(
        tuple(CountryFact(*row) for row in facts),
        tuple(
            CountryNote(
                row.country,
                row.kind,
                {code: (text["title"], text["text"]) for code, text in row.content.items()} if row.kind == "article" else {},
                () if row.kind == "article" else tuple(row.content[key] for key in SHOWN_KEYS if row.content[key]),
                row.source_date,
                row.confidence,
                row.valid_until,
            )
            for row in notes
        ),
    )
