-- name: tlsa_rollover
-- title: How TLSA records are prepared for the next certificate
-- grain: scheme
-- definition: Hosts with secure TLSA whose certificate was seen, by the scheme of their first address:
--   current+issuer (a DANE-EE record of the leaf, and a DANE-TA record of an issuer that is in the chain),
--   current+next (a second DANE-EE record that is of no certificate shown, be it RSA or ECDSA), none. Whether they
--   then roll over needs two runs.
-- source: metrics 16 and 28; Internet.nl 2021, Lee et al. 2022
-- rfc: 7671 section 8
with hosts_ as (
    select host, coalesce(any_value(scheme order by address), 'none') as scheme
    from endpoint_verdicts
    where dane is not null and dane <> 'unusable'
    group by host
),
whole as (select count(*) as known from hosts_)
select scheme, unnest(figures(count(*), any_value(known), 0)) from hosts_, whole group by scheme order by count(*) desc;
