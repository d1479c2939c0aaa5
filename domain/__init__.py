"""The pure rules of relaypoint: no input or output, and nothing of ours imported."""
