// How steps went that were sent in a period: for the process report.

// name: handoffs_sent
// Those sent in a period, the last 100,000 at most, each with what was recorded of its referral. It looks at every
// handoff. The LIMIT also holds Neo4j's planner to starting there.
// mode: read
// starts: label
MATCH (h:Handoff)
WHERE h.sent_at >= $since AND h.sent_at < $until
WITH h ORDER BY h.sent_at DESC, h.id
LIMIT 100000
MATCH (h)-[:TO]->(desk:ContactPoint)
MATCH (h)-[:STEP_OF]->(r:Referral)-[:FOR]->(type:ServiceType)
MATCH (r)-[:SENT_BY]->(sender:Organization)
RETURN h.id AS handoff, h.hops AS hops, desk.id AS desk, sender.id AS sender, type.id AS service_type, r.sealed AS sealed,
  head([(r)-[:SEALED_UNDER]->(k:CaseKey) | k.sealed_key]) AS sealed_key,
  [(r)-[e:RECORDED]->(:Event) | {at: e.at, sequence: e.sequence, data: e.data}] AS events
ORDER BY handoff
