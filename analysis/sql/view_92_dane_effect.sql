-- name: view_92_dane_effect
-- title: dane_effect: every name and what its DANE comes to at port 25
-- grain: domain: each row of names, measured or not
-- definition: published is dane_class. usable, of those full or partial: full (every mail host has secure TLSA with a
--   usable record), partial (some), unusable-only (none). effective, of those full or partial, over the addresses with
--   which a conversation came about: those that were temporary, unreachable or untested say nothing (from a place
--   without IPv6, half of them). A host is valid if it has such an address and each of them is. valid: every mail host
--   has secure TLSA and is valid; partial-hosts: some host is valid, and another has no TLSA or is known not to be;
--   temporary, unreachable, untested: no host is known not to be valid, and of one nothing is known; else no host is
--   wholly valid: partial-addresses (some address is), partial-certificates (valid but for one of two kinds of
--   certificate), or the state that is worst for a sender, in this order: mismatch, name-mismatch, expired, bad-path,
--   no-starttls, tls-failed, rejected, tls-only. All others as published.
-- source: Dukhovni and Hardaker's survey, Lee et al. 2020
-- rfc: 7672 section 2.2
create or replace view dane_effect as
with places as (
    select domain, host,
        count(*) filter (where state = 'valid') as valid,
        count(*) filter (where state = 'one-certificate') as halves,
        count(*) filter (where state not in ('temporary', 'unreachable', 'untested')) as known,
        min(list_position(['mismatch', 'name-mismatch', 'expired', 'bad-path', 'no-starttls', 'tls-failed',
            'rejected', 'tls-only'], state)) as worst,
        min(list_position(['temporary', 'unreachable', 'untested'], state)) as open
    from dane_pair
    group by domain, host
),
tested as (
    select domain,
        count(*) as hosts,
        count(*) filter (where known > 0 and valid = known) as whole,
        count(*) filter (where known = 0) as lost,
        count(*) filter (where valid > 0) as some,
        count(*) filter (where known > 0 and valid + halves = known) as halved,
        ['mismatch', 'name-mismatch', 'expired', 'bad-path', 'no-starttls', 'tls-failed', 'rejected', 'tls-only'][
            min(worst)] as worst,
        ['temporary', 'unreachable', 'untested'][min(open) filter (where known = 0)] as open
    from places
    group by domain
),
promised as (
    select m.domain, count(distinct m.host) as hosts,
        count(distinct m.host) filter (where tlsa_usable(t.usage, t.selector, t.matching_type, t.octets)) as usable
    from mail_route as m left join tlsa_records as t on t.host = m.host and t.decides
    where m.host_state = 'secure'
    group by m.domain
)
select
    d.domain, d.tld, d.rank, d.tags, d.has_mail, d.dane_class as published, d.mail_hosts, d.hosts_secure,
    case
        when d.dane_class not in ('full', 'partial') then d.dane_class::varchar
        when p.usable = 0 then 'unusable-only'
        when d.dane_class = 'partial' or p.usable < p.hosts then 'partial'
        else 'full'
    end as usable,
    case
        when d.dane_class not in ('full', 'partial') then d.dane_class::varchar
        when t.domain is null then 'untested'
        when d.dane_class = 'full' and t.whole = t.hosts then 'valid'
        when t.whole > 0 and (d.dane_class = 'partial' or t.whole + t.lost < t.hosts) then 'partial-hosts'
        when t.whole + t.lost = t.hosts then t.open
        when t.some > 0 then 'partial-addresses'
        when t.halved > 0 then 'partial-certificates'
        else t.worst
    end::dane_effect_class as effective
from domain_class as d
left join tested as t using (domain)
left join promised as p using (domain);
