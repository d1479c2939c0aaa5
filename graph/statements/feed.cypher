// The feed: what was recorded, in the order in which it came to be seen. A position is given after the commit, so that
// whoever reads on from one skips nothing.

// name: feed_new
// What is recorded of the roster by one write is one entry: its last event.
// mode: write
// starts: id
MATCH (n:Event {id: $id})
MATCH (q:Queue {id: 'feed'})
CREATE (q)-[:NEW]->(n)
RETURN n.id AS id

// name: feed_unplaced
// What has no position yet, by the time of recording.
// mode: read
// starts: open
MATCH (q:Queue {id: 'feed'})-[:NEW]->(n:Event)<-[e:RECORDED]-()
RETURN e.at AS at, n.id AS id, e.aggregate AS aggregate, e.kind AS kind, e.data AS data
ORDER BY e.at, n.id
LIMIT $limit

// name: feed_place
// Whoever counts from another position than the last is late, and nothing of it is written.
// mode: write
// starts: id
MATCH (q:Queue {id: 'feed'})
SET q.lock = $operation
WITH q
WHERE coalesce(q.position, 0) = $position
SET q.position = $last
WITH q
UNWIND $entries AS entry
MATCH (n:Event {id: entry.event})<-[new:NEW]-(q)
DELETE new
CREATE (f:FeedEntry {id: entry.id})
SET f += entry.properties
RETURN f.id AS id

// name: feed_position
// mode: read
// starts: id
MATCH (q:Queue {id: 'feed'})
RETURN coalesce(q.position, 0) AS position, EXISTS { MATCH (q)-[:NEW]->(:Event) } AS waiting

// name: feed_entries
// mode: read
// starts: id
UNWIND $ids AS id
MATCH (f:FeedEntry {id: id})
RETURN f {.position, .at, .kind, .aggregate, .handoff} AS entry
ORDER BY f.position

// name: feed_ways
// By referral: who sent it, and its steps with who received them.
// mode: read
// starts: id
UNWIND $referrals AS id
MATCH (r:Referral {id: id})
WITH r
MATCH (r)-[:SENT_BY]->(sender:Organization)
RETURN r.id AS id, sender.id AS sender,
  [(r)<-[:STEP_OF]-(h:Handoff)-[:TO]->(desk:ContactPoint)-[:OF]->(receiver:Organization) | {
    id: h.id, reason: h.reason, contact_point: desk.id, receiver: receiver.id,
    continues: head([(h)-[:CONTINUES]->(before:Handoff) | before.id])
  }] AS steps
ORDER BY r.id
