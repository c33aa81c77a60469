-- name: hosts
-- title: Every mail host with what it publishes, flat
-- grain: host: each distinct MX target that is a host name, looked at or not
-- definition: As host_class; tlsa holds the records that decide, each as `usage selector matching-type hex`, joined
--   by a comma. registrable is the name that its provider goes by.
-- source: the project's own
-- rfc: 7672 section 2.2, 6698 section 2.1
with records as (
    select host, string_agg(concat_ws(' ', usage, selector, matching_type, lower(hex(data))), ', '
        order by usage, selector, matching_type, data) as tlsa
    from tlsa_records where decides group by host
)
select
    c.host, r.domain as registrable, c.mx_records, c.look, h.observed_at, c.alias_end,
    array_to_string(h.addresses, ' ') as addresses, c.has_address, c.has_ipv4, c.has_ipv6, c.address_security,
    c.host_state::varchar as state, c.place as tlsa_place, c.tlsa_security, c.ttl as tlsa_ttl, t.tlsa, c.combination,
    c.tlsa_malformed, c.hidden_node, h.queries, h.elapsed
from host_class as c
left join hosts as h on h.host = c.host
left join registrable as r on r.name = c.host
left join records as t on t.host = c.host;
