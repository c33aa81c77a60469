-- name: endpoints
-- title: What two runs are compared by, of each conversation
-- grain: endpoint: host and address
-- definition: What came of it, the leaf certificate, and the TLSA record that authenticated it. tlsa is the RRset of
--   the host at the time, each record as `usage selector matching-type data`; matched is the one of them that counted.
-- source: the project's own
-- rfc: 7672 section 2.2
with sets as (
    select h.host,
        case c.place when 'expanded' then h.tlsa_expanded_set when 'initial' then h.tlsa_initial_set end as set
    from hosts as h join host_class as c using (host)
    where c.host_state = 'secure'
)
select
    v.endpoint, v.host, v.address, v.contact::varchar as contact, v.dane, v.rule, v.leaf,
    list_sort(list_transform(s.set,
        lambda r: concat_ws(' ', r.usage, r.selector, r.matching_type, lower(hex(r.data))))) as tlsa,
    case when v.dane = 'authenticated' then concat_ws(' ', s.set[v.record + 1].usage, s.set[v.record + 1].selector,
        s.set[v.record + 1].matching_type, lower(hex(s.set[v.record + 1].data))) end as matched,
    e.observed_at
from endpoint_verdicts as v
join endpoints as e using (endpoint)
left join sets as s on s.host = v.host;
