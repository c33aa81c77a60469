"""A synthetic internet on loopback: zones, signatures, servers, and everything that can be wrong with them.

The lab shares no code with what it checks: of ours it imports `crawler.net` alone, to take the place of the network.
"""
