"""The one error of this package: an answer by which a service refuses a call, named as Amazon names it."""


class Refusal(Exception):
    """A call is refused; boto3 makes the exception class `code` of it."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def bad_request(message: str) -> Refusal:
    """The input does not fit: BadRequestException, and nothing of the call was carried."""
    return Refusal("BadRequestException", message)


def not_found(message: str) -> Refusal:
    """What the call names does not exist: NotFoundException."""
    return Refusal("NotFoundException", message, status=404)


def not_implemented(operation: str) -> Refusal:
    """An operation that Amazon has and this machine's SES has not, said by its name."""
    return Refusal("NotImplemented", f"local-ses does not have the operation {operation}.", status=501)
