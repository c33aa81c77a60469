-- name: view_72_zone_keys
-- title: zone_keys: zones counted by what stands in their DS and DNSKEY RRsets
-- grain: (lost, ds_outcome, ds_security, dnskey_outcome, dnskey_security, ds_algorithms, ds_digests,
--   dnskey_algorithms)
-- definition: Domains of domain_facts with all that statistics ask of their DS and DNSKEY RRsets; n is how many. The
--   lists hold each number once, sorted. lost: no zone could be had.
-- source: the project's own
-- rfc: 4034 sections 2 and 5
create or replace view zone_keys as
select zone is null as lost, ds_outcome, ds_security, dnskey_outcome, dnskey_security,
    case when len(ds_set) > 0 then list_sort(list_distinct([x.algorithm for x in ds_set])) else [] end as ds_algorithms,
    case when len(ds_set) > 0 then list_sort(list_distinct([x.digest_type for x in ds_set])) else [] end as ds_digests,
    case when len(dnskey_set) > 0 then list_sort(list_distinct([x.algorithm for x in dnskey_set])) else [] end
        as dnskey_algorithms,
    count(*) as n
from domain_facts
group by all;
