"""A whole import in one transaction of the caller's: for lists so small that nobody waits for them."""

import io
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from subscribers.erasure import Hasher
from subscribers.imports.gathering import Gathered, Gathering, Request
from subscribers.imports.intake import Erased, Intake
from subscribers.imports.staging import Staging


def import_file(
    connection: Connection,
    path: Path,
    newsletter: str,
    *,
    consent_source: str | None,
    hasher: Hasher,
    now: datetime,
    keep_fields: bool = False,
) -> Gathered:
    """Take the people of a file into a newsletter; its summary says what became of its rows. Raises BadImport.

    `keep_fields`: columns that are not known become custom fields.
    """
    request = Request([path], newsletter, consent_source or "", {}, keep_fields=keep_fields, refused_folder=None)
    staging = Staging(connection)
    erased = Erased(connection, hasher)
    found = Gathering(
        request,
        staging,
        erased.asked,
        now,
        agreed=lambda _sheet, _layout: True,
        progress=lambda _size: None,
        standard_input=io.BytesIO(),
    ).gather()
    intake = Intake(
        connection,
        staging,
        erased,
        newsletter=newsletter,
        consent_source=request.consent_source,
        read=found.summary,
    )
    row = intake.begin(found.digest, found.names, now)
    found.import_id = row.id
    row = intake.apply(row, max(1, intake.people), now)
    found.summary = row.counts
    return found
