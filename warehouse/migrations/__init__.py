"""Numbered, additive changes of the kept tables; a file that was released is never edited."""
