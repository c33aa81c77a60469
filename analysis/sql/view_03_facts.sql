-- name: view_03_facts
-- title: domain_facts and host_facts: what classes are made from, flat
-- grain: domain; host: at their latest look
-- definition: The parts of the nested answers that a class hangs on, each a column of its own, taken out before the
--   later looks are sought: so DuckDB reads these parts of the Parquet files alone, and carries no records along.
-- source: the project's own
-- rfc: none
create or replace view domain_facts as
with later as (select domain, max(look) as look from domain_looks where look > 1 group by domain),
flat as (
    select domain, look, zone, zone_security, zone_reason, name_servers, mail, mx_hosts, mta_sts_txt, tlsrpt_txt,
        ds_set, dnskey_set, denial_kind, nsec3_iterations, nsec3_salt, nsec3_opt_out, queries,
        mx.outcome as mx_outcome, mx.security as mx_security,
        ds.outcome as ds_outcome, ds.security as ds_security,
        dnskey.outcome as dnskey_outcome, dnskey.security as dnskey_security,
        rrset_state(mta_sts.outcome, mta_sts.security) as mta_sts_state,
        rrset_state(tlsrpt.outcome, tlsrpt.security) as tlsrpt_state
    from domain_looks
)
select f.* from flat as f left join later using (domain) where f.look = coalesce(later.look, 1);

create or replace view host_facts as
with later as (select host, max(look) as look from host_looks where look > 1 group by host),
flat as (
    select host, look, tlsa_base, address_security, expanded, addresses,
        rrset_state(a.outcome, a.security) as a_state, rrset_state(aaaa.outcome, aaaa.security) as aaaa_state,
        rrset_state(tlsa_expanded.outcome, tlsa_expanded.security) as at_expanded,
        rrset_state(tlsa_initial.outcome, tlsa_initial.security) as at_initial,
        tlsa_expanded.ttl as expanded_ttl, tlsa_initial.ttl as initial_ttl,
        tlsa_expanded_set, tlsa_initial_set, tlsa_malformed,
        tcp_node.outcome = 'nxdomain' as hidden_node,
        coalesce(a.alias[1].security, aaaa.alias[1].security, '') as first_alias
    from host_looks
)
select f.* from flat as f left join later using (host) where f.look = coalesce(later.look, 1);
