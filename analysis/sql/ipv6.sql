-- name: ipv6
-- title: IPv6 at mail hosts and policy hosts
-- grain: (population, property)
-- definition: Of mail hosts with an address, those with an IPv6 address, and those with nothing else; of domains
--   with mail, those with IPv6 at some mail host, and at all of them; of policy hosts with an address, those with
--   IPv6. Unknown: where the AAAA look-up says nothing (of a domain: where that leaves the answer open), names of
--   which mail is not known, and not-measured names. An address that is published was not connected to for this.
-- source: metric 45; Forum Standaardisatie, Internet.nl
-- rfc: 3596
with hosts_ as (
    select count(*) filter (where has_ipv6) as six, count(*) filter (where has_ipv6 and not has_ipv4) as only_six,
        count(*) filter (where has_ipv6 is not null and (has_ipv6 or has_ipv4)) as known,
        count(*) filter (where has_ipv6 is null or (not has_ipv6 and has_ipv4 is null)) as unknown
    from host_class where look is not null
),
domains_ as (  -- junk that an MX names leads nowhere, by IPv6 as by IPv4
    select
        coalesce(sum(n) filter (where six_some), 0) as somewhere,
        coalesce(sum(n) filter (where not coalesce(six_some, false) and six_open), 0) as some_open,
        coalesce(sum(n) filter (where six_all and not six_open), 0) as everywhere,
        coalesce(sum(n) filter (where six_all and six_open), 0) as all_open,
        (select count(*) from domain_class where has_mail) as mail,
        (select count(*) from domain_class where has_mail is null) as unsure
    from route_shapes where has_mail
),
policies_ as (
    select count(*) filter (where aaaa in ('secure', 'insecure')) as six,
        count(*) filter (where aaaa in ('secure', 'insecure') or (aaaa = 'none' and a in ('secure', 'insecure')))
            as known,
        count(*) filter (where aaaa = 'unknown' or (aaaa = 'none' and a = 'unknown')) as unknown
    from (select rrset_state(a.outcome, a.security) as a, rrset_state(aaaa.outcome, aaaa.security) as aaaa
        from policies)
),
listed as (
    select 1 as place, 'mail hosts' as population, 'ipv6' as property, six as n, known as d, unknown as u from hosts_
    union all select 2, 'mail hosts', 'ipv6 alone', only_six, known, unknown from hosts_
    union all select 3, 'domains with mail', 'at some host', somewhere, mail - some_open, some_open + unsure
    from domains_
    union all select 4, 'domains with mail', 'at all hosts', everywhere, mail - all_open, all_open + unsure
    from domains_
    union all select 5, 'policy hosts', 'ipv6', six, known, unknown from policies_
)
select population, property, unnest(figures(n, d, u)) from listed order by place;
