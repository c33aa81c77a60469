"""Scripted resolver scenarios by others (``.rpl`` files of Unbound and Deckard), replayed against our resolver.

``reader`` reads the script, ``records`` its records, ``replay`` plays the world and the
clients, ``compare`` holds our answers against the script's; ``old_signatures`` checks
what no library checks any more. ``python -m tests.scenarios PATH...`` runs them.
"""
