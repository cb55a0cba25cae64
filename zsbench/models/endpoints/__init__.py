"""Models behind HTTP: the address, the client, what servers answer, and the store that keeps what was paid for."""
