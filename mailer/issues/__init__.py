"""Issues as their authors wrote them: files in, frozen values out, every mistake at its own place."""
