"""How fast crmpulse is, beside bare loops and the vendors' own clients on the same pages: `make bench`."""
