// How soon contact points answer: worked out from the records, kept so that finding does not have to.

// name: responses_since
// The steps sent since then, the last 100,000 at most, each with what was recorded of its referral's answers. ``act``: what it was sent
// together with. For the work beside, once an hour: it looks at every handoff. The LIMIT also holds Neo4j's planner to starting there.
// mode: read
// starts: label
MATCH (h:Handoff)
WHERE h.sent_at >= $since
WITH h ORDER BY h.sent_at DESC, h.id
LIMIT 100000
MATCH (h)-[:TO]->(desk:ContactPoint)
MATCH (h)-[:STEP_OF]->(r:Referral)-[:FOR]->(type:ServiceType)
RETURN h.id AS handoff, r.id AS referral, coalesce(r.group, r.id) AS act, h.sent_at AS sent_at, h.status AS status, h.changed_at AS changed_at, desk.id AS contact_point, type.id AS service_type,
  [(r)-[e:RECORDED]->(:Event) WHERE e.kind IN ['handoff-receive', 'handoff-ask', 'handoff-accept', 'handoff-reject'] |
    {kind: e.kind, at: e.at, data: e.data}] AS events
ORDER BY handoff

// name: responsiveness_put
// mode: write
// starts: id
MATCH (s:Schema {id: 'relaypoint'})
SET s.responses = $edition
WITH s
UNWIND $rows AS row
MERGE (n:Responsiveness {id: row.id})
SET n.contact_point = row.contact_point, n.service_type = row.service_type, n.count = row.count,
  n.acknowledge = row.acknowledge, n.decide = row.decide, n.silent = row.silent
RETURN n.id AS id

// name: responsiveness_clear
// Those of which there is not enough to tell any more.
// mode: write
// starts: label
MATCH (n:Responsiveness)
WHERE NOT n.id IN $ids
WITH n, n.id AS id
DELETE n
RETURN id

// name: responsiveness_list
// mode: read
// starts: label
MATCH (n:Responsiveness)
RETURN n.contact_point AS contact_point, n.service_type AS service_type, n.count AS count,
  n.acknowledge AS acknowledge, n.decide AS decide, n.silent AS silent
ORDER BY contact_point, service_type
