-- name: view_30_domain_class
-- title: domain_class: every name and its classes
-- grain: domain: each row of names, measured or not
-- definition: dnssec_class: no-domain if the MX look-up said NXDOMAIN; else the state of the zone, insecure split
--   into insecure-unsupported (algorithm, digest or NSEC3 iterations that we do not validate) and island (no DS, or
--   an opt-out span, yet a DNSKEY answers). mail_class: as the crawler read the MX RRset; without MX, implicit if
--   the domain has an address, no-mail if it believably has none, else unknown. has_mail: true for mx,
--   null-mx-mixed, implicit; null if it is not known. dane_class, over the MX hosts: not-applicable without mail;
--   unknown if the mail class is, or if the MX RRset is bogus or indeterminate. MX secure: full (all hosts secure),
--   partial (some secure, some known not), none (no host secure, none unknown), else unknown. MX insecure:
--   mx-insecure (some host secure), unknown (some unknown), none. dane_best is the same over the hosts of the best
--   preference alone. sts_class, tlsrpt_class: valid (exactly one TXT begins `v=STSv1;` or `v=TLSRPTv1;`, and keeps
--   the grammar), invalid (some TXT begins with the version, otherwise), none, unknown (the look-up failed, or is
--   bogus or indeterminate). not-measured: the name has no row in domains, as after an interrupted run.
-- source: the project's own; full, partial and none as in the DANE survey (Dukhovni, Hardaker) and Lee et al. 2020
-- rfc: 4035 section 4.3, 5321 section 5.1, 7505, 7672 section 2.2, 8460 section 3, 8461 section 3.1
create or replace view domain_class as
with over_hosts as (
    select
        domain,
        count(*) filter (where target <> 'null') as mail_hosts,
        count(*) filter (where host_state = 'secure') as secure,
        count(*) filter (where host_state in ('unsigned', 'none', 'no-address')) as known_not,
        count(*) filter (where host_state in ('unknown', 'not-measured')) as unsure,
        count(*) filter (where is_best and host_state = 'secure') as best_secure,
        count(*) filter (where is_best and host_state in ('unsigned', 'none', 'no-address')) as best_known_not,
        count(*) filter (where is_best and host_state in ('unknown', 'not-measured')) as best_unsure,
        count(*) filter (where host_state in ('secure', 'unsigned')) as with_tlsa,
        bool_or(has_address) filter (where target = 'implicit') as own_address
    from mail_route
    group by domain
),
read as (
    select
        d.domain, d.look, d.zone, d.zone_security, d.zone_reason, d.mx_outcome, d.mx_security, d.dnskey_outcome,
        d.queries,
        case
            when d.mail <> 'no-mx' then d.mail
            when o.own_address then 'implicit'
            when not o.own_address then 'no-mail'
            else 'unknown'
        end as mail,
        coalesce(o.mail_hosts, 0) as mail_hosts, coalesce(o.with_tlsa, 0) as with_tlsa,
        coalesce(o.secure, 0) as secure, coalesce(o.known_not, 0) as known_not, coalesce(o.unsure, 0) as unsure,
        coalesce(o.best_secure, 0) as best_secure, coalesce(o.best_known_not, 0) as best_known_not,
        coalesce(o.best_unsure, 0) as best_unsure,
        -- most names have no such texts: their class is that of the look-up, unless there were records that say nothing
        case
            when len(d.mta_sts_txt) > 0 then record_verdict(
                case when d.mta_sts_state in ('secure', 'insecure') then 'there' else d.mta_sts_state end,
                len(list_filter(d.mta_sts_txt, lambda t: starts_with(t, 'v=STSv1;'))),
                len(list_filter(d.mta_sts_txt, lambda t: starts_with(t, 'v=STSv1;') and sts_grammar(t))),
                len(list_filter(d.mta_sts_txt, lambda t: starts_with(t, 'v=STSv1'))))
            when d.mta_sts_state = 'unknown' then 'unknown'
            else 'none'
        end as sts,
        case
            when len(d.tlsrpt_txt) > 0 then record_verdict(
                case when d.tlsrpt_state in ('secure', 'insecure') then 'there' else d.tlsrpt_state end,
                len(list_filter(d.tlsrpt_txt, lambda t: starts_with(t, 'v=TLSRPTv1;'))),
                len(list_filter(d.tlsrpt_txt, lambda t: starts_with(t, 'v=TLSRPTv1;') and tlsrpt_grammar(t))),
                len(list_filter(d.tlsrpt_txt, lambda t: starts_with(t, 'v=TLSRPTv1'))))
            when d.tlsrpt_state = 'unknown' then 'unknown'
            else 'none'
        end as tlsrpt
    from domain_facts as d left join over_hosts as o using (domain)
),
judged as (
    select
        *,
        case
            when mail in ('no-domain', 'null-mx', 'no-mail') then 'not-applicable'
            when mail = 'unknown' then 'unknown'
            else dane_verdict(mx_security, secure, known_not, unsure)
        end as dane,
        case
            when mail in ('no-domain', 'null-mx', 'no-mail') then 'not-applicable'
            when mail = 'unknown' then 'unknown'
            else dane_verdict(mx_security, best_secure, best_known_not, best_unsure)
        end as dane_best,
        case
            when mail = 'no-domain' then 'no-domain'
            when zone_security <> 'insecure' then zone_security
            when zone_reason in ('unsupported-algorithm', 'unsupported-digest', 'nsec3-iterations')
                then 'insecure-unsupported'
            when zone_reason in ('no-ds', 'opt-out') and dnskey_outcome = 'answer' then 'island'
            else 'insecure'
        end as dnssec
    from read
)
select
    n.domain, n.source, n.rank, n.weight, n.tags, string_split(n.domain, '.')[-1] as tld,
    j.look, j.zone,
    coalesce(j.dnssec, 'not-measured')::dnssec_class as dnssec_class, j.zone_reason as dnssec_reason,
    j.dnskey_outcome, j.mx_outcome, j.mx_security,
    coalesce(j.mail, 'not-measured')::mail_class as mail_class,
    case
        when j.mail in ('mx', 'null-mx-mixed', 'implicit') then true
        when j.mail in ('null-mx', 'no-mail', 'no-domain') then false
    end as has_mail,
    coalesce(j.dane, 'not-measured')::dane_class as dane_class,
    coalesce(j.dane_best, 'not-measured')::dane_class as dane_best,
    coalesce(j.sts, 'not-measured')::record_class as sts_class,
    coalesce(j.tlsrpt, 'not-measured')::record_class as tlsrpt_class,
    j.mail_hosts, j.with_tlsa, j.secure as hosts_secure, j.known_not as hosts_not, j.unsure as hosts_unknown,
    j.queries
from names as n left join judged as j using (domain);
