"""The one truth: opened, upgraded and written to in transactions that say when they end."""
