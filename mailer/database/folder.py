"""Where an SQLite database must not lie: on a disk that other machines share."""

from pathlib import Path

from mailer.errors import DatabaseError

_MOUNTS = Path("/proc/self/mounts")
_SHARED = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "9p",
        "ceph",
        "glusterfs",
        "lustre",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.s3fs",
    }
)


def refuse_shared_disk(path: Path, mounts: str | None = None) -> None:
    """Raise DatabaseError when the file would lie on a network file system.

    SQLite's locks do not hold there (sqlite.org/wal.html: "all processes using a database must be on the same host"):
    two machines would claim the same people. Where the system does not list its mounts, nothing can be said.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
    folder = path.absolute().parent.resolve()
    kind = _kind(folder, mounts)
    if kind in _SHARED:
        raise DatabaseError(
            f"the database {path} lies on a network disk ({kind}), where SQLite's locks do not hold",
            hint="put it on a disk of this machine, or use PostgreSQL: MAILER_DATABASE_URL=postgresql+psycopg://…",
        )


def _kind(folder: Path, mounts: str) -> str:
    """The file system of the deepest mount above the folder."""
    depth, kind = -1, ""
    for line in mounts.splitlines():
        words = line.split(" ")
        if len(words) < 3:  # noqa: PLR2004  # device, place, kind, …
            continue
        place = Path(words[1].replace("\\040", " "))
        # The later of two mounts at one place covers the earlier.
        if folder.is_relative_to(place) and len(place.parts) >= depth:
            depth, kind = len(place.parts), words[2]
    return kind
