"""Real replies, spoiled at random (seeded), through all that a reply goes through: decode, classify, validate.

``python -m tests.mutated [N]`` does it a million times, or as often as told, and prints the rate.
"""
