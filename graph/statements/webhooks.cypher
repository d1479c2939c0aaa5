// Where programs of members are told of events. The address and its secrets are sealed.

// name: webhook_create
// mode: write
// starts: id
MATCH (o:Organization {id: $organization})
MATCH (q:Queue {id: 'feed'})
CREATE (w:Webhook {id: $id})
SET w += $properties
CREATE (w)-[:BELONGS_TO]->(o)
CREATE (q)-[:FEEDS]->(w)
RETURN w.id AS id

// name: webhooks_all
// Those that were not ended.
// mode: read
// starts: open
MATCH (q:Queue {id: 'feed'})-[:FEEDS]->(w:Webhook)-[:BELONGS_TO]->(o:Organization)
RETURN w {.id, .version, .types, .contact_points, .state, .sealed, .old_until, .position, .test, .failures, .failing_since, .due_at,
  .leased_until, .created_at, .paused_at, .paused_for, .untold, .log} AS webhook, o.id AS organization,
  [(w)<-[:OF]-(n:Announcement) | {at: n.created_at, status: n.status, reference: n.reference}] AS announced
ORDER BY w.id

// name: webhook_change
// mode: write
// starts: id
MATCH (w:Webhook {id: $id})
SET w.lock = $operation
WITH w
WHERE w.version = $version
SET w += $changes, w.version = w.version + 1
RETURN w.version AS version

// name: webhook_end
// What was sent is forgotten with it.
// mode: write
// starts: id
MATCH (w:Webhook {id: $id})
SET w.lock = $operation
WITH w
WHERE w.version = $version
DETACH DELETE w
RETURN $id AS id

// name: webhook_lease
// Only one worker posts for a webhook at a time, so that events come in their order.
// mode: write
// starts: id
MATCH (w:Webhook {id: $id})
SET w.lock = $lease
WITH w
WHERE w.version = $version AND w.state = 'active' AND (w.leased_until IS NULL OR w.leased_until <= $now)
SET w.lease = $lease, w.leased_until = $until
RETURN w.id AS id

// name: webhook_settle
// Only the holder of the lease, and only as long as nobody changed the webhook: its owner is right.
// mode: write
// starts: id
MATCH (w:Webhook {id: $id})
SET w.lock = $lease
WITH w
WHERE w.lease = $lease AND w.version = $version
SET w += $changes
RETURN w.id AS id
