// Where the escalation of a silent step stands, and who of several workers does the background work.

// name: escalation_put
// Takes one rung: locks the referral, then tests that neither the step nor its escalation went on meanwhile.
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
WITH h
LIMIT 1
MATCH (h)-[:STEP_OF]->(r:Referral)
SET r.lock = $operation
WITH h, r
WHERE r.chain_head = $chain_head AND h.version = $version
MERGE (e:Escalation {id: $escalation})
WITH h, e
WHERE coalesce(e.mark, '') = $mark
SET e += $properties
MERGE (h)-[:ESCALATED]->(e)
RETURN e.id AS id

// name: escalation_goes_on
// The step that continues another one goes on where its ladder stood.
// mode: write
// starts: id
MATCH (e:Escalation {id: $escalation})
WITH e
LIMIT 1
MATCH (h:Handoff {id: $handoff})
WITH e, h
LIMIT 1
CREATE (f:Escalation {id: $following})
SET f.mark = e.mark, f.episode = e.episode, f.taken = e.taken, f.taken_at = e.taken_at, f.paused_at = e.paused_at,
  f.in_vain = e.in_vain, f.notices = e.notices, f.action = e.action, f.coordinated = e.coordinated, f.next_at = e.next_at
CREATE (h)-[:ESCALATED]->(f)
RETURN f.id AS id

// name: handoff_recount
// Its deadlines on another calendar: nobody has moved it, so that its version stays.
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
WITH h
LIMIT 1
MATCH (h)-[:STEP_OF]->(r:Referral)
SET r.lock = $operation
WITH h, r
WHERE r.chain_head = $chain_head AND h.version = $version
SET h += $changes
RETURN h.id AS id

// name: escalations_of
// Where the escalation of some steps stands.
// mode: read
// starts: id
UNWIND $handoffs AS id
MATCH (h:Handoff {id: id})
WITH h
MATCH (h)-[:ESCALATED]->(e:Escalation)
RETURN h.id AS handoff, e {.id, .mark, .episode, .taken, .taken_at, .paused_at, .in_vain, .notices, .action, .coordinated, .next_at} AS escalation
ORDER BY e.id

// name: notices_stand
// What became of some messages.
// mode: read
// starts: id
UNWIND $notices AS id
MATCH (n:Notice {id: id})
RETURN n.id AS id, n.status AS status
ORDER BY n.id

// name: work_escalating
// What an escalation needs beside the open step itself.
// mode: read
// starts: id
UNWIND $handoffs AS id
MATCH (h:Handoff {id: id})
WITH h
MATCH (h)-[:STEP_OF]->(r:Referral)-[:SENT_BY]->(sender:Organization)
RETURN h.id AS id, r.chain_length AS chain_length, r.chain_head AS chain_head,
  head([(h)-[:ALONG]->(p:Pathway) | p.id]) AS pathway,
  head([(r)-[:ANSWERED_AT]->(own:ContactPoint) WHERE own.until IS NULL OR own.until > $day | own.id]) AS answered_at,
  [(sender)<-[:OF]-(own:ContactPoint) WHERE own.until IS NULL OR own.until > $day | own.id] AS sender_desks
ORDER BY h.id

// name: lease_take
// Only whoever has it, or anybody once it has run out. The number grows with each new holder.
// mode: write
// starts: id
MERGE (l:Lease {id: $id})
SET l.lock = $worker
WITH l
WHERE l.worker IS NULL OR l.worker = $worker OR l.until <= $now
SET l.fence = CASE WHEN l.worker = $worker THEN l.fence ELSE coalesce(l.fence, 0) + 1 END
SET l.worker = $worker, l.until = $until
RETURN l.fence AS fence
