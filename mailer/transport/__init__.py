"""The port through which letters leave, and the transports that need no account."""
