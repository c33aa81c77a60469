-- name: view_60_provider
-- title: provider: who takes a domain's mail
-- grain: domain, of those with mail
-- definition: The registrable name of the domain's MX hosts of the best preference. `(several)` if these hosts lie
--   under different registrable names, `(no host)` if all of them are junk. self: the provider is the domain's own
--   registrable name.
-- source: Liu et al. 2021; metric 4 of the DANE and MTA-STS surveys, without their rule tables
-- rfc: 5321 section 5.1
create or replace view provider as
with best as (
    select m.domain, min(r.domain) as first, max(r.domain) as last
    from mail_route as m
    left join registrable as r on m.target in ('host', 'implicit') and r.name = m.host
    where m.is_best
    group by m.domain
)
select
    d.domain,
    case when b.first is null then '(no host)' when b.first <> b.last then '(several)' else b.first end as provider,
    coalesce(b.first = b.last and b.first = own.domain, false) as self,
    (select min(version) from public_suffix) as psl_version
from domain_class as d
left join best as b using (domain)
left join registrable as own on own.name = d.domain
where d.has_mail;
