"""Vectors by others (facts extracted from their test tables), held against our pure rules.

Each kind of file has a module of its own with ``run(path) -> (agreed, of)``, which prints
every disagreement. ``python -m tests.vectors KIND FILE.json`` runs one.
"""
