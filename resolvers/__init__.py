"""The use cases, one module a topic. Framework-free, and the only callers of ``relaypoint.graph``."""
