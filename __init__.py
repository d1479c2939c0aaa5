"""relaypoint: the shared switchboard of a national referral mechanism."""

__version__ = "0.1.0"
