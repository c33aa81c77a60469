"""Scans that are killed: `python -m tests.killed` starts one for each folder that it is told."""
