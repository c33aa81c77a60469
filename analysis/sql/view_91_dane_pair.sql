-- name: view_91_dane_pair
-- title: dane_pair: every mail host with secure TLSA, as each domain and each of its addresses has it
-- grain: (domain, host, address), of domains whose MX RRset is secure and hosts in state secure
-- definition: state: untested (no conversation, or our own limits); what stood in the way of a session (unreachable,
--   temporary, rejected, no-starttls, tls-failed); tls-only (no usable record); valid; one-certificate (of the two
--   kinds of certificate shown, one does not match); expired and bad-path (under DANE-TA); name-mismatch; mismatch.
--   Where the TLSA base domain is not among the names of a certificate under DANE-TA, the domain itself may be.
-- source: the project's own; Lee et al. 2020, the DANE survey
-- rfc: 7672 sections 2.2 and 3
create or replace view dane_pair as
with routes as (
    select distinct m.domain, m.host, unnest(h.addresses) as address
    from mail_route as m
    join domain_class as d on d.domain = m.domain and d.mx_security = 'secure'
    join hosts as h on h.host = m.host
    where m.host_state = 'secure'
)
select
    r.domain, r.host, r.address,
    case
        when v.endpoint is null or v.contact = 'not-tried' then 'untested'
        when v.contact <> 'tls' then v.contact
        when v.dane = 'unusable' then 'tls-only'
        when v.dane = 'authenticated' or (v.rule = 'DANE-TA-NAME' and len(
            list_filter(v.names, lambda name: name_admits(name, r.domain))) > 0)
            then case when v.other_dane = 'failed' then 'one-certificate' else 'valid' end
        when v.other_dane = 'authenticated' then 'one-certificate'
        when v.rule = 'DANE-TA-NAME' then 'name-mismatch'
        when v.reason = 'expired' then 'expired'
        when v.rule = 'DANE-TA-PATH' then 'bad-path'
        else 'mismatch'
    end as state,
    v.rule, v.reason, v.near_misses, v.scheme
from routes as r left join endpoint_verdicts as v on v.host = r.host and v.address = r.address;
