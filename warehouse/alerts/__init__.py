"""What somebody should know of now: signals, rules of three colours, and their tasks."""
