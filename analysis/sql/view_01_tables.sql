-- name: view_01_tables
-- title: The tables as the crawler wrote them
-- grain: as in the files; domain_looks, host_looks, policy_looks, endpoint_looks and zone_looks hold every look
-- definition: Paths are relative to the run's folder, so start the duckdb shell there. The Python side puts the
--   folder in front, and an empty table where a run has no part yet. A scan begins with a part of every table, if
--   only an empty one, so that the bare shell finds all of them. The verdicts are what `dane-census judge` wrote
--   last, which a scan does at its end.
-- source: the crawler's Parquet files
-- rfc: none
create or replace view names as from read_parquet('names/*.parquet');
create or replace view rejects as from read_parquet('rejects/*.parquet');
create or replace view delegations as from read_parquet('delegations/*.parquet');
create or replace view domain_looks as from read_parquet('domains/*.parquet');
create or replace view host_looks as from read_parquet('hosts/*.parquet');
create or replace view policy_looks as from read_parquet('policies/*.parquet');
create or replace view policy_verdicts as from read_parquet('policy_verdicts/*.parquet');
create or replace view endpoint_looks as from read_parquet('endpoints/*.parquet');
create or replace view endpoint_verdicts as from read_parquet('endpoint_verdicts/*.parquet');
create or replace view zone_looks as from read_parquet('zones/*.parquet');
