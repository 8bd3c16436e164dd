"""The simulator's page and its side of the telephone network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import pytest

from hotline.settings import LOCAL_ACCOUNT, ROOT
from hotline.telephony.languages import load_languages
from hotline.web.simulator import OUR_NUMBER
from tests.conftest import TOKEN, Hotline, make_hotline, make_settings

LIVE = [language for language in load_languages(ROOT / "translations" / "languages.csv").values() if language.is_live]
POSTS = ("/simulator/texts", "/simulator/calls", "/simulator/hangups")
PERSON = "+4930231250001"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline on a newcomer's machine: with the simulator. Nobody listens at its address, so webhooks fail."""
    base = "http://127.0.0.1:9"
    made = make_hotline(make_settings(tmp_path_factory.mktemp("simulator"), HOTLINE_ENV="local", PUBLIC_BASE_URL=base))
    yield made
    made.services.database.close()


@pytest.mark.parametrize("language", LIVE, ids=[language.code for language in LIVE])
def test_page_speaks_every_live_language_in_its_direction(simulated: Hotline, language: object) -> None:
    code, direction, autonym = (getattr(language, name) for name in ("code", "direction", "autonym"))
    response = simulated.app.test_client().get(f"/simulator?lang={code}")
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert f'<html lang="{code}" dir="{direction}">' in page
    assert f'aria-current="page">{autonym}</a>' in page
    # Example questions of every language, each marked as such.
    for other in LIVE:
        assert f'data-examples-of="{other.code}" lang="{other.code}" dir="{other.direction}"' in page


def test_page_follows_the_browser_and_falls_back_to_the_first_live_language(simulated: Hotline) -> None:
    client = simulated.app.test_client()
    for wanted, given in (("fr;q=0.9, en;q=0.8", "fr"), ("xx", LIVE[0].code), ("", LIVE[0].code)):
        for query in ("", "?lang=xx", "?lang="):
            page = client.get(f"/simulator{query}", headers={"Accept-Language": wanted}).get_data(as_text=True)
            assert f'<html lang="{given}"' in page


def test_page_obeys_its_own_security_policy(simulated: Hotline) -> None:
    response = simulated.app.test_client().get("/simulator")
    page = response.get_data(as_text=True)
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert " style=" not in page
    assert "<style" not in page
    assert page.count("<script") == page.count('<script type="module" src="/static/') == 1
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.parametrize("path", ["/simulator", "/simulator/inbox", *POSTS])
def test_nothing_of_the_simulator_is_there_when_it_is_off(quick_hotline: Hotline, path: str) -> None:
    client = quick_hotline.app.test_client()
    response = client.post(path, json={}) if path in POSTS else client.get(path)
    assert response.status_code == 404


@pytest.mark.parametrize("path", POSTS)
def test_forms_of_foreign_pages_and_broken_json_are_refused(simulated: Hotline, path: str) -> None:
    client = simulated.app.test_client()
    assert client.post(path, data={"number": PERSON, "body": "Guten Tag"}).status_code == 415
    assert client.post(path, data="{}", content_type="text/plain").status_code == 415
    for broken in ("", "[]", "{", "1"):
        assert client.post(path, data=broken, content_type="application/json").status_code == 400
    assert simulated.rows("messages") == []


def test_webhook_nobody_takes_is_a_clear_error(simulated: Hotline) -> None:
    for path in POSTS:
        assert simulated.app.test_client().post(path, json={"number": PERSON}).status_code == 502


def test_call_step_goes_nowhere_but_to_the_call_webhook(simulated: Hotline) -> None:
    response = simulated.app.test_client().post("/simulator/calls", json={"action": "http://evil.test/webhooks/twilio/status"})
    assert response.status_code == 400


@pytest.mark.parametrize(("prefix", "channel"), [("", "sms"), ("whatsapp:", "whatsapp")])
def test_message_of_the_worker_reaches_the_telephone_once_on_its_channel(simulated: Hotline, prefix: str, channel: str) -> None:
    client, person = simulated.app.test_client(), f"{PERSON}{len(channel)}"
    form = {"To": prefix + person, "From": prefix + OUR_NUMBER, "Body": "سلام"}
    path = f"/simulator/twilio/2010-04-01/Accounts/{LOCAL_ACCOUNT}/Messages.json"
    assert client.post(path, data=form).status_code == 401
    credentials = b64encode(f"{LOCAL_ACCOUNT}:{TOKEN}".encode()).decode()
    assert client.post(path, data=form, headers={"Authorization": f"Basic {credentials}"}).status_code == 201
    inbox = {"number": person}
    (message,) = client.get("/simulator/inbox", query_string=inbox).get_json()["messages"]
    assert (message["body"], message["channel"]) == ("سلام", channel)
    assert (message["language"], message["direction"]) == (None, None), "nobody we know yet"
    later = {**inbox, "after": message["id"]}
    assert client.get("/simulator/inbox", query_string=later).get_json() == {"messages": []}
