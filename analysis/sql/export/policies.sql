-- name: policies
-- title: Every policy fetch with its verdict, flat
-- grain: domain: those with something like an MTA-STS record
-- definition: The evidence of the latest look but for certificates and body (its octets and SHA-256 stand for it),
--   and the verdict.
-- source: the project's own
-- rfc: 8461 sections 3 and 4
select
    v.domain, p.look, p.observed_at, p.host, p.expanded, p.outcome, p.detail, p.tls_version, p.status, p.media_type,
    p.location, p.octets, case when p.octets > 0 then lower(sha256(p.body)) end as body_sha256, v.state, v.stage,
    v.cause, v.rule, v.record, v.record_flaw, v.policy_id,
    array_to_string(v.certificate, ' ') as certificate_flaws, v.plain_text, v.policy, v.mode, v.max_age,
    array_to_string(v.mx, ' ') as mx, v.coverage, v.rules, p.elapsed
from policy_verdicts as v left join policies as p using (domain);
