"""The address book: whom we may write to. It imports nothing of mailer."""
