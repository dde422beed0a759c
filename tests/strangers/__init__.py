"""Clients that others wrote read and write through the sandbox; `make strangers` runs them, `make test` does not."""
