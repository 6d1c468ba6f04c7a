"""Rows that were refused come in by the same words once they are mended, and mean what they meant in their own file."""

from typing import Any, Protocol


class Desk(Protocol):
    """What `desk` offers; its class lives in conftest, which cannot be imported."""

    root: Any

    def run(self, *arguments: str) -> Any:
        """Run a command to its end."""
        ...

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds and prints JSON."""
        ...


def test_rows_of_two_files_of_one_name_are_still_of_people_who_left_when_they_are_mended(desk: Desk) -> None:
    name = "unsubscribed_members.csv"
    for folder in ("old", "new"):
        (desk.root / folder).mkdir()
        (desk.root / folder / name).write_text(f"Email Address,Note\n{folder},x\n", encoding="utf-8")
    options = ("--map", "#1=email", "--yes")
    refused = desk.json("subscribers", "import", f"old/{name}", f"new/{name}", *options)["refused_files"]
    assert refused == ["unsubscribed_members.refused.csv", "unsubscribed_members.refused-2.csv"]
    for file in refused:
        path = desk.root / file
        *front, row = path.read_text(encoding="utf-8-sig").splitlines()
        mended = row.replace(",old,x", ",a@example.org,x").replace(",new,x", ",b@example.org,x")
        path.write_text("\n".join([*front, mended]), encoding="utf-8-sig")
        done = desk.json("subscribers", "import", file, *options)
        assert (done["ended"], done["refused"]) == ({"unsubscribed": 1}, {})
    assert [(one["email"], one["status"]) for one in desk.json("subscribers", "list")] == [
        ("a@example.org", "unsubscribed"),
        ("b@example.org", "unsubscribed"),
    ]


def test_a_file_of_column_names_alone_is_a_file_of_nobody(desk: Desk) -> None:
    (desk.root / "people.csv").write_text("email,name\n", encoding="utf-8")
    done = desk.run("subscribers", "import", "people.csv", "--dry-run")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "0 rows in 1 file: there is nobody to import.")
