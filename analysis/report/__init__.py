"""The report of a run: figures, charts and tables in one file that needs nothing else (`dane-census report`)."""
