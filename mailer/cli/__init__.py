"""The command line: parse, call one verb, print. Nothing heavy is imported before a command runs."""
