"""The nearest centres come first, and nothing that may not be shown is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hotline.knowledge.centres import Centre, CentreQuery, Directory, lands_without
from hotline.knowledge.places import Place

TODAY = date(2026, 11, 24)
ONE = Centre(
    "One",
    "state",
    "",
    "80331",
    "München",
    "DE-BY",
    "",
    "",
    "",
    "",
    ("de",),
    "Source",
    "https://x.test/",
    "2025",
    TODAY,
    "H",
    TODAY,
)
MUNICH = Place(("DE-BY",), None, "80333")


def _named(*centres: Centre, place: Place = MUNICH, **query: object) -> list[str]:
    return [centre.name for centre in Directory(centres).find(CentreQuery(place, **query))]  # type: ignore[arg-type]


def test_shared_figures_of_the_postcode_decide_and_then_the_distance() -> None:
    far, near, nearest = (replace(ONE, name=code, postcode=code) for code in ("90402", "80999", "80330"))
    assert _named(far, near, nearest) == ["80330", "80999", "90402"]


def test_centre_of_the_named_city_comes_first_and_that_of_the_whole_land_last() -> None:
    whole = replace(ONE, name="whole", postcode="", city="")
    other = replace(ONE, name="other", postcode="", city="Nürnberg")
    own = replace(ONE, name="own", postcode="")
    assert _named(whole, other, own, place=Place(("DE-BY",), "München")) == ["own", "other", "whole"]


def test_only_the_laender_of_the_place_count_both_where_there_are_two() -> None:
    bavaria, hesse = ONE, replace(ONE, name="Two", land="DE-HE")
    assert _named(bavaria, hesse) == ["One"]
    assert set(_named(bavaria, hesse, place=Place(("DE-BY", "DE-HE")))) == {"One", "Two"}


def test_filters_of_language_and_independence() -> None:
    free = replace(ONE, name="free", body="independent", languages=("ar", "de"))
    unknown = replace(ONE, name="unknown", body="")
    assert _named(ONE, free, unknown, is_independent=True) == ["free"]
    assert _named(ONE, free, unknown, language="ar") == ["free"]
    assert Directory((ONE, free)).has_both_bodies(CentreQuery(MUNICH))
    assert not Directory((free,)).has_both_bodies(CentreQuery(MUNICH))
    assert not Directory((ONE,)).has_both_bodies(CentreQuery(MUNICH))


def test_entry_past_its_date_or_of_low_confidence_is_not_shown() -> None:
    over = replace(ONE, name="over", valid_until=date(2026, 11, 23))
    low = replace(ONE, name="low", confidence="L")
    assert Directory((ONE, over, low)).on(TODAY).centres == (ONE,)


def test_nationwide_entry_serves_every_land_and_stands_in_no_list_of_one() -> None:
    everybody = replace(ONE, name="everybody", land="DE", postcode="", city="")
    assert Directory((ONE, everybody)).nationwide == (everybody,)
    assert _named(ONE, everybody) == ["One"]
    assert lands_without([everybody], ["DE-BY", "DE-HE"]) == []
    assert lands_without([ONE, replace(ONE, land="DE-HE", confidence="L")], ["DE-BY", "DE-HE"]) == ["DE-HE"]
