-- name: openintel
-- title: Every record seen, with OpenINTEL's column names
-- grain: a record of an answer of the latest looks; a look-up without an answer has one row
-- definition: For those whose queries and joins stand on OpenINTEL's data dictionary. Names end in a dot, as there.
--   status_code is the RCODE, 65535 where no reply came, or none that says anything (lame, malformed, an alias
--   without end); ad_flag is 1 if the answer is secure, by our own validation or by the resolver's, and OpenINTEL's
--   is its resolver's. response_ttl is that of the RRset at its authority. Fields that we do not measure (country,
--   as, ip_prefix, worker_id) are null. One row is kept for each alias.
-- source: openintel.nl, Data dictionary
-- rfc: 1035 section 3.3, 4034, 6698
with asked as (
    select 'MX' as query_type, domain as query_name, mx as x from domains
    union all select 'DS', zone, ds from domains where zone = domain
    union all select 'DNSKEY', zone, dnskey from domains where zone = domain
    union all select 'TXT', '_mta-sts.' || domain, mta_sts from domains
    union all select 'TXT', '_smtp._tls.' || domain, tlsrpt from domains
    union all select 'A', host, a from hosts
    union all select 'AAAA', host, aaaa from hosts
    union all select 'TLSA', '_25._tcp.' || expanded, tlsa_expanded from hosts
    union all select 'TLSA', '_25._tcp.' || host, tlsa_initial from hosts
),
records as (
    select 'MX' as query_type, domain as query_name, mx as x, 'MX' as response_type, unnest(mx_hosts) as mx,
        null as address, null as txt, null as octets
    from domains where mx.outcome = 'answer'
    union all select 'TXT', '_mta-sts.' || domain, mta_sts, 'TXT', null, null, unnest(mta_sts_txt), null
    from domains where mta_sts.outcome = 'answer'
    union all select 'TXT', '_smtp._tls.' || domain, tlsrpt, 'TXT', null, null, unnest(tlsrpt_txt), null
    from domains where tlsrpt.outcome = 'answer'
    union all select 'DS', zone, ds, 'DS', null, null, null, hex(unnest(ds.rdata))
    from domains where zone = domain and ds.outcome = 'answer'
    union all select 'DNSKEY', zone, dnskey, 'DNSKEY', null, null, null, hex(unnest(dnskey.rdata))
    from domains where zone = domain and dnskey.outcome = 'answer'
    union all select 'A', host, a, 'A', null, unnest([x for x in addresses if not contains(x, ':')]), null, null
    from hosts where a.outcome = 'answer'
    union all select 'AAAA', host, aaaa, 'AAAA', null, unnest([x for x in addresses if contains(x, ':')]), null, null
    from hosts where aaaa.outcome = 'answer'
    union all select 'TLSA', '_25._tcp.' || expanded, tlsa_expanded, 'TLSA', null, null, null,
        hex(unnest(tlsa_expanded.rdata))
    from hosts where tlsa_expanded.outcome = 'answer'
    union all select 'TLSA', '_25._tcp.' || host, tlsa_initial, 'TLSA', null, null, null,
        hex(unnest(tlsa_initial.rdata))
    from hosts where tlsa_initial.outcome = 'answer'
),
aliases as (
    select query_type, query_name, x, unnest([query_name] || [a.target for a in x.alias][:-2]) as owner,
        unnest([a.target for a in x.alias]) as target
    from asked where len(x.alias) > 0
),
rows_ as (
    select query_type, query_name, x, response_type, coalesce(x.alias[-1].target, query_name) as owner,
        null as target, mx, address, txt, octets
    from records
    union all select query_type, query_name, x, 'CNAME', owner, target, null, null, null, null from aliases
    union all select query_type, query_name, x, null, null, null, null, null, null, null from asked
    where x.outcome is not null and x.outcome <> 'answer' and len(x.alias) = 0
)
select
    query_type, query_name || '.' as query_name, response_type, owner || '.' as response_name,
    case when target is null and response_type is not null then x.ttl end as response_ttl,
    epoch_ms(x.observed_at) as "timestamp", x.rtt::double as rtt, null::integer as worker_id,
    case when x.outcome in ('answer', 'nodata') then 0 when x.outcome = 'formerr' then 1 when x.outcome = 'servfail'
        then 2 when x.outcome = 'nxdomain' then 3 when x.outcome = 'notimp' then 4 when x.outcome = 'refused' then 5
        else 65535 end as status_code,
    (x.security = 'secure')::integer as ad_flag,
    case when response_type = 'A' then address end as ip4_address,
    case when response_type = 'AAAA' then address end as ip6_address,
    null::varchar as country, null::varchar as "as", null::varchar as ip_prefix, target || '.' as cname_name,
    mx.host || '.' as mx_address, mx.preference as mx_preference, txt as txt_text,
    case when response_type = 'DS' then octets_at(octets, 0, 2) end as ds_key_tag,
    case when response_type = 'DS' then octets_at(octets, 2, 1) end as ds_algorithm,
    case when response_type = 'DS' then octets_at(octets, 3, 1) end as ds_digest_type,
    case when response_type = 'DS' then substr(octets, 9) end as ds_digest,
    case when response_type = 'DNSKEY' then octets_at(octets, 0, 2) end as dnskey_flags,
    case when response_type = 'DNSKEY' then octets_at(octets, 2, 1) end as dnskey_protocol,
    case when response_type = 'DNSKEY' then octets_at(octets, 3, 1) end as dnskey_algorithm,
    case when response_type = 'TLSA' then octets_at(octets, 0, 1) end as tlsa_usage,
    case when response_type = 'TLSA' then octets_at(octets, 1, 1) end as tlsa_selector,
    case when response_type = 'TLSA' then octets_at(octets, 2, 1) end as tlsa_matchtype,
    case when response_type = 'TLSA' then substr(octets, 7) end as tlsa_certdata
from rows_;
