-- name: view_71_lookup_counts
-- title: lookup_counts: look-ups counted by how they went
-- grain: (lookup, outcome, security, tcp, tries, size, rtt_ms)
-- definition: The look-ups of view_70_lookups with all that statistics ask of them; n is how many. rtt_ms is the
--   round trip, rounded to milliseconds. A country has a hundred million look-ups and some thousand rows here.
-- source: the project's own
-- rfc: none
create or replace view lookup_counts as
select lookup, outcome, security, tcp, tries, size, round(rtt * 1000)::integer as rtt_ms, count(*) as n
from lookups
group by all;
