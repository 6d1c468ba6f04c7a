"""What is wrong with an address that a reader may follow."""

from urllib.parse import urlsplit

LINKS = ("https", "http", "mailto")
WEB = ("https", "http")
PICTURES = ("https",)
"""Gmail's and Apple's proxies fetch pictures by https; an http picture is a broken box for many readers."""


def wrong_with(url: str, schemes: tuple[str, ...]) -> str | None:
    """None, or what is wrong with a URL that must be one of these schemes."""
    if "{{" in url or "%7B%7B" in url.upper():
        return "a personal word cannot stand in an address"
    if not url or any(character.isspace() or not character.isprintable() for character in url):
        return f"'{url}' is no address: it is empty or holds a space" if not url.strip() else f"'{url}' holds a space"
    try:
        parts = urlsplit(url)
        _ = parts.port  # a property that raises when the port is no number
    except ValueError:
        return f"'{url}' is no address"
    scheme = parts.scheme.lower()
    if scheme not in schemes:
        guess = f", did you mean 'https://{url.lstrip('/')}'?" if _looks_like_a_host(url) else ""
        wanted = " or ".join("mailto:" if each == "mailto" else f"{each}://" for each in schemes)
        return f"an address begins with {wanted}, not like '{url}'{guess}"
    if scheme == "mailto":
        return None if "@" in parts.path else f"'{url}' names no mailbox"
    return None if parts.hostname else f"'{url}' names no host"


def _looks_like_a_host(url: str) -> bool:
    host = url.lstrip("/").split("/")[0]
    return "." in host.strip(".") and ":" not in host and "@" not in host
