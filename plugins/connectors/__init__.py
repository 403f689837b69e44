"""One module per system: what it can read and write, in its own field names."""
