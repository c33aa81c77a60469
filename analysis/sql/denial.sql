-- name: denial
-- title: How zones prove that something does not exist
-- grain: (what, value)
-- definition: Over domains whose zone has a DNSKEY. kind: nsec, nsec3, compact. The other rows are of those with
--   NSEC3: iterations, octets of salt, opt-out flag seen, and conformant (iterations 0 and no salt). Unknown for
--   all rows: zones with DNSKEY whose negative answers did not show it; kind adds failed DNSKEY look-ups and
--   not-measured names.
-- source: metric 9; SIDN Labs 2024, Hardaker
-- rfc: 9276 section 3.1, 5155, 9824
with signed as (
    select denial_kind, nsec3_iterations, octet_length(nsec3_salt) as salt, nsec3_opt_out,
        dnskey_outcome = 'answer' as has_key,
        zone is null
        or (dnskey_outcome <> 'answer' and rrset_state(dnskey_outcome, dnskey_security) = 'unknown') as lost
    from domain_facts
),
whole as (
    select
        count(*) filter (where has_key and denial_kind is not null) as known,
        count(*) filter (where denial_kind = 'nsec3' and has_key) as hashed,
        count(*) filter (where has_key and denial_kind is null) as unseen,
        count(*) filter (where lost) + (select count(*) from domain_class where dnssec_class = 'not-measured') as lost
    from signed
),
counted as (
    select 1 as place, 'kind' as what, denial_kind as value, count(*) as n
    from signed where has_key and denial_kind is not null group by all
    union all
    select 2, 'nsec3 iterations', nsec3_iterations::varchar, count(*)
    from signed where has_key and denial_kind = 'nsec3' group by all
    union all
    select 3, 'nsec3 salt octets', coalesce(salt, 0)::varchar, count(*)
    from signed where has_key and denial_kind = 'nsec3' group by all
    union all
    select 4, 'nsec3 opt-out', case when nsec3_opt_out then 'yes' else 'no' end, count(*)
    from signed where has_key and denial_kind = 'nsec3' group by all
    union all
    select 5, 'nsec3 conformant',
        case when nsec3_iterations = 0 and coalesce(salt, 0) = 0 then 'yes' else 'no' end, count(*)
    from signed where has_key and denial_kind = 'nsec3' group by all
)
select what, value,
    unnest(figures(n, case place when 1 then known else hashed end, unseen + case place when 1 then lost else 0 end))
from counted, whole
order by place, n desc, value;
