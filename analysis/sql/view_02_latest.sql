-- name: view_02_latest
-- title: domains, hosts, policies, endpoints and zones at their latest look
-- grain: domain; host; domain; (host, address); zone
-- definition: Of each key the row with the highest look. Only later looks are gathered, so that the wide rows of
--   the first look stream past: few keys are ever looked at twice.
-- source: the project's own
-- rfc: none
create or replace view domains as
with later as (select domain, max(look) as look from domain_looks where look > 1 group by domain)
select d.* from domain_looks as d left join later using (domain) where d.look = coalesce(later.look, 1);

create or replace view hosts as
with later as (select host, max(look) as look from host_looks where look > 1 group by host)
select h.* from host_looks as h left join later using (host) where h.look = coalesce(later.look, 1);

create or replace view policies as
with later as (select domain, max(look) as look from policy_looks where look > 1 group by domain)
select p.* from policy_looks as p left join later using (domain) where p.look = coalesce(later.look, 1);

create or replace view endpoints as
with later as (select endpoint, max(look) as look from endpoint_looks where look > 1 group by endpoint)
select e.* from endpoint_looks as e left join later using (endpoint) where e.look = coalesce(later.look, 1);

create or replace view zones as from zone_looks where look = 1;
