-- name: view_10_host_class
-- title: host_class: every mail host and what it publishes
-- grain: host: each distinct MX target of kind host or implicit, looked at or not, and each row of hosts
-- definition: host_state is secure (a TLSA RRset is there and secure, and so are the addresses), unsigned (TLSA is
--   there, but it or the address is insecure), none (all names that were asked have no TLSA, believably),
--   no-address, unknown (a TLSA look-up failed or was bogus or indeterminate and no secure RRset was found, or the
--   addresses are not known), not-measured (no row). The end of the alias chain is asked first, then the name as
--   written; if the first fails, the host is unknown whatever the second says. One exception: a host whose own
--   alias is secure but leads to insecure addresses (first_only) has the name as written for its only candidate,
--   and that may be secure. An address whose state is bogus or indeterminate leaves a host with secure TLSA
--   unknown. has_address is null if it is not known. place, tlsa_security, ttl, records and combination are those
--   of the RRset that decides, also when unsigned.
-- source: the project's own; the states follow the sender's walk
-- rfc: 7672 section 2.2.2 and 2.2.3
create or replace view host_class as
with named as (
    select m.host, count(*) as mx_records
    from (select unnest(mx_hosts) as m from domain_facts)
    where m.target in ('host', 'implicit')
    group by m.host
),
looked as (
    select
        host, look, tlsa_base, address_security, expanded as alias_end,
        len(addresses) as addresses,
        case
            when len(addresses) > 0 then true
            when a_state = 'none' and aaaa_state = 'none' then false
        end as has_address,
        case a_state when 'unknown' then null when 'none' then false else true end as has_ipv4,
        case aaaa_state when 'unknown' then null when 'none' then false else true end as has_ipv6,
        at_expanded, at_initial, expanded_ttl, initial_ttl, tlsa_expanded_set, tlsa_initial_set, tlsa_malformed,
        hidden_node,
        address_security = 'insecure' and first_alias = 'secure' as first_only
    from host_facts
),
placed as (
    select *, case
        when first_only and at_initial = 'secure' then 'initial'
        when at_expanded = 'secure' then 'expanded'
        when at_initial = 'secure' then 'initial'
        when at_expanded = 'insecure' then 'expanded'
        when at_initial = 'insecure' then 'initial'
    end as place
    from looked
),
chosen as (
    select *,
        case place when 'expanded' then at_expanded when 'initial' then at_initial end as tlsa_security,
        case place when 'expanded' then expanded_ttl when 'initial' then initial_ttl end as ttl,
        case place when 'expanded' then tlsa_expanded_set when 'initial' then tlsa_initial_set end as tlsa_set
    from placed
)
select
    coalesce(chosen.host, named.host) as host,
    coalesce(named.mx_records, 0) as mx_records,
    look, tlsa_base, alias_end, addresses, has_address, has_ipv4, has_ipv6, address_security,
    (case
        when look is null then 'not-measured'
        when tlsa_base = 'no-address' then 'no-address'
        when tlsa_base = 'address-unknown' then 'unknown'
        when at_expanded is null and at_initial is null then 'unknown'
        when first_only and at_initial = 'secure' then 'secure'
        when first_only and at_initial = 'unknown' then 'unknown'
        when first_only and place is null then 'none'
        when at_expanded = 'unknown' then 'unknown'
        when tlsa_security = 'secure' and address_security = 'secure' then 'secure'
        when place is not null and address_security = 'insecure' then 'unsigned'
        when tlsa_security = 'secure' then 'unknown'
        when at_initial = 'unknown' then 'unknown'
        when place is not null then 'unsigned'
        else 'none'
    end)::host_state as host_state,
    first_only, place, tlsa_security, ttl, len(tlsa_set) as records, tlsa_malformed, hidden_node,
    case when place is not null then coalesce(
        nullif(array_to_string(list_sort(list_distinct(list_transform(
            tlsa_set, lambda r: concat_ws(' ', r.usage, r.selector, r.matching_type)))), ' + '), ''),
        'malformed only')
    end as combination
from chosen full join named on chosen.host = named.host;
