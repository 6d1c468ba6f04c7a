"""`mailer` and `python -m mailer`: run a command, and say an error as a person can use it."""

import sys


def main() -> None:
    """Run the command line and exit with the codes of DESIGN §6."""
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while the program was still being loaded
        code = 130
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command; the exit code. No error that a person can meet ends in a traceback."""
    import typer  # noqa: PLC0415  # lazy: an import of this module must cost nothing

    from mailer.cli.app import app  # noqa: PLC0415  # lazy, as above
    from mailer.cli.output import any_locale, warn  # noqa: PLC0415  # lazy, as above
    from mailer.errors import ContentErrors, MailerError  # noqa: PLC0415  # lazy, as above
    from subscribers.errors import SubscribersError  # noqa: PLC0415  # lazy, as above

    any_locale()
    try:
        code = app(arguments, prog_name="mailer", standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):  # typer's own way with Ctrl-C: it returns 130, or in older versions aborts
        return 130
    except (MailerError, SubscribersError) as error:
        # A mistake in a file begins with its place, path:line:col, where editors and terminals look for it.
        warn(str(error) if isinstance(error, ContentErrors) else f"error: {error}")
        if error.hint:
            warn(f"  {error.hint}")
        return getattr(error, "exit_code", 1)
    except Exception as error:
        show = getattr(error, "show", None)  # click's own: a usage error, with the command's usage line
        if show is None:
            raise
        show()
        return int(getattr(error, "exit_code", 2))
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
