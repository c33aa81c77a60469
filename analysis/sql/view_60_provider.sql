-- name: view_60_provider
-- title: provider: who takes a domain's mail
-- grain: domain, of those with mail
-- definition: registrable is the registrable name of the domain's MX hosts of the best preference; `(several)` if
--   these hosts lie under different ones, `(no host)` if all of them are junk. attribution says what provider goes
--   by. rule: the name is in analysis/data/providers.csv (provider_rule), which calls it by its operator; confidence
--   high. name: another's registrable name; medium. address: the domain's own name, at an address (the first of the
--   host) that 50 or more MX records of this run lead to; provider is the biggest other name there with 50 records or
--   more (medium), else `(shared address)` (low). self: the domain's own name, at an address of its own; high, but
--   low if an address could not be looked up. none: several or no host. A filter in front hides the mailbox behind
--   it: kind tells (mailbox, filter, forward, hosting).
-- source: Liu et al. 2021 and metric 4; the rules of providers.csv are the project's own, and dated
-- rfc: 5321 section 5.1
create or replace view provider as
with placed as (
    select c.host, c.mx_records, r.domain as registrable, h.addresses[1] as address
    from host_class as c join registrable as r on r.name = c.host join hosts as h on h.host = c.host
),
named as (select registrable, sum(mx_records) as records from placed group by registrable),
crowded as (
    -- of two as big, the one by the alphabet: a figure is the same each time
    select address, max({'records': n.records, 'name': registrable}) as biggest
    from placed join named as n using (registrable)
    where address is not null
    group by address having sum(mx_records) >= 50
),
shared as (
    select p.host,
        case when c.biggest.records >= 50 and c.biggest.name <> p.registrable then c.biggest.name end as biggest
    from placed as p join crowded as c using (address)
    join named as n using (registrable)
    where n.records < 50
),
best as (
    select m.domain, min(r.domain) as first, max(r.domain) as last, min(s.biggest) as biggest,
        bool_or(s.host is not null) as crowded,
        bool_or(m.target in ('host', 'implicit') and m.has_address is null) as lost
    from mail_route as m
    left join registrable as r on m.target in ('host', 'implicit') and r.name = m.host
    left join shared as s on m.target in ('host', 'implicit') and s.host = m.host
    where m.is_best
    group by m.domain
),
told as (
    select
        d.domain,
        case when b.first is null then '(no host)' when b.first <> b.last then '(several)' else b.first end
            as registrable,
        coalesce(b.first = b.last and (b.first = d.domain or ends_with(d.domain, '.' || b.first)), false) as own_name,
        coalesce(b.crowded, false) as crowded, b.biggest, coalesce(b.lost, true) as lost
    from domain_class as d
    left join best as b using (domain)
    where d.has_mail
),
attributed as (
    select domain, registrable, biggest, lost, case
        when starts_with(registrable, '(') then 'none'
        when own_name and crowded then 'address'
        when own_name then 'self'
        else 'name'
    end as by_name
    from told
)
select
    a.domain,
    case
        when a.by_name = 'address' then coalesce(moved.provider, a.biggest, '(shared address)')
        else coalesce(named.provider, a.registrable)
    end as provider,
    a.registrable,
    case when a.by_name = 'name' and named.name is not null then 'rule' else a.by_name end as attribution,
    case
        when a.by_name = 'none' then null
        when a.by_name = 'self' and a.lost then 'low'
        when a.by_name = 'self' or named.name is not null then 'high'
        when a.by_name = 'address' and a.biggest is null then 'low'
        else 'medium'
    end as confidence,
    case when a.by_name = 'address' then moved.kind else named.kind end as kind,
    a.by_name = 'self' as self,
    (select min(version) from public_suffix) as psl_version,
    (select min(version) from provider_rule) as rules_version
from attributed as a
left join provider_rule as named on named.name = a.registrable and a.by_name = 'name'
left join provider_rule as moved on moved.name = a.biggest and a.by_name = 'address';
