// The store's own records.

// name: schema_version
// mode: read
// starts: id
MATCH (s:Schema {id: 'relaypoint'})
RETURN s.version AS version

// name: schema_found
// Also makes the roots that later writes lock and hang things on.
// mode: write
// starts: id
MERGE (s:Schema {id: 'relaypoint'})
SET s.version = $version
MERGE (r:Roster {id: 'roster'})
ON CREATE SET r.version = 0
MERGE (q:Queue {id: 'notices'})
MERGE (f:Queue {id: 'feed'})
MERGE (a:Queue {id: 'announcements'})
RETURN s.version AS version

// name: operation_find
// A trace that has expired no longer holds: it is as if it were not there.
// mode: read
// starts: id
MATCH (o:Operation {id: $id})
RETURN o.fingerprint AS fingerprint, o.result AS result, o.expires > $at AS holds

// name: operation_sweep
// mode: write
// starts: id
MATCH (o:Operation {id: $id})
WHERE o.expires <= $at
DELETE o

// name: operations_forget
// Deletes some of the traces that have expired.
// mode: write
// starts: label
MATCH (o:Operation)
WHERE o.expires <= $at
WITH o
LIMIT $limit
WITH o, o.id AS id
DELETE o
RETURN id

// name: operation_record
// CREATE, so that the unique id lets one of two writers of the same operation through.
// mode: write
// starts: id
CREATE (o:Operation {id: $id, at: $at, fingerprint: $fingerprint, result: $result, expires: $expires})
RETURN o.id AS id

// name: key_check_get
// mode: read
// starts: id
MATCH (s:Schema {id: 'relaypoint'})
RETURN s.key_check AS key_check

// name: key_check_set
// Only the first to come sets it.
// mode: write
// starts: id
MATCH (s:Schema {id: 'relaypoint'})
SET s.lock = $operation
WITH s
WHERE s.key_check IS NULL
SET s.key_check = $key_check
RETURN s.id AS id
