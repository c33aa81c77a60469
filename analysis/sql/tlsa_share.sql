-- name: tlsa_share
-- title: TLSA at mail hosts
-- grain: (population, property)
-- definition: Hosts with TLSA, secure or unsigned, among hosts with an address; domains with mail that have at least
--   one such host. secure counts only TLSA that a sender may trust. A domain is unknown if no host of it has TLSA and
--   some host is unknown, or if it is not known to have mail. hidden-node: among hosts with TLSA and a conclusive
--   answer for `_tcp` below them, those where that name is denied although names below it exist.
-- source: metrics 11, 18 and 19; Lee et al. 2020
-- rfc: 7672 section 2.2, 8020 section 2
with wild as (select distinct host from tlsa_records where decides and wildcard),
hosts_ as (
    select
        count(*) filter (where host_state in ('secure', 'unsigned')) as published,
        count(*) filter (where host_state = 'secure') as secure,
        count(*) filter (where host_state in ('secure', 'unsigned', 'none')) as known,
        count(*) filter (where host_state in ('unknown', 'not-measured')) as unknown,
        count(*) filter (where host_state in ('secure', 'unsigned') and place = 'expanded') as by_alias,
        count(*) filter (where host_state in ('secure', 'unsigned') and hidden_node) as hidden,
        count(*) filter (where host_state in ('secure', 'unsigned') and hidden_node is not null) as node_asked,
        count(*) filter (where host_state in ('secure', 'unsigned') and host in (from wild)) as by_wildcard
    from host_class
),
domains_ as (
    select
        count(*) filter (where has_mail and with_tlsa > 0) as published,
        count(*) filter (where has_mail and hosts_secure > 0) as secure,
        count(*) filter (where has_mail) as mail,
        count(*) filter (where has_mail and with_tlsa = 0 and hosts_unknown > 0) as unknown,
        count(*) filter (where has_mail and hosts_secure = 0 and hosts_unknown > 0) as unknown_secure,
        count(*) filter (where has_mail is null) as no_mail_known
    from domain_class
),
listed as (
    select 1 as place, 'hosts with an address' as population, 'tlsa' as property,
        published as n, known as d, unknown as u
    from hosts_
    union all select 2, 'hosts with an address', 'secure tlsa', secure, known, unknown from hosts_
    union all select 3, 'hosts with tlsa', 'at the end of an alias', by_alias, published, unknown from hosts_
    union all select 4, 'hosts with tlsa', 'by a wildcard', by_wildcard, published, unknown from hosts_
    union all select 5, 'hosts with tlsa', 'hidden-node', hidden, node_asked, published - node_asked from hosts_
    union all select 7, 'domains with mail', 'tlsa at some host', published, mail - unknown, unknown + no_mail_known
    from domains_
    union all select 8, 'domains with mail', 'secure tlsa at some host', secure, mail - unknown_secure,
        unknown_secure + no_mail_known
    from domains_
)
select population, property, unnest(figures(n, d, u)) from listed order by place;
