// Work that is open: for the report of what has gone silent. What lies around it is known from the roster.

// name: handoffs_open
// Open work only: it starts at the relationships that a handoff loses when it is closed, and when its sender has
// seen how it ended. DISTINCT changes no row; it keeps Neo4j's planner, which sees through a mere WITH, from starting
// elsewhere while the store is small.
// mode: read
// starts: open
CALL () {
  MATCH (:ContactPoint)-[:HOLDS_OPEN]->(h:Handoff)
  RETURN h, false AS must_see
  UNION
  MATCH (:Organization)-[:MUST_SEE]->(h:Handoff)
  RETURN h, true AS must_see
}
WITH DISTINCT h, must_see
MATCH (h)-[:STEP_OF]->(r:Referral)-[:SENT_BY]->(sender:Organization)
MATCH (h)-[:TO]->(desk:ContactPoint)-[:OF]->(receiver:Organization)
WITH desk, h, r, sender, receiver, must_see
WHERE $organization IS NULL OR sender.id = $organization OR (receiver.id = $organization AND NOT must_see)
RETURN h {
    .id, .status, .version, .reason, .review_on, .sent_at, .changed_at, .accepted_at, .started_at, .held_at,
    .deliver_by, .acknowledge_by, .decide_by, .start_by, .complete_by, .calendar, .pauses, .form, .form_submitted_at,
    .phoned, .phoned_at, .phoned_role, .asked, .asked_at, .asked_about, .answer_by, .answered, .expected_by, .arrival,
    .raised_at, .respond_by, .response,
    .acknowledge_within, .decide_within, .start_within, .complete_within, .hops, .been_here
  } AS handoff, must_see,
  r {.id, .reference, .priority, .confidentiality, .sealed} AS referral,
  head([(r)-[:FOR]->(type:ServiceType) | type.id]) AS service_type,
  head([(r)-[:SEALED_UNDER]->(k:CaseKey) | k.sealed_key]) AS sealed_key,
  sender {.id, .name} AS sender, receiver.id AS receiver,
  [(h)<-[:ABOUT]-(n:Notice) WHERE n.kind = 'requested' | n.status] AS notices,
  desk.id AS desk
