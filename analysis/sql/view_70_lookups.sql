-- name: view_70_lookups
-- title: lookups: every look-up behind the latest looks
-- grain: (lookup, key): one nested Answer of domains or hosts; look-ups that were not made are left out
-- definition: The parts of the Answer that tell how the look-up went; key is the domain or the host.
-- source: the project's own
-- rfc: 8914 for the two EDE codes
create or replace view lookups as
with asked as (
    select 'mx' as lookup, domain as key, mx as x from domains
    union all select 'ds', domain, ds from domains
    union all select 'dnskey', domain, dnskey from domains
    union all select 'mta-sts', domain, mta_sts from domains
    union all select 'tlsrpt', domain, tlsrpt from domains
    union all select 'a', host, a from hosts
    union all select 'aaaa', host, aaaa from hosts
    union all select 'tlsa-expanded', host, tlsa_expanded from hosts
    union all select 'tlsa-initial', host, tlsa_initial from hosts
    union all select 'tcp-node', host, tcp_node from hosts
)
select
    lookup, key, x.outcome as outcome, x.security as security, x.reason as reason, x.ede as ede,
    x.server_ede as server_ede, x.ttl as ttl, x.rtt as rtt, x.tries as tries, x.server as server,
    x.size as size, x.tcp as tcp
from asked
where x.outcome is not null;
