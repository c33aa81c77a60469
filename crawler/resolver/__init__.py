"""From a question to an `Answer`: walking the delegation tree and judging what it says by DNSSEC."""
