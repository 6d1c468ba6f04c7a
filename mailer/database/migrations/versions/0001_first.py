"""The address book, the ledger, the pace, the feedback."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def _moment(name: str, *, nullable: bool = False, index: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, index=index)


def _json(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False)


def _words(*names: str) -> "list[sa.Column[str]]":
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def upgrade() -> None:
    """Create everything."""
    _address_book()
    _imports()
    _ledger()
    _notices()
    _feedback()


def _address_book() -> None:
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer, primary_key=True),
        *_words("email"),
        sa.Column("email_key", sa.String, nullable=False, unique=True),
        *_words("name"),
        _json("fields"),
        _moment("created_at"),
        _moment("updated_at"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "subscription",
        sa.Column("newsletter", sa.String, primary_key=True),
        sa.Column(
            "subscriber_id",
            sa.Integer,
            sa.ForeignKey("subscriber.id", ondelete="CASCADE"),
            primary_key=True,
            index=True,
        ),
        *_words("status"),
        _moment("changed_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscriber_tag",
        sa.Column("subscriber_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tag", sa.String, primary_key=True),
        sa.Index("ix_subscriber_tag_tag", "tag", "subscriber_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "consent_event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subscriber_id", sa.Integer, nullable=False, index=True),
        sa.Column("newsletter", sa.String, nullable=True),
        *_words("action", "source"),
        _moment("at"),
        _json("evidence"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "suppression",
        sa.Column("address_key", sa.String, primary_key=True),
        sa.Column("reason", sa.String, primary_key=True),
        _moment("at"),
        *_words("note"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "merged_subscriber",
        sa.Column("subscriber_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column(
            "kept_id", sa.Integer, sa.ForeignKey("subscriber.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("address_key", sa.String, nullable=True),
        _moment("at"),
        sqlite_with_rowid=False,
    )


def _imports() -> None:
    op.create_table(
        "import",
        sa.Column("id", sa.Integer, primary_key=True),
        *_words("newsletter"),
        sa.Column("digest", sa.String, nullable=False, index=True),
        _json("files"),
        *_words("consent_source", "state"),
        _moment("at"),
        _moment("ended_at", nullable=True),
        sa.Column("first_event", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        _json("counts"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "import_change",
        sa.Column("subscriber_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("import_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("newsletter", sa.String, primary_key=True),
        sa.Column("nth", sa.Integer, nullable=False),
        sa.Column("created", sa.Boolean, nullable=False),
        sa.Column("status", sa.String, nullable=True),
        sa.Column("status_before", sa.String, nullable=True),
        _moment("changed_at", nullable=True),
        _moment("changed_at_before", nullable=True),
        sa.Column("name_given", sa.String, nullable=True),
        sa.Column("fields_given", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        _moment("updated_at_before", nullable=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_tag",
        sa.Column("subscriber_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("import_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tag", sa.String, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_suppression",
        sa.Column("address_key", sa.String, primary_key=True),
        sa.Column("reason", sa.String, primary_key=True),
        sa.Column("import_id", sa.Integer, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )


def _ledger() -> None:
    op.create_table(
        "mailing",
        sa.Column("id", sa.Integer, primary_key=True),
        *_words("newsletter"),
        sa.Column("issue", sa.Integer, nullable=False),
        sa.Column("token", sa.String, nullable=False, unique=True),
        *_words("state", "reason", "said", "transport", "mode", "segment", "source_digest"),
        sa.Column("edition", sa.Text, nullable=False),
        sa.Column("audience", sa.Integer, nullable=False),
        _moment("opened_at"),
        _moment("finished_at", nullable=True),
        sa.UniqueConstraint("newsletter", "issue"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "delivery",
        sa.Column("mailing_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("subscriber_id", sa.Integer, primary_key=True, autoincrement=False),
        *_words("state"),
        sa.Column("reason", sa.String, nullable=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("sender_id", sa.Integer, nullable=True),
        _moment("claimed_at", nullable=True),
        _moment("settled_at", nullable=True),
        sa.Column("message_id", sa.String, nullable=True),
        _moment("delivered_at", nullable=True),
        _moment("hard_bounced_at", nullable=True),
        _moment("soft_bounced_at", nullable=True),
        _moment("complained_at", nullable=True),
        _moment("rejected_at", nullable=True),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 30},
    )
    op.create_table(
        "exclusion",
        sa.Column("mailing_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("subscriber_id", sa.Integer, primary_key=True, autoincrement=False),
        *_words("reason"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sender",
        sa.Column("id", sa.Integer, primary_key=True),
        *_words("host"),
        sa.Column("pid", sa.Integer, nullable=False),
        _moment("started_at"),
        _moment("ended_at", nullable=True, index=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "pace",
        sa.Column("name", sa.String, primary_key=True),
        *[sa.Column(name, sa.Float, nullable=False) for name in ("next", "slowed", "slowed_at")],
    )


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        *_words("kind", "newsletter", "email"),
        sa.Column("request_id", sa.BigInteger, nullable=True),
        sa.Column("issue", sa.Integer, nullable=True),
        *_words("state"),
        sa.Column("reason", sa.String, nullable=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("sender_id", sa.Integer, nullable=True),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("claimed_at", nullable=True),
        _moment("settled_at", nullable=True),
        sa.Column("message_id", sa.String, nullable=True),
        _moment("delivered_at", nullable=True),
        _moment("hard_bounced_at", nullable=True),
        _moment("soft_bounced_at", nullable=True),
        _moment("complained_at", nullable=True),
        _moment("rejected_at", nullable=True),
        sa.UniqueConstraint("kind", "request_id"),
        sa.Index("ix_notice_state", "state", "created_at"),
    )
    op.create_table(
        "consent_request",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        *_words("kind", "newsletter", "email", "mailbox", "network", "state", "reason"),
        sa.Column("subscriber_id", sa.Integer, nullable=True),
        _moment("asked_at", index=True),
        _moment("expires_at"),
        _json("evidence"),
        sa.Index("ix_consent_request_mailbox", "mailbox", "asked_at"),
        sa.Index("ix_consent_request_network", "network", "asked_at"),
        sa.Index("ix_consent_request_state", "state", "asked_at"),
    )


def _feedback() -> None:
    op.create_table(
        "tally",
        sa.Column("mailing_id", sa.Integer, primary_key=True, autoincrement=False),
        *[
            sa.Column(f"{prefix}{name}", sa.Integer, nullable=False)
            for prefix in ("", "seen_")
            for name in ("final", "delivered", "hard_bounced", "complained")
        ],
        *[sa.Column(name, sa.Integer, nullable=False) for name in ("soft_bounced", "returned")],
        _moment("last_event_at"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False, unique=True),
        *_words("kind", "detail", "message_id"),
        sa.Column("mailing_id", sa.Integer, nullable=True),
        sa.Column("subscriber_id", sa.Integer, nullable=True),
        sa.Column("attempt", sa.Integer, nullable=True),
        _moment("at"),
        _moment("heard_at", index=True),
        sa.Column("diagnosis", sa.Text, nullable=False),
        sa.Column("raw", sa.Text, nullable=False),
        sa.Index("ix_event_letter", "subscriber_id", "mailing_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event_error",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False, unique=True),
        *_words("origin"),
        sa.Column("problem", sa.Text, nullable=False),
        _moment("heard_at", index=True),
        sa.Column("raw", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "double",
        sa.Column("mailing_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("subscriber_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("message_id", sa.String, primary_key=True),
        _moment("heard_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "suppression_pull",
        sa.Column("region", sa.String, primary_key=True),
        sa.Column("token", sa.Text, nullable=False),
        _moment("at"),
    )
