// What is told of something else than a step: that a webhook was paused. A row is settled, and goes with its webhook.

// name: announcement_create
// mode: write
// starts: id
MATCH (q:Queue {id: 'announcements'})
MATCH (w:Webhook {id: $webhook})
MATCH (d:ContactPoint {id: $contact_point})
CREATE (n:Announcement {id: $id})
SET n += $properties
CREATE (q)-[:PENDING]->(n)
CREATE (n)-[:OF]->(w)
CREATE (n)-[:FOR]->(d)
RETURN n.id AS id

// name: announcements_due
// Those that nobody holds, or whose lease ran out, with what they tell of as it stands.
// mode: read
// starts: open
MATCH (q:Queue {id: 'announcements'})-[:PENDING]->(n:Announcement)
WHERE n.due_at <= $now AND (n.leased_until IS NULL OR n.leased_until <= $now)
MATCH (n)-[:OF]->(w:Webhook)-[:BELONGS_TO]->(o:Organization)
MATCH (n)-[:FOR]->(d:ContactPoint)
RETURN n {.id, .kind, .reference, .created_at, .attempts, .answered, .away_since} AS announcement, d.id AS contact_point,
  w {.state, .paused_at} AS webhook, o.id AS organization
ORDER BY n.due_at, n.id
LIMIT $limit

// name: announcement_lease
// One worker has it at a time.
// mode: write
// starts: id
MATCH (n:Announcement {id: $id})
SET n.lock = $lease
WITH n
WHERE n.status = 'pending' AND n.due_at <= $now AND (n.leased_until IS NULL OR n.leased_until <= $now)
SET n.lease = $lease, n.leased_until = $until
RETURN n.id AS id

// name: announcements_settle
// Only the holder of the lease of each may settle; the status is delivered, dead or overtaken.
// mode: write
// starts: id
UNWIND $messages AS each
MATCH (n:Announcement {id: each.id})
SET n.lock = each.lease
WITH n, each
WHERE n.lease = each.lease AND n.status = 'pending'
SET n += each.changes
RETURN n.id AS id

// name: announcements_unqueue
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Announcement {id: id})
WITH n
MATCH (n)<-[pending:PENDING]-(:Queue)
DELETE pending
RETURN n.id AS id

// name: announcements_end
// Those of a webhook that ends with them. It is locked first, so that none is made meanwhile.
// mode: write
// starts: id
MATCH (w:Webhook {id: $webhook})
SET w.lock = $operation
WITH w
MATCH (w)<-[:OF]-(n:Announcement)
WITH n, n.id AS id
DETACH DELETE n
RETURN id
