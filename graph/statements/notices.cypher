// The outbox: notices that the store has promised. A row is settled, never deleted.

// name: notices_lease
// Takes pending notices that nobody holds, or whose lease ran out, and marks them with the lease.
// mode: write
// starts: open
MATCH (q:Queue {id: 'notices'})
SET q.lock = $lease
WITH q
MATCH (q)-[:PENDING]->(n:Notice)
WHERE n.due_at <= $now AND n.urgency >= $least AND (n.leased_until IS NULL OR n.leased_until <= $now)
WITH n
ORDER BY n.urgency DESC, n.due_at, n.id
LIMIT $limit
SET n.lease = $lease, n.leased_until = $until
RETURN n.id AS id

// name: notices_lease_beside
// And what else is due to the same contact points, so that it can go out together with that.
// mode: write
// starts: open
MATCH (q:Queue {id: 'notices'})-[:PENDING]->(m:Notice)
WHERE m.lease = $lease
MATCH (m)-[:FOR]->(d:ContactPoint)
WITH q, collect(DISTINCT d.id) AS desks
MATCH (q)-[:PENDING]->(n:Notice)
WHERE n.due_at <= $now AND (n.leased_until IS NULL OR n.leased_until <= $now)
MATCH (n)-[:FOR]->(d:ContactPoint)
WHERE d.id IN desks
WITH n
ORDER BY n.urgency DESC, n.due_at, n.id
LIMIT $limit
SET n.lease = $lease, n.leased_until = $until
RETURN n.id AS id

// name: notices_leased
// mode: read
// starts: open
MATCH (q:Queue {id: 'notices'})-[:PENDING]->(n:Notice)
WHERE n.lease = $lease
MATCH (n)-[:ABOUT]->(h:Handoff)-[:STEP_OF]->(r:Referral)-[:SENT_BY]->(sender:Organization)
MATCH (n)-[:FOR]->(d:ContactPoint)
RETURN n {.id, .kind, .priority, .confidentiality, .attempts, .answered, .away_since, .created_at, .again_at, .bounced, .pushed, .reference, .turn, .apart} AS notice, r.id AS referral, r.sealed AS sealed,
  head([(r)-[:SEALED_UNDER]->(k:CaseKey) | k.sealed_key]) AS sealed_key,
  d.id AS contact_point, sender.id AS sender, h {.status, .deliver_by, .acknowledge_by} AS step,
  head([(h)-[:TO]->(own:ContactPoint) | own.id]) AS step_at
ORDER BY n.urgency DESC, n.due_at, n.id

// name: notices_settle
// Only the holder of the lease of each may settle; the status is delivered or dead.
// mode: write
// starts: id
UNWIND $messages AS each
MATCH (n:Notice {id: each.id})
SET n.lock = each.lease
WITH n, each
WHERE n.lease = each.lease AND n.status = 'pending'
SET n += each.changes
RETURN n.id AS id

// name: digest_put
// Several messages that are about to go out as one, by whoever holds the lease of each. Kept before it is sent, so that
// what comes back of it can be told apart.
// mode: write
// starts: id
MERGE (g:Digest {id: $id})
WITH g
UNWIND $notices AS each
MATCH (n:Notice {id: each.id})
WHERE n.lease = each.lease AND n.status = 'pending'
MERGE (g)-[:HOLDS]->(n)
RETURN n.id AS id

// name: notices_unqueue
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Notice {id: id})
WITH n
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

// name: notices_tried
// What came of attempts, by channel. It hangs on the address: channels of several contact points may share it.
// mode: write
// starts: id
UNWIND $tries AS try
MATCH (n:Notice {id: try.notice})
MERGE (a:Address {id: try.address})
CREATE (n)-[t:TRIED]->(a)
SET t += try.properties
RETURN a.id AS id

// name: notice_dead
// It hangs where it is seen, until it is tried again or somebody says that it was told otherwise.
// mode: write
// starts: id
MATCH (n:Notice {id: $id})
WITH n
LIMIT 1
MATCH (q:Queue {id: 'notices'})
MERGE (q)-[:DEAD]->(n)
RETURN n.id AS id

// name: notices_dead_known
// Those of a store that did not hang them up yet.
// mode: write
// starts: label
MATCH (n:Notice)
WHERE n.status = 'dead'
WITH collect(n.id) AS ids
MATCH (q:Queue {id: 'notices'})
UNWIND ids AS id
MATCH (n:Notice {id: id})
MERGE (q)-[:DEAD]->(n)
RETURN n.id AS id

