"""The use case: freeze, count, then send; and go on after whatever happened."""
