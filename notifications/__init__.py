"""Messages and the transports that take them to people. Knows nothing of the store."""
