-- name: view_20_mail_route
-- title: mail_route: every MX record with its host's state
-- grain: (domain, MX record); a domain without MX that may be its own mail host has one row, with target implicit
-- definition: is_best marks the lowest preference number of the domain, the null MX left out. host_state is the
--   host's; junk targets (an address, localhost, a single label, a bad name) count as hosts without TLSA; null for
--   the null MX. again: an earlier record of the domain names the same host.
-- source: the project's own
-- rfc: 5321 section 5.1, 7505 section 3
create or replace view mail_route as
with unrolled as (
    select domain, unnest(mx_hosts) as m, generate_subscripts(mx_hosts, 1) as nth,
        case when len(mx_hosts) > 1 then [x.host for x in mx_hosts] end as hosts,
        list_min(list_transform(
            list_filter(mx_hosts, lambda x: x.target <> 'null'), lambda x: x.preference)) as best
    from domain_facts
)
select
    u.domain, m.preference, m.host, m.target,
    m.target <> 'null' and m.preference = best as is_best,
    case
        when m.target = 'null' then null
        when m.target in ('host', 'implicit') then coalesce(h.host_state, 'not-measured'::host_state)
        else 'none'::host_state
    end as host_state,
    h.has_address, h.has_ipv6, h.combination, h.tlsa_security,
    coalesce(list_position(u.hosts, m.host) < u.nth, false) as again
from unrolled as u
left join host_class as h on m.target in ('host', 'implicit') and h.host = m.host;
