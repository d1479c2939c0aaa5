"""``python -m relaypoint.app`` is the ``relaypoint`` command."""

from relaypoint.app.cli import main

main()
