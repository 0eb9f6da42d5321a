"""The customers' edge: their socket, the same over HTTP, and files."""
