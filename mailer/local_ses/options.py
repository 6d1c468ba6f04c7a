"""What a local SES is told to be: its account, its limits, and the faults it shall have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from mailer.local_ses.refusals import Refusal

Count = Annotated[int, Field(ge=0)]

Share = Annotated[float, Field(ge=0, le=1)]

EVENT_TYPES = (
    *("SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY"),
    *("OPEN", "CLICK", "RENDERING_FAILURE", "DELIVERY_DELAY"),
)


def _one_set_that_publishes_everything() -> dict[str, tuple[str, ...]]:
    return {"newsletter": EVENT_TYPES}


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class Options:
    """The account and its faults. Counters (`..._next`, `fail_after`) count calls from the moment they are set."""

    rate: Annotated[float, Field(gt=0)] = 200.0
    """Recipients per second, as GetAccount's MaxSendRate; must be above 0."""
    daily_quota: Annotated[float, Field(ge=-1)] = 50_000
    """Recipients in any 24 hours; -1 for no limit, as in GetAccount."""
    production_access: bool = True
    """False: the sandbox, where recipients must be verified too."""
    paused: bool = False
    """Sending is paused: SendingPausedException, and GetAccount says SendingEnabled false."""
    verified: tuple[str, ...] | None = None
    """Addresses and domains that may send; None: all."""
    configuration_sets: Mapping[str, tuple[str, ...]] = field(default_factory=_one_set_that_publishes_everything)
    """Name → the event types that it publishes to the queue; an empty tuple: it has no event destination."""
    control_rate: Annotated[float, Field(ge=0)] = 0.0
    """Calls per second of each SESv2 operation that does not send: Amazon allows 1. 0: no limit."""
    expire_after: Count | None = None
    """After so many more letters the credentials have expired: every call is refused. None: they never do."""
    throttle_next: Count = 0
    """This many send calls are answered with 429."""
    throttle_share: Share = 0.0
    """The share of send calls, 0 to 1, that this happens to at random."""
    fail_after: Count = 0
    """This many send calls go well before `fail_next` begins."""
    fail_next: Count = 0
    """This many send calls fail with `fail_code`, `fail_status` and `fail_message`."""
    fail_share: Share = 0.0
    """The share of send calls that fail in the same way at random."""
    fail_code: str = "InternalServiceErrorException"
    fail_status: Annotated[int, Field(ge=400, le=599)] = 500
    fail_message: str = "The request could not be processed."
    fail_accepted: bool = False
    """The calls that fail were carried out nonetheless: an error after the fact."""
    fail_addresses: Mapping[str, str] = field(default_factory=dict[str, str])
    """Recipient → the BulkEmailStatus that its entry gets; SendEmail refuses it with the exception of that meaning."""
    lose_next: Count = 0
    """This many send calls are accepted, and then the connection is dropped without an answer."""
    lose_share: Share = 0.0
    """The share of send calls that this happens to at random."""
    late_seconds: Annotated[float, Field(ge=0, le=600)] = 0.0
    """Every answer to a send call comes so much later."""
    bounce_share: Share = 0.0
    """The share of letters to ordinary addresses that bounce for good, spread evenly: of 100 letters 0.04 is 4."""
    complaint_share: Share = 0.0
    """The share of them that is delivered and complained of."""
    soft_bounce_share: Share = 0.0
    """The share of them that bounces in the end because a mailbox is full."""
    delay_share: Share = 0.0
    """The share of them that is delayed, and then delivered."""
    open_share: Share = 0.0
    """The share of delivered letters that is opened."""
    click_share: Share = 0.0
    """The share of delivered letters in which a link is followed."""
    hold_events: bool = False
    """No event reaches the queue until this is set to false; then all of them do."""
    reorder_events: bool = False
    """The queue hands its events out in no order."""
    repeat_events: Annotated[int, Field(ge=0, le=10)] = 0
    """Every event that reaches the queue does so many times more."""
    raw_delivery: bool = False
    """The queue's messages are the events themselves, and no SNS notifications around them."""
    keep_contents: Count = 1_000
    """The content of this many letters is kept, the latest; of older ones only who, when and which tags."""


_ADAPTER: TypeAdapter[Options] = TypeAdapter(Options)


def changed(options: Options, changes: Any) -> Options:
    """`options` with `changes`, a JSON object by field name. Raises Refusal (BadRequestException) for what does not fit."""
    if not isinstance(changes, Mapping):
        raise Refusal("BadRequestException", "the options are a JSON object")
    merged: dict[str, Any] = {**as_json(options), **changes}
    try:
        return _ADAPTER.validate_python(merged)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise Refusal("BadRequestException", said) from error


def as_json(options: Options) -> dict[str, Any]:
    """The options as a JSON object."""
    return _ADAPTER.dump_python(options, mode="json")
