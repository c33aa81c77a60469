"""The offline side: DuckDB views over a run's Parquet files, and the statistics asked of them.

Nothing here sends a packet or writes into a run's folder. Definitions stand in
``sql/``, one noun a file; Python only opens, runs and prints them.
"""
