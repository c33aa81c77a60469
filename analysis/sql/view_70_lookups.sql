-- name: view_70_lookups
-- title: lookups: every look-up behind the latest looks
-- grain: (lookup, key): one nested Answer of domains or hosts; look-ups that were not made are left out
-- definition: The parts of the Answer that tell how the look-up went; key is the domain or the host.
-- source: the project's own
-- rfc: 8914 for the two EDE codes
create or replace view lookups as
with asked as (
    select 'mx' as lookup, domain as key, look, 'domain' as kind,
        mx.outcome as outcome, mx.security as security, mx.reason as reason, mx.ede as ede, mx.server_ede as
        server_ede, mx.ttl as ttl, mx.rtt as rtt, mx.tries as tries, mx.server as server, mx.size as size, mx.tcp as
        tcp
    from domain_looks
    union all select 'ds', domain, look, 'domain',
        ds.outcome, ds.security, ds.reason, ds.ede, ds.server_ede, ds.ttl, ds.rtt, ds.tries, ds.server, ds.size,
        ds.tcp
    from domain_looks
    union all select 'dnskey', domain, look, 'domain',
        dnskey.outcome, dnskey.security, dnskey.reason, dnskey.ede, dnskey.server_ede, dnskey.ttl, dnskey.rtt,
        dnskey.tries, dnskey.server, dnskey.size, dnskey.tcp
    from domain_looks
    union all select 'mta-sts', domain, look, 'domain',
        mta_sts.outcome, mta_sts.security, mta_sts.reason, mta_sts.ede, mta_sts.server_ede, mta_sts.ttl, mta_sts.rtt,
        mta_sts.tries, mta_sts.server, mta_sts.size, mta_sts.tcp
    from domain_looks
    union all select 'tlsrpt', domain, look, 'domain',
        tlsrpt.outcome, tlsrpt.security, tlsrpt.reason, tlsrpt.ede, tlsrpt.server_ede, tlsrpt.ttl, tlsrpt.rtt,
        tlsrpt.tries, tlsrpt.server, tlsrpt.size, tlsrpt.tcp
    from domain_looks
    union all select 'a', host, look, 'host',
        a.outcome, a.security, a.reason, a.ede, a.server_ede, a.ttl, a.rtt, a.tries, a.server, a.size, a.tcp
    from host_looks
    union all select 'aaaa', host, look, 'host',
        aaaa.outcome, aaaa.security, aaaa.reason, aaaa.ede, aaaa.server_ede, aaaa.ttl, aaaa.rtt, aaaa.tries,
        aaaa.server, aaaa.size, aaaa.tcp
    from host_looks
    union all select 'tlsa-expanded', host, look, 'host',
        tlsa_expanded.outcome, tlsa_expanded.security, tlsa_expanded.reason, tlsa_expanded.ede,
        tlsa_expanded.server_ede, tlsa_expanded.ttl, tlsa_expanded.rtt, tlsa_expanded.tries, tlsa_expanded.server,
        tlsa_expanded.size, tlsa_expanded.tcp
    from host_looks
    union all select 'tlsa-initial', host, look, 'host',
        tlsa_initial.outcome, tlsa_initial.security, tlsa_initial.reason, tlsa_initial.ede, tlsa_initial.server_ede,
        tlsa_initial.ttl, tlsa_initial.rtt, tlsa_initial.tries, tlsa_initial.server, tlsa_initial.size,
        tlsa_initial.tcp
    from host_looks
    union all select 'tcp-node', host, look, 'host',
        tcp_node.outcome, tcp_node.security, tcp_node.reason, tcp_node.ede, tcp_node.server_ede, tcp_node.ttl,
        tcp_node.rtt, tcp_node.tries, tcp_node.server, tcp_node.size, tcp_node.tcp
    from host_looks
),
later as (
    select 'domain' as kind, domain as key, max(look) as look from domain_looks where look > 1 group by domain
    union all
    select 'host', host, max(look) from host_looks where look > 1 group by host
)
select lookup, key, outcome, security, reason, ede, server_ede, ttl, rtt, tries, server, size, tcp
from asked left join later using (kind, key)
where outcome is not null and asked.look = coalesce(later.look, 1);
