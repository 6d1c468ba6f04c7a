"""Runs migrations on the connection that `mailer.database.schema` hands in, inside its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
