"""What a subscriber sees of us besides the letter: leaving, joining, preferences, the archive."""
