"""Each check of the validator taken away, one by one: does a test miss it?

``python -m tests.mutations [WORD...]`` applies every mutation of ``checks`` (or those whose name has a
WORD) to a copy of the tree and runs the tests that should notice; a mutant that lives is an exit status of 1.
"""
