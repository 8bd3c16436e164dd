"""What stands beside a conversation. A new panel is one line in ``PANELS`` and one template; nothing else knows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hotline.services import Services
from hotline.staff.sessions import StaffSession
from hotline.web.console.call_panel import call_panel
from hotline.web.console.cases import case_panel
from hotline.web.console.close_panel import close_panel
from hotline.web.console.panel_contents import canned_panel, hand_on_panel, knowledge_panel, notes_panel, packet_panel
from hotline.web.console.translation_panel import translation_panel


@dataclass(frozen=True)
class Panel:
    """One panel.

    ``name`` is its id (``panel-<name>``) and its heading (the text ``console.panel_<name>``); ``template`` is rendered with what
    ``load`` gives as ``panel``, and with ``seen`` (``counselling.sight.Seen``); ``permission`` of ``staff.roles`` shows it.
    ``load`` is called only for who may see the conversation; None leaves the panel out.
    """

    name: str
    template: str
    load: Callable[[Services, int, StaffSession], Mapping[str, Any] | None]
    permission: str = "console.use"


# In the order of the page.
PANELS: tuple[Panel, ...] = (
    Panel("packet", "console/panels/packet.html", packet_panel),
    Panel("translation", "console/panels/translation.html", translation_panel),
    Panel("canned", "console/panels/canned.html", canned_panel),
    Panel("knowledge", "console/panels/knowledge.html", knowledge_panel),
    Panel("notes", "console/panels/notes.html", notes_panel),
    Panel("call", "console/panels/call.html", call_panel),
    Panel("hand_on", "console/panels/hand_on.html", hand_on_panel),
    Panel("case", "console/panels/case.html", case_panel),
    Panel("close", "console/panels/close.html", close_panel),
)


def load_panels(services: Services, handoff_id: int, session: StaffSession) -> Iterator[tuple[Panel, Mapping[str, Any]]]:
    """The panels somebody may use, each with what it shows."""
    for panel in PANELS:
        if session.may(panel.permission) and (shown := panel.load(services, handoff_id, session)) is not None:
            yield panel, shown
