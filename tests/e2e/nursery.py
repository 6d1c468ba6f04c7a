"""A process that has imported all of mailer and forks off a command whenever it is asked: run by `forks`, never imported."""

import gc
import os
import pkgutil
import signal
import socket
import sys
from importlib import import_module
from json import loads
from typing import Any

import mailer
import subscribers

NUMBER_BYTES = 8


def grow_up() -> None:
    """Import whatever a command may need, except what runs when it is imported."""
    for package in (mailer, subscribers):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith("mailer.database.migrations"):
                import_module(found.name)
    for name in ("alembic.command", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg"):
        import_module(name)
    gc.collect()
    gc.freeze()


def wait_for_work(wire: socket.socket) -> None:
    """Returns in the process of a command, as it would have been started; in no other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; it means the tests
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    wire.sendall(b"!")
    while True:
        head, given, _, _ = socket.recv_fds(wire, NUMBER_BYTES, 4, socket.MSG_WAITALL)
        if len(head) < NUMBER_BYTES:
            sys.exit()
        work = loads(wire.recv(int.from_bytes(head), socket.MSG_WAITALL))
        if os.fork() == 0:
            wire.close()
            *streams, told = given
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            child = os.fork()
            if child == 0:
                os.close(told)
                become(work, streams)
                return
            for each in streams:
                os.close(each)
            os.write(told, child.to_bytes(NUMBER_BYTES))
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            os.write(told, code.to_bytes(NUMBER_BYTES, signed=True))
            os._exit(0)
        for each in given:
            os.close(each)


def become(work: dict[str, Any], streams: list[int]) -> None:
    """Be the process that was asked for."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(work["cwd"])
    os.environ.clear()
    os.environ.update(work["env"])
    sys.argv = ["mailer", *work["arguments"]]


if __name__ == "__main__":
    grow_up()
    wait_for_work(socket.socket(fileno=int(sys.argv[1])))
    from mailer.__main__ import main

    main()
