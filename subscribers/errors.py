"""Every error of the address book, drawn as a tree; each says what happened and what to do next.

SubscribersError
├── BadAddress          not an e-mail address that can be written to
├── BadValue            a name, tag or custom field that cannot be kept
├── BadSegment          a segment expression that does not parse, with its column
├── UnknownSubscriber   nobody here has that address
├── Unlawful            a change that `lifecycle` does not allow
├── BadImport           a file that cannot be read at all (one bad row is not an error: it is reported)
├── UnknownImport       there is no import of that number
└── ImportStopped       another process applies the same import, or takes it back
"""


class SubscribersError(Exception):
    """Something went wrong; `str(error)` says what and where, `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class BadAddress(SubscribersError):
    """Not an e-mail address that can be written to."""


class BadValue(SubscribersError):
    """A name, a tag or a custom field that cannot be kept."""


class BadSegment(SubscribersError):
    """A segment expression that does not parse; `column` counts from 1."""

    def __init__(self, message: str, *, column: int = 1, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.column = column


class UnknownSubscriber(SubscribersError):
    """Nobody here has that address."""


class Unlawful(SubscribersError):
    """A change that `lifecycle` does not allow."""


class BadImport(SubscribersError):
    """A file that cannot be read as a list of subscribers at all."""


class UnknownImport(SubscribersError):
    """There is no import of that number."""


class ImportStopped(SubscribersError):
    """Another process applies the same import, or takes it back."""
