"""`mailer subscribers`: who is in the address book, who comes in, who goes."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.exporting import export
from mailer.cli.importing import ConsentOption, import_
from mailer.cli.imports import imports, undo_import
from mailer.cli.known import known, person_json, person_lines
from mailer.cli.many import remove, tag
from mailer.cli.options import JsonOption, NewsletterOption, SegmentOption, YesOption
from mailer.cli.output import ask, say, say_json, say_json_array, say_lines, say_lines_or
from mailer.cli.people import history, merge
from mailer.cli.statistics import stats
from mailer.errors import UsageError
from subscribers.lifecycle import Actor, Status

if TYPE_CHECKING:
    from subscribers.people import Person

app = typer.Typer(help="Who is in the address book.", no_args_is_help=True, rich_markup_mode=None)

EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="The address; upper and lower case do not count.")]


@app.command()
def add(
    email: EmailArgument,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The person's name.")] = "",
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="A tag; may be given several times.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", metavar="NAME=VALUE", help="A custom field; several times.")
    ] = None,
    consent_source: ConsentOption = "",
    newsletter: NewsletterOption = None,
) -> None:
    """Enter one address, or learn more about one that is here. Nobody who left or was suppressed is brought back."""
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy
    from subscribers.book import subscribe  # noqa: PLC0415  # lazy: heavy

    address = parse(email)
    workspace = open_workspace()
    slug = workspace.slug(newsletter)
    with workspace.transaction() as connection:
        done = subscribe(
            connection,
            address,
            slug,
            actor=Actor.OPERATOR,
            source=consent_source,
            hashes=workspace.erasure_hashes(address.key),
            now=workspace.now(),
            name=name,
            tags=tag or [],
            fields=_fields(field or []),
        )
    say(f"{address.email} is {done.status} {'to' if done.status is Status.SUBSCRIBED else 'for'} {slug}.")
    if done.status is Status.UNCONFIRMED:
        say("They are not mailed before they confirm, or before you say with --consent-source where they agreed.")


@app.command()
def show(email: EmailArgument, newsletter: NewsletterOption = None, as_json: JsonOption = False) -> None:
    """Show what is known of one person."""
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy
    from subscribers.people import newsletters  # noqa: PLC0415  # lazy: heavy

    address = parse(email)
    workspace = open_workspace()
    # All that is told of a person is the same for every newsletter, but `status`: with several of them it need not be asked for.
    asked = "" if newsletter is None and len(workspace.slugs()) > 1 else workspace.slug(newsletter)
    with workspace.reading() as connection:
        person = known(workspace, connection, address, asked)
        subscriptions = newsletters(connection, person.id)
    if as_json:
        say_json({**person_json(person), "newsletters": subscriptions})
        return
    say_lines(person_lines(person, subscriptions))


@app.command("list")
def list_(
    newsletter: NewsletterOption = None,
    segment: SegmentOption = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only those with this status.")] = None,
    only_count: Annotated[bool, typer.Option("--count", help="Only say how many.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List a newsletter's people, in the order in which they came."""
    from mailer.ledger.segments import condition_now  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers import people  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    slug = workspace.slug(newsletter)
    with workspace.reading() as connection:
        chosen = None if segment is None else condition_now(connection, segment, slug)
        if only_count:
            say(str(people.count(connection, slug, segment=chosen, status=status)))
            return
        found = people.people(connection, slug, segment=chosen, status=status)
        if as_json:
            say_json_array(person_json(person) for person in found)
            return
        say_lines_or((_as_line(person) for person in found), _nobody(slug, segment, status))


@app.command()
def erase(email: EmailArgument, yes: YesOption = False) -> int:
    """Erase a person for good (GDPR art. 17).

    What stays is a keyed hash of the address, so that no import brings them back.
    """
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy
    from subscribers.forwarding import addresses_merged_into  # noqa: PLC0415  # lazy: heavy
    from subscribers.people import show as person  # noqa: PLC0415  # lazy: heavy
    from subscribers.rows import is_erased, suppressed  # noqa: PLC0415  # lazy: heavy

    address = parse(email)
    workspace = open_workspace()
    with workspace.reading() as connection:
        if suppressed(connection, address.key) is None and person(connection, address, "") is None:
            if is_erased(connection, workspace.erasure_hashes(address.key)):
                say(f"{address.email} was erased already.")
                return 0
            known(workspace, connection, address, "")
        addresses = [address, *addresses_merged_into(connection, address)]
    question = (
        f"{' and '.join(one.email for one in addresses)}: their address, name, tags, fields, subscriptions and proofs of consent will be gone for good.\n"
        "What stays: a keyed hash, so that no import brings them back, and which issues were sent to a number without a "
        "name. Letters in an outbox and backups of the database are not touched. Erase?"
    )
    if not ask(question, yes=yes):
        say("Nothing was changed.")
        return 1
    with workspace.transaction() as connection:
        for one in addresses:
            workspace.erase(connection, one)
    say("Erased. Letters in an outbox and backups of the database may still name them.")
    return 0


app.command("import")(import_)
app.command("imports")(imports)
app.command("undo-import")(undo_import)
app.command()(export)
app.command()(tag)
app.command()(remove)
app.command()(history)
app.command()(merge)
app.command()(stats)


def _fields(pairs: list[str]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise UsageError(f"--field {pair}: there is no `=`", hint="write --field plan=pro")
    return dict(pair.split("=", 1) for pair in pairs)


def _as_line(person: "Person") -> str:
    standing = f"{person.status}, {person.suppressed}" if person.suppressed else f"{person.status}"
    tags = " ".join(f"#{tag}" for tag in person.tags)
    return f"{person.email:<40}  {standing:<24}  {person.name}  {tags}".rstrip()


def _nobody(slug: str, segment: str | None, status: Status | None) -> str:
    """What is said where a listing is empty."""
    who = f" who is {status}" if status else ""
    if segment is not None:
        return f"{segment!r} selects nobody of {slug}{who}."
    if status is not None:
        return f"There is nobody of {slug}{who}."
    return (
        f"{slug} has nobody yet: `mailer subscribers import FILE` or `mailer subscribers add EMAIL` brings people in."
    )
