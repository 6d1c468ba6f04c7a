"""The account's suppression list: addresses that SES accepts letters for, and sends none to."""

from collections.abc import Mapping
from typing import Any

from mailer.local_ses import checks
from mailer.local_ses.refusals import Refusal, not_found, not_implemented

_MOST = 1000


class SuppressionList:
    """Addresses by their reason, whatever their case."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, float]] = {}

    def reason(self, address: str) -> str:
        """BOUNCE, COMPLAINT, or empty: not on the list."""
        return self._found.get(address.lower(), ("", 0.0))[0]

    def put(self, address: str, reason: str, now: float) -> None:
        """Put an address on the list, or give it another reason."""
        self._found[address.lower()] = (reason, now)

    def answer(self, operation: str, given: Mapping[str, Any], now: float) -> Mapping[str, Any]:
        """Answer an operation on the list. Raises Refusal."""
        if "TenantName" in given:
            raise not_implemented(f"{operation} with TenantName")
        match operation:
            case "PutSuppressedDestination":
                self.put(checks.address(given["EmailAddress"]), given["Reason"], now)
                return {}
            case "DeleteSuppressedDestination":
                self._entry(given["EmailAddress"])
                del self._found[given["EmailAddress"].lower()]
                return {}
            case "GetSuppressedDestination":
                return {"SuppressedDestination": self._entry(given["EmailAddress"])}
            case _:
                return self._listed(given)

    def _entry(self, address: str) -> dict[str, Any]:
        if address.lower() not in self._found:
            raise not_found(f"Email address {address} does not exist on your suppression list.")
        reason, at = self._found[address.lower()]
        return {"EmailAddress": address.lower(), "Reason": reason, "LastUpdateTime": at}

    def _listed(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """A page; its token is the last address of the page before, so changes between pages lose nobody."""
        after: str = given.get("NextToken", "")
        if after and "@" not in after:
            raise Refusal("InvalidNextTokenException", "The specified token is not valid.")
        size: int = given.get("PageSize", 100)
        if not 1 <= size <= _MOST:
            raise Refusal("BadRequestException", f"PageSize is between 1 and {_MOST}.")
        reasons = given.get("Reasons") or ("BOUNCE", "COMPLAINT")
        matching = [
            address
            for address, (reason, at) in sorted(self._found.items())
            if address > after and reason in reasons and given.get("StartDate", at) <= at <= given.get("EndDate", at)
        ]
        answer: dict[str, Any] = {"SuppressedDestinationSummaries": [self._entry(each) for each in matching[:size]]}
        if len(matching) > size:
            answer["NextToken"] = matching[size - 1]
        return answer