// name: notices_dead
// What could not be delivered and is still of use: neither tried again, nor told otherwise, nor overtaken.
// mode: read
// starts: open
MATCH (q:Queue {id: 'notices'})-[:DEAD]->(n:Notice)
MATCH (n)-[:ABOUT]->(h:Handoff)
MATCH (n)-[:FOR]->(d:ContactPoint)
RETURN n {.id, .kind, .priority, .reference, .created_at, .tried_at, .attempts, .why, .kept_back} AS notice, d.id AS contact_point,
  h.status AS status
ORDER BY n.id

// name: notice_again
// Only what is dead is tried again; as if it was new.
// mode: write
// starts: id
MATCH (q:Queue {id: 'notices'})
MATCH (n:Notice {id: $id})
SET n.lock = $operation
WITH q, n
WHERE n.status = 'dead'
MATCH (q)-[dead:DEAD]->(n)
DELETE dead
CREATE (q)-[:PENDING]->(n)
SET n.status = 'pending', n.due_at = $at, n.again_at = $at, n.attempts = 0, n.answered = null, n.away_since = null, n.bounced = null, n.pushed = null, n.apart = null
RETURN n.id AS id

// name: notices_release
// What was leased and not begun: somebody may take it at once.
// mode: write
// starts: id
UNWIND $leases AS each
MATCH (n:Notice {id: each.id})
SET n.lock = each.lease
WITH n, each
WHERE n.lease = each.lease AND n.status = 'pending'
SET n.lease = null, n.leased_until = null
RETURN n.id AS id

// name: notice_settled_otherwise
// What is dead was told in another way; who said so, and when.
// mode: write
// starts: id
MATCH (n:Notice {id: $id})
SET n.lock = $operation
WITH n
WHERE n.status = 'dead'
MATCH (n)<-[dead:DEAD]-(:Queue)
DELETE dead
SET n.told_at = $at, n.told_by = $by
RETURN n.id AS id

// name: notice_came_back
// A message that had been taken; it goes out again, by another channel. Only once for each.
// mode: write
// starts: id
MATCH (q:Queue {id: 'notices'})
MATCH (n:Notice {id: $id})
SET n.lock = $operation
WITH q, n
WHERE n.status = 'delivered' AND n.channel = $channel
CREATE (q)-[:PENDING]->(n)
SET n.status = 'pending', n.due_at = $at, n.again_at = $at, n.attempts = 0, n.answered = null, n.away_since = null, n.bounced = coalesce(n.bounced, []) + [$address]
RETURN n.id AS id

// name: notices_of_digest
// Messages that went out as one, as they stand.
// mode: read
// starts: id
MATCH (g:Digest {id: $id})
WITH g
LIMIT 1
MATCH (g)-[:HOLDS]->(n:Notice)
MATCH (n)-[:FOR]->(d:ContactPoint)
RETURN n {.id, .status, .channel, .bounced, .tried_at} AS notice, d.id AS contact_point,
  [(n)-[t:TRIED]->(a:Address) WHERE t.result = 'taken' | t.channel + ' ' + a.id] AS taken
ORDER BY n.id

// name: notice_by_id
// A message as it stands, for what comes back about it.
// mode: read
// starts: id
MATCH (n:Notice {id: $id})
WITH n
LIMIT 1
MATCH (n)-[:FOR]->(d:ContactPoint)
RETURN n {.id, .status, .channel, .bounced, .tried_at} AS notice, d.id AS contact_point,
  [(n)-[t:TRIED]->(a:Address) WHERE t.result = 'taken' | t.channel + ' ' + a.id] AS taken

// name: notice_by_reference
// A message with the step that it is about, for what is said through its link.
// mode: read
// starts: id
MATCH (n:Notice {reference: $reference})
WITH n
LIMIT 1
MATCH (n)-[:ABOUT]->(h:Handoff)
MATCH (n)-[:FOR]->(d:ContactPoint)
RETURN n {.id, .kind, .created_at} AS notice, h.id AS handoff, d.id AS contact_point

// name: notices_waiting
// How many wait for their time, or are being tried by somebody else, whatever they tell of.
// mode: read
// starts: open
MATCH (q:Queue)-[:PENDING]->(n)
WHERE n.due_at > $now OR n.leased_until > $now
RETURN count(n) AS count
