"""dane-census: measures how whole countries secure e-mail transport (DANE for SMTP against MTA-STS).

The crawler records evidence and never judges policy; ``analysis`` judges offline.
"""

__version__ = "0.1.0"
