-- name: tlsa_parameters
-- title: TLSA parameter combinations
-- grain: (weight, combination)
-- definition: usage selector matching-type. weight record: each record of the RRsets that decide
--   (view_40_tlsa_records). weight host: the set of combinations of a host's RRset, joined by +, each host once.
--   weight domain: the same sets, each domain with mail once for each set among its hosts; it may count in several
--   rows. secure: of the numerator, those at a host whose state is secure. Records behind failed look-ups cannot be
--   counted: no bounds for them.
-- source: metrics 14 and 16; Zhu et al. 2015, Lee et al. 2022
-- rfc: 6698 section 2.1, 7671 section 8, 7672 section 3.1
with records as (
    select concat_ws(' ', usage, selector, matching_type) as combination, count(*) as n,
        count(*) filter (where host_state = 'secure') as secure
    from tlsa_records
    where decides
    group by combination
),
per_host as (
    select combination, count(*) as n, count(*) filter (where host_state = 'secure') as secure
    from host_class
    where combination is not null
    group by combination
),
used as (
    select distinct m.domain, m.combination, m.host_state = 'secure' as secure
    from mail_route as m join domain_class as d using (domain)
    where d.has_mail and m.combination is not null
),
per_domain as (
    select combination, count(distinct domain) as n, count(distinct domain) filter (where secure) as secure
    from used
    group by combination
),
listed as (
    select 1 as place, 'record' as weight, combination, n, secure, (select sum(n) from records) as d, null::bigint as u
    from records
    union all
    select 2, 'host', combination, n, secure, (select sum(n) from per_host),
        (select count(*) from host_class where combination is null and host_state in ('unknown', 'not-measured'))
    from per_host
    union all
    select 3, 'domain', combination, n, secure, (select count(distinct domain) from used),
        (select count(*) from domain_class where has_mail is null or (has_mail and with_tlsa = 0 and hosts_unknown > 0))
    from per_domain
)
select weight, combination, unnest(figures(n, d, u)), secure
from listed
order by place, n desc, combination;
