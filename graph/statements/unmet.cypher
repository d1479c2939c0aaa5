// What was looked for and nobody could take: by week, service type and place. Neither who asked nor for whom is kept.

// name: unmet_note
// Once for each ``asker``, a fingerprint that nobody can read without the installation's key; no row: it was counted before.
// ``lacking`` are the reasons of the nearest miss; the last ones stay.
// mode: write
// starts: id
MERGE (n:UnmetNeed {id: $id})
SET n.week = $week, n.service_type = $service_type, n.place = $place
WITH n, coalesce(n.askers, []) AS askers
WHERE NOT $asker IN askers
SET n.lacking = $lacking, n.askers = askers + [$asker], n.count = coalesce(n.count, 0) + 1
RETURN n.id AS id

// name: unmet_since
// mode: read
// starts: label
MATCH (n:UnmetNeed)
WHERE n.week >= $week
RETURN n.week AS week, n.service_type AS service_type, n.place AS place, n.count AS count, n.lacking AS lacking
ORDER BY week, service_type, place

// name: unmet_forget
// mode: write
// starts: label
MATCH (n:UnmetNeed)
WHERE n.week < $week
WITH n, n.id AS id
DELETE n
RETURN id
