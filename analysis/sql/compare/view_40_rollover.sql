-- name: view_40_rollover
-- title: rollover: what became of each mail host's certificate and TLSA records between two runs
-- grain: endpoint: host and address with a TLS session and secure, usable TLSA in both runs
-- definition: behaviour, where the leaf certificate has changed: key-kept (the record that matched still matches),
--   early (authenticated by a record that was there before, beside the one that matched then), together (by a record
--   that is new: its order is not known), without-introduction (no record matches, and the RRset is as it was),
--   wrong-introduction (no record matches, and the RRset has changed); repaired (nothing matched before, something does
--   now). Where the leaf is the same: late (nothing matched it before: its record came after it), withdrawn (its record
--   is gone), lapsed (the records are the same, and it is no longer accepted), announced (a record was added, it still
--   matches), tidied (a record was taken away, it still matches), unchanged, still-broken. older_certificate: nothing
--   matches now, but the record that matched the certificate of before is still there.
-- source: metric 28; Lee et al. 2020 and 2022
-- rfc: 7671 section 8.1
create or replace view rollover as
with pairs as (
    select endpoint, b.host as host, b.leaf <> a.leaf as changed, b.dane = 'authenticated' as good_before,
        a.dane = 'authenticated' as good_after, b.tlsa as tlsa_before, a.tlsa as tlsa_after,
        b.matched as matched_before,
        a.matched as matched_after, b.observed_at as seen_before, a.observed_at as seen_after
    from before_endpoints as b join after_endpoints as a using (endpoint)
    where b.dane in ('authenticated', 'failed') and a.dane in ('authenticated', 'failed')
)
select endpoint, host, changed,
    case
        when changed and good_after and not good_before then 'repaired'
        when changed and good_after and matched_after = matched_before then 'key-kept'
        when changed and good_after and list_contains(tlsa_before, matched_after) then 'early'
        when changed and good_after then 'together'
        when changed and tlsa_before = tlsa_after then 'without-introduction'
        when changed then 'wrong-introduction'
        when good_after and not good_before then 'late'
        when good_before and not good_after and tlsa_before = tlsa_after then 'lapsed'
        when good_before and not good_after then 'withdrawn'
        when not good_after then 'still-broken'
        when tlsa_before = tlsa_after then 'unchanged'
        when len(list_filter(tlsa_after, lambda r: not list_contains(tlsa_before, r))) > 0 then 'announced'
        else 'tidied'
    end as behaviour,
    not good_after and coalesce(list_contains(tlsa_after, matched_before), false) and changed as older_certificate,
    epoch(seen_after) - epoch(seen_before) as seconds
from pairs;
