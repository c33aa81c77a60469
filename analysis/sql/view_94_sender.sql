-- name: view_94_sender
-- title: sender: what each kind of sender gets at each name
-- grain: (domain, sender), sender being plain, dane, mta-sts or both
-- definition: The columns of sender_class, a row each. preference is that of the host that decides; null if none
--   does.
-- source: metric 40; the sender classes of Zivver
-- rfc: 7672 section 2.2, 8461 sections 2, 4 and 5
create or replace view sender as
select domain, s.sender, s.outcome, s.place // 10 as preference
from (
    select domain, unnest([
        {'sender': 'plain', 'outcome': plain, 'place': plain_place},
        {'sender': 'dane', 'outcome': dane, 'place': dane_place},
        {'sender': 'mta-sts', 'outcome': mta_sts, 'place': mta_sts_place},
        {'sender': 'both', 'outcome': both_, 'place': both_place}]) as s
    from sender_class
);
