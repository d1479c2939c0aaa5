// How many gaps there were, day by day: worked out from the roster, kept so that nobody has to do it again.

// name: snapshot_put
// The last of a day stays.
// mode: write
// starts: id
MERGE (n:Snapshot {id: $day})
SET n.at = $at, n.counts = $counts
RETURN n.id AS id

// name: snapshots_of
// mode: read
// starts: id
UNWIND $days AS day
MATCH (n:Snapshot {id: day})
RETURN n.id AS day, n.at AS at, n.counts AS counts
ORDER BY day
