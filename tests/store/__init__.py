"""What is kept: real SQLite files, real processes."""
