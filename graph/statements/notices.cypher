// The outbox: notices that the store has promised. A row is settled, never deleted.

// name: notices_lease
// Takes pending notices that nobody holds, or whose lease ran out, and marks them with the lease.
// mode: write
// starts: open
MATCH (q:Queue {id: 'notices'})
SET q.lock = $lease
WITH q
MATCH (q)-[:PENDING]->(n:Notice)
WHERE n.due_at <= $now AND (n.leased_until IS NULL OR n.leased_until <= $now)
WITH n
ORDER BY n.urgency DESC, n.due_at, n.id
LIMIT $limit
SET n.lease = $lease, n.leased_until = $until, n.attempts = n.attempts + 1
RETURN n.id AS id

// name: notices_leased
// mode: read
// starts: open
MATCH (q:Queue {id: 'notices'})-[:PENDING]->(n:Notice)
WHERE n.lease = $lease
MATCH (n)-[:ABOUT]->(h:Handoff)-[:STEP_OF]->(r:Referral)-[:SENT_BY]->(sender:Organization)
MATCH (n)-[:FOR]->(d:ContactPoint)
RETURN n {.id, .kind, .priority, .confidentiality, .attempts, .created_at, .reference, .turn} AS notice, r.id AS referral, r.sealed AS sealed,
  head([(r)-[:SEALED_UNDER]->(k:CaseKey) | k.sealed_key]) AS sealed_key,
  d.id AS contact_point, sender.id AS sender
ORDER BY n.urgency DESC, n.due_at, n.id

// name: notice_settle
// Only the holder of the lease may settle; the status is delivered or dead.
// mode: write
// starts: id
MATCH (n:Notice {id: $id})
SET n.lock = $lease
WITH n
WHERE n.lease = $lease AND n.status = 'pending'
SET n += $changes
RETURN n.id AS id

// name: notice_unqueue
// mode: write
// starts: id
MATCH (n:Notice {id: $id})
WITH n
LIMIT 1
MATCH (n)<-[pending:PENDING]-(:Queue)
DELETE pending
RETURN n.id AS id

// name: notice_untold
// The receiving side could not be told that its step was closed: its sender has to see to it.
// mode: write
// starts: id
MATCH (n:Notice {id: $id})
WITH n
LIMIT 1
MATCH (n)-[:ABOUT]->(h:Handoff)-[:STEP_OF]->(:Referral)-[:SENT_BY]->(sender:Organization)
MERGE (sender)-[:MUST_SEE]->(h)
RETURN h.id AS id
