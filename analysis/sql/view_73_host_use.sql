-- name: view_73_host_use
-- title: host_use: how many domains each mail host serves
-- grain: host: each host that some MX record names
-- definition: domains counts each domain once, however many of its MX records name the host.
-- source: the project's own
-- rfc: 5321 section 5.1
create or replace view host_use as
select host, count(distinct domain) as domains from mail_route where target in ('host', 'implicit') group by host;
