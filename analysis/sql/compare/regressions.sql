-- name: regressions
-- title: Names that lost protection
-- grain: (domain, subject): the first 50 by name, or `set variable top = N`
-- definition: Everything that view_30_move calls lost, with its classes before and after. lost is how many there are.
-- source: the project's own
-- rfc: none
select domain, subject, before, after, cause, coalesce(detail, '') as detail, who, count(*) over () as lost
from move where direction = 'lost'
order by domain, subject
limit coalesce(getvariable('top'), 50);
