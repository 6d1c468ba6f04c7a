"""From an issue to an edition: the only importers of jinja2, mjml and premailer."""
