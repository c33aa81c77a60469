-- name: dnssec_reasons
-- title: Why zones have their DNSSEC state
-- grain: (security, reason)
-- definition: zone_security and zone_reason of every measured name, as found, names without a domain included. ede
--   is the Extended DNS Error code that says the same. Shares are of all measured names; not-measured names are the
--   unknown.
-- source: metrics 6 and 10; Nosyk et al. 2023
-- rfc: 4035 section 4.3, 8914
with counted as (
    select zone_security as security, zone_reason as reason, count(*) as n from domain_facts group by all
),
whole as (
    select (select count(*) from domain_facts) as known,
        (select count(*) from domain_class where dnssec_class = 'not-measured') as unknown
)
select
    security, reason,
    case reason
        when 'unsupported-algorithm' then 1 when 'signature-unsupported' then 1 when 'unsupported-digest' then 2
        when 'nsec3-iterations' then 27
        when 'chain-lookup-failed' then 5
        when 'signature-invalid' then 6 when 'signature-malformed' then 6 when 'too-much-work' then 6
        when 'reported-bogus' then 6
        when 'signature-expired' then 7 when 'signature-not-yet-valid' then 8 when 'signature-inverted' then 25
        when 'ds-mismatch' then 9 when 'anchor-mismatch' then 9 when 'dnskey-missing' then 9 when 'revoked-key' then 9
        when 'signature-no-key' then 9
        when 'signature-missing' then 10 when 'denial-unsigned' then 10
        when 'no-zone-key' then 11
        when 'wildcard-unproven' then 12 when 'denial-missing' then 12 when 'denial-invalid' then 12
        when 'lookup-failed' then 22
    end as ede,
    unnest(figures(n, known, unknown))
from counted, whole
order by n desc, security, reason;
