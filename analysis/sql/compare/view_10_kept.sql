-- name: view_10_kept
-- title: kept: every name that both runs have
-- grain: domain
-- definition: Both snapshots side by side, as structs b (before) and a (after). Names of one run only are in
--   view_20_both.
-- source: the project's own
-- rfc: none
create or replace temp table kept as
select b.domain, b, a from before_domains as b join after_domains as a using (domain);
