-- name: view_40_tlsa_records
-- title: tlsa_records: every TLSA record seen
-- grain: (host, place, TLSA record)
-- definition: place is expanded (the end of the alias chain) or initial (the name as written). decides is true for
--   the RRset that gives the host its state. security is the RRset's own. data is the record's association data,
--   octets.
-- source: the project's own
-- rfc: 6698 section 2.1, 7672 section 2.2.3
create or replace view tlsa_records as
with sets as (
    select host, 'expanded' as place, expanded as base, tlsa_expanded.security as security,
        tlsa_expanded.ttl as ttl, tlsa_expanded.wildcard as wildcard, unnest(tlsa_expanded_set) as r
    from hosts
    union all
    select host, 'initial', host, tlsa_initial.security, tlsa_initial.ttl, tlsa_initial.wildcard,
        unnest(tlsa_initial_set)
    from hosts
)
select
    s.host, s.place, s.base, coalesce(s.place = h.place, false) as decides, h.host_state, s.security, s.ttl, s.wildcard,
    r.usage, r.selector, r.matching_type, r.data, octet_length(r.data) as octets
from sets as s join host_class as h using (host);
