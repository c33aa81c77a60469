-- name: domains
-- title: Every name with its classes, flat
-- grain: domain: each row of names, measured or not
-- definition: No nested columns: lists are joined by a blank, mail hosts as `preference host`, in the order of the
--   reply, joined by a comma. Classes as in the views of the same names; the senders' outcomes are null in a run
--   without --smtp. Of a name that was not measured, the classes say so and the rest is null.
-- source: the project's own
-- rfc: none
with talked as (select count(*) > 0 as yes from endpoint_verdicts)
select
    n.domain, n.source, n.line, n.copies, n.rank, n.weight, array_to_string(n.tags, ' ') as tags, c.tld,
    d.look, d.observed_at, d.zone, c.dnssec_class::varchar as dnssec, c.dnssec_reason,
    array_to_string(d.name_servers, ' ') as name_servers, o.operator as dns_operator,
    d.ds.outcome as ds_outcome, len(d.ds_set) as ds_records,
    array_to_string(list_sort(list_distinct([x.algorithm for x in d.dnskey_set])), ' ') as dnskey_algorithms,
    d.denial_kind, d.nsec3_iterations, d.nsec3_opt_out,
    d.mx.outcome as mx_outcome, d.mx.security as mx_security, d.mx.reason as mx_reason, d.mx.ttl as mx_ttl,
    c.mail_class::varchar as mail, c.has_mail,
    array_to_string([x.preference || ' ' || x.host for x in d.mx_hosts], ', ') as mx_hosts,
    p.provider, p.registrable as mx_registrable, p.attribution, p.confidence, p.kind as provider_kind,
    c.dane_class::varchar as dane_published, e.usable as dane_usable, e.effective::varchar as dane_effective,
    c.dane_best::varchar as dane_best, c.mail_hosts, c.hosts_secure, c.hosts_not, c.hosts_unknown,
    c.sts_class::varchar as mta_sts_published, s.usable::varchar as mta_sts_usable,
    s.effective::varchar as mta_sts_effective, s.stage::varchar as mta_sts_stage, s.cause as mta_sts_cause,
    s.policy_id, s.mode, s.max_age, s.coverage::varchar as coverage, s.hosting, s.hosted_at,
    array_to_string(d.mta_sts_txt, ' | ') as mta_sts_txt,
    c.tlsrpt_class::varchar as tlsrpt, array_to_string(d.tlsrpt_txt, ' | ') as tlsrpt_txt,
    case when t.yes then x.plain end as sender_plain, case when t.yes then x.dane end as sender_dane,
    case when t.yes then x.mta_sts end as sender_mta_sts, case when t.yes then x.both_ end as sender_both,
    d.queries, d.elapsed
from names as n
join domain_class as c using (domain)
join dane_effect as e using (domain)
join policy_class as s using (domain)
left join domains as d using (domain)
left join provider as p using (domain)
left join dns_operator as o using (domain)
join sender_class as x using (domain)
cross join talked as t;
