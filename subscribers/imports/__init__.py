"""Files that become subscribers."""
