"""The press and the post: what we write, to whom we have written it, and what came back."""
