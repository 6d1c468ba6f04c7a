"""The preferences page: newsletters, name and fields, a new address, a copy of one's data, leaving all, erasure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from mailer.consent import preferences, requests
from mailer.consent.marks import mailbox_mark, network_mark
from mailer.consent.moving import SOURCE
from mailer.consent.own_data import own_data
from mailer.consent.preferences import Reader
from mailer.consent.requests import Full, Kind, NewRequest
from mailer.links import Purpose
from mailer.web.evidence import evidence_of, host_of
from mailer.web.forms import Form
from mailer.web.join import later
from mailer.web.site import Site
from subscribers.address import Address, parse
from subscribers.errors import BadAddress, BadValue, UnknownSubscriber
from subscribers.forwarding import addresses_merged_into
from subscribers.suppressing import leave_all

_LONGEST = 320


def routes(site: Site) -> APIRouter:
    """`/p/<newsletter>/<token>`; every change is a POST, and answered when it is durably written."""
    router = APIRouter()

    @router.get("/p/{newsletter}/{token}", response_class=HTMLResponse)
    def look(newsletter: str, token: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # the router calls it
        """The page."""
        return _Desk(site, newsletter, token).page()

    @router.post("/p/{newsletter}/{token}", response_class=HTMLResponse)
    def change(request: Request, newsletter: str, token: str, form: Form) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """What `action` says: save, move, leave-all, data or erase. Anything else changes nothing."""
        desk = _Desk(site, newsletter, token)
        actions = {
            "save": desk.save,
            "move": desk.move,
            "leave-all": desk.leave_all,
            "data": desk.data,
            "erase": desk.ask_to_erase,
            "erase-now": desk.erase,
        }
        action = actions.get(form.get("action", ""))
        return action(request, form) if action else desk.page()

    return router


@dataclass(frozen=True)
class _Desk:
    """One reader's page and what it does. Raises HTTPException 404, the same for everything that we did not sign."""

    site: Site
    newsletter: str
    token: str

    def _number(self) -> int:
        number = self.site.links.read(Purpose.PREFERENCES, self.newsletter, self.token)
        if number is None:
            raise HTTPException(404)
        return number

    def page(self, note: str = "", *, wrong: str = "", status: int = 200) -> Response:
        """The page as things are now; `note` is what was done, `wrong` what could not be."""
        number = self._number()
        with self.site.reading() as connection:
            reader = preferences.look_up(connection, number)
        if reader is None:
            return self.site.page(self.newsletter, "preferences_nobody.html.j2")
        look = self.site.looks.of(self.newsletter)
        offered = [self.site.looks.of(slug) for slug in self._offered(reader)]
        return self.site.page(
            look,
            "preferences.html.j2",
            status=status,
            reader=reader,
            offered=offered,
            fields=look.newsletter.editable if look.newsletter else {},
            note=note,
            wrong=wrong,
        )

    def save(self, request: Request, form: Mapping[str, str]) -> Response:
        """Newsletters, name and fields."""
        number = self._number()
        look = self.site.looks.of(self.newsletter)
        editable = tuple(look.newsletter.editable) if look.newsletter else ()
        with self.site.reading() as connection:
            reader = preferences.look_up(connection, number)
        if reader is None:
            return self.page()
        offered = self._offered(reader)
        try:
            with self.site.transaction() as connection:
                preferences.save(
                    connection,
                    reader.id,
                    shown={slug for slug in offered if f"was-{slug}" in form},
                    wanted={slug for slug in offered if f"get-{slug}" in form},
                    offered=offered,
                    name=form.get("name", reader.name),
                    fields={name: form[f"field-{name}"] for name in editable if f"field-{name}" in form},
                    hashes=self.site.workspace.erasure_hashes,
                    evidence=evidence_of(request),
                    now=self.site.now(),
                )
        except BadValue as error:
            return self.page(wrong=str(error), status=400)
        except UnknownSubscriber:
            pass  # erased a moment ago: the page says so
        return self.page("saved")

    def move(self, request: Request, form: Mapping[str, str]) -> Response:
        """Ask for another address. The answer is the same whoever has it already."""
        number = self._number()
        try:
            address = parse(form.get("email", "")[:_LONGEST])
        except BadAddress:
            return self.page("bad_address", status=400)
        with self.site.reading() as connection:
            reader = preferences.look_up(connection, number)
        if reader is None:
            return self.page()
        key = self.site.workspace.settings.keys()[0]
        asked = NewRequest(
            id=self.site.workspace.number(),
            kind=Kind.MOVE,
            newsletter=self.newsletter,
            email=address.email,
            mailbox=mailbox_mark(address.key, key),
            network=network_mark(host_of(request), key),
            evidence=evidence_of(request),
            subscriber_id=reader.id,
        )
        try:
            with self.site.transaction() as connection:
                requests.enter(connection, asked, self.site.now())
        except Full:
            return later(self.site, self.newsletter)
        return self.page("moving")

    def leave_all(self, request: Request, _form: Mapping[str, str]) -> Response:
        """Leave every newsletter, and any to come."""
        number = self._number()
        with self.site.transaction() as connection:
            leave_all(connection, number, source=SOURCE, now=self.site.now(), evidence=evidence_of(request))
        return self.page("left_all")

    def data(self, _request: Request, _form: Mapping[str, str]) -> Response:
        """A copy of one's own data, as a file. By a POST: programs that follow links must not carry it away."""
        number = self._number()
        with self.site.reading() as connection:
            reader = preferences.look_up(connection, number)
            found = own_data(connection, reader.id) if reader else {}
        content = json.dumps(found, ensure_ascii=False, indent=2, default=str)
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
        return Response(f"{content}\n", media_type="application/json", headers=headers)

    def ask_to_erase(self, _request: Request, _form: Mapping[str, str]) -> Response:
        """What erasing means, and the button that does it."""
        number = self._number()
        with self.site.reading() as connection:
            reader = preferences.look_up(connection, number)
        if reader is None:
            return self.page()
        return self.site.page(self.newsletter, "erase.html.j2", reader=reader)

    def erase(self, _request: Request, _form: Mapping[str, str]) -> Response:
        """Erase the reader, for good. The page that follows is the one for somebody who was never here."""
        number = self._number()
        with self.site.reading() as connection:
            reader = preferences.look_up(connection, number)
        if reader is not None:
            address = Address(email=reader.email, key=reader.key)
            with self.site.transaction() as connection:
                # Also the addresses that an operator said are theirs.
                for each in (address, *addresses_merged_into(connection, address)):
                    self.site.workspace.erase(connection, each)
        return self.page()

    def _offered(self, reader: Reader) -> tuple[str, ...]:
        """What the reader gets, though it is here no more; this newsletter; and its publisher's others that anyone may find."""
        looks = self.site.looks
        here = {slug: looks.of(slug).newsletter for slug in looks.slugs()}
        mine = here.get(self.newsletter)
        others = {
            slug
            for slug, each in here.items()
            if mine and each and each.publisher == mine.publisher and each.archive != "unlisted"
        }
        return tuple(sorted({*others, *here.keys() & {self.newsletter}, *reader.subscribed}))
