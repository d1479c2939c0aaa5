// The roster as a whole: one root that every change of it locks first, and its chain of events.

// name: roster_root
// mode: read
// starts: id
MATCH (r:Roster {id: 'roster'})
OPTIONAL MATCH (s:Schema {id: 'relaypoint'})
RETURN r.version AS version, r.chain_length AS length, r.chain_head AS head, s.responses AS responses

// name: roster_settle
// The root under its lock: a change that is being committed is waited for, so that it is there as a whole.
// mode: write
// starts: id
MATCH (r:Roster {id: 'roster'})
SET r.lock = r.lock
RETURN r.version AS version, r.chain_length AS length, r.chain_head AS head

// name: roster_lock
// mode: write
// starts: id
MATCH (r:Roster {id: 'roster'})
SET r.lock = $operation
WITH r
WHERE r.version = $version AND coalesce(r.chain_head, '') = $previous
SET r.version = r.version + 1, r.chain_length = $length, r.chain_head = $head
RETURN r.version AS version

// name: roster_record
// mode: write
// starts: id
MATCH (r:Roster {id: 'roster'})
UNWIND $events AS event
CREATE (r)-[e:RECORDED]->(n:Event {id: event.id})
SET e += event
RETURN n.id AS id

// name: roster_events
// mode: read
// starts: id
MATCH (r:Roster {id: 'roster'})-[e:RECORDED]->(:Event)
RETURN {id: e.id, aggregate: e.aggregate, sequence: e.sequence, kind: e.kind, at: e.at, actor: e.actor, data: e.data, previous: e.previous, hash: e.hash} AS event
ORDER BY e.sequence

// name: roster_last_at
// The number of the last event that was recorded by then; null: there was none.
// mode: read
// starts: id
MATCH (r:Roster {id: 'roster'})
OPTIONAL MATCH (r)-[e:RECORDED]->(:Event)
WHERE e.at <= $at
RETURN max(e.sequence) AS sequence

// name: roster_changes
// mode: read
// starts: id
UNWIND $ids AS id
MATCH (:Event {id: id})<-[e:RECORDED]-(:Roster)
RETURN e.sequence AS sequence, e.at AS at, e.data AS data

// name: contact_points_touch
// A contact point's version also stands for its channels, holders, services and organization.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:ContactPoint {id: id})
SET n.version = n.version + 1
RETURN n.id AS id

// name: contact_points_of
// mode: read
// starts: id
UNWIND $organizations AS id
MATCH (:Organization {id: id})<-[:OF]-(n:ContactPoint)
RETURN n.id AS id
ORDER BY id
