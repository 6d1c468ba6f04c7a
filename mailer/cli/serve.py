"""`mailer serve`: the pages behind the links of letters, and the archive."""

from typing import Annotated

import typer

from mailer.cli.output import say


def serve(
    host: Annotated[str, typer.Option("--host", help="Where to listen; 0.0.0.0 lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8000,
) -> int:
    """Answer on the web until Ctrl-C: leaving, joining, preferences, the archive and its feed."""
    import signal  # noqa: PLC0415  # lazy: only here
    from contextlib import suppress  # noqa: PLC0415  # lazy: only here

    from mailer.web.app import make_app  # noqa: PLC0415  # lazy: heavy
    from mailer.web.serving import listen, set_up_logging  # noqa: PLC0415  # lazy: heavy
    from mailer.web.serving import serve as answer  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    listening = listen(host, port)
    app = make_app(workspace)
    set_up_logging()
    bound_host, bound_port = listening.getsockname()[:2]
    shown = f"[{bound_host}]" if ":" in bound_host else bound_host

    def ready() -> None:
        say(f"Answering at http://{shown}:{bound_port}, until Ctrl-C. Letters lead to {workspace.settings.base_url}")

    # SIGTERM ends it as Ctrl-C does: requests under way are answered, and then it goes.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        answer(app, listening, ready)
    workspace.close()
    return 0
