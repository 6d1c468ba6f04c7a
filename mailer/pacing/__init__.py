"""The pace: one row that every sender takes its departures from."""
