"""The composition root: settings, HTTP, command line and background work."""
