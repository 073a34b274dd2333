"""Reading a trading history out of a file, and recording it in portions."""
