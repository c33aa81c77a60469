-- name: view_61_dns_operator
-- title: dns_operator: who serves a domain's zone
-- grain: domain: each row of domains
-- definition: The registrable name of the zone's name servers as its parent gave them, `(several)` if they lie under
--   different ones, `(self)` if it is the domain's own, `(unknown)` if no delegation could be had. Each set of name
--   servers is looked at once, however many domains share it.
-- source: metric 43; Chung et al. 2017 group DNSSEC by operator in this way
-- rfc: 1034 section 4.2
create or replace view dns_operator as
with sets as (select distinct name_servers from domain_facts),
told as (
    select s.name_servers, min(r.domain) as first, max(r.domain) as last
    from (select name_servers, unnest(name_servers) as ns from sets) as s join registrable as r on r.name = s.ns
    group by s.name_servers
)
select
    d.domain,
    case
        when t.first is null then '(unknown)'
        when t.first <> t.last then '(several)'
        when t.first = d.domain or ends_with(d.domain, '.' || t.first) then '(self)'
        else t.first
    end as operator
from domain_facts as d left join told as t using (name_servers);
