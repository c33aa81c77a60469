"""One file per table: which keys to look at, and how to observe one of them."""
