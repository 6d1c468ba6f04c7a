"""Reads what a page's form posts: urlencoded or multipart, words only."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

_MOST_FIELDS = 50


async def read_form(request: Request) -> Mapping[str, str]:
    """The form's fields; of several with one name the last. Nothing, where the body is no form.

    Never fails: RFC 8058 §3.2 asks for the request to be obeyed, and its body says nothing that the link does not.
    """
    try:
        async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
            return {name: value for name, value in form.items() if isinstance(value, str)}
    except (HTTPException, UnicodeDecodeError):  # more than that, a file, or a damaged multipart
        return {}


Form = Annotated[Mapping[str, str], Depends(read_form)]
"""A handler's parameter: the posted form."""
