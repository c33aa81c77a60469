-- name: hosts
-- title: What two runs are compared by, of each mail host
-- grain: host
-- definition: Its state, and the TLSA RRset that decides, each record as `usage selector matching-type data`.
-- source: the project's own
-- rfc: 7672 section 2.2
select c.host, c.host_state::varchar as state, t.tlsa, r.domain as registrable
from host_class as c
left join registrable as r on r.name = c.host
left join (
    select host, list_sort(list(concat_ws(' ', usage, selector, matching_type, lower(hex(data))))) as tlsa
    from tlsa_records where decides group by host
) as t using (host);
