// Open work that changes hands with the people and desks that it lies with.

// name: work_open
// Every open step, with the desk that holds it and who sent it.
// mode: read
// starts: open
MATCH (desk:ContactPoint)-[:HOLDS_OPEN]->(h:Handoff)
WITH DISTINCT desk, h
MATCH (h)-[:STEP_OF]->(:Referral)-[:SENT_BY]->(sender:Organization)
RETURN h.id AS handoff, desk.id AS desk, sender.id AS sender
ORDER BY h.id

// name: overrides_open
// What was left against the rule, and why, as long as any of it is open work.
// mode: read
// starts: open
CALL () {
  MATCH (:ContactPoint)-[:HOLDS_OPEN]->(h:Handoff)
  RETURN h
  UNION
  MATCH (:Organization)-[:MUST_SEE]->(h:Handoff)
  RETURN h
}
WITH DISTINCT h
MATCH (h)<-[:LEFT]-(o:Override)
WITH o, h
ORDER BY h.id
WITH o, collect(h.id) AS handoffs
RETURN o {.id, .reason, .at, .sheet, .subject} AS override, handoffs
ORDER BY o.id

// name: work_of
// The open steps of some desks, with all that a move of them is decided on.
// mode: read
// starts: id
UNWIND $desks AS id
MATCH (desk:ContactPoint {id: id})-[:HOLDS_OPEN]->(h:Handoff)-[:STEP_OF]->(r:Referral)-[:SENT_BY]->(sender:Organization)
MATCH (desk)-[:OF]->(receiver:Organization)
RETURN h {
    .id, .status, .version, .reason, .review_on, .sent_at, .changed_at, .moved_at, .accepted_at, .started_at, .held_at, .held_days,
    .deliver_by, .acknowledge_by, .decide_by, .start_by, .complete_by, .calendar, .pauses, .form, .form_submitted_at,
    .phoned, .phoned_at, .phoned_role, .received_by, .asked, .asked_at, .asked_about, .wished_to, .wish_by, .wished_by, .wish_about, .wish_answered, .answer_by, .answered, .expected_by, .arrival, .arrival_at, .sought,
    .raised_at, .raised_to, .respond_by, .response, .responded_by, .last_words, .last_words_at, .erasure_asked_at, .erasure,
    .acknowledge_within, .decide_within, .start_within, .complete_within, .hops, .been_here, .without_consent, .redirected_by, .seen_at
  } AS handoff,
  r {.id, .reference, .version, .priority, .confidentiality, .chain_length, .chain_head, .sealed} AS referral,
  head([(r)-[:FOR]->(type:ServiceType) | type.id]) AS service_type,
  head([(r)-[:SEALED_UNDER]->(k:CaseKey) | k.sealed_key]) AS sealed_key,
  sender {.id, .name} AS sender, receiver {.id, .name} AS receiver, desk {.id, .name} AS contact_point,
  head([(h)-[:TAKEN_BY]->(p:Holder) | p.id]) AS taken_by,
  head([(r)-[:ANSWERED_AT]->(own:ContactPoint) WHERE own.until IS NULL OR own.until > $day | own.id]) AS answered_at,
  [(sender)<-[:OF]-(own:ContactPoint) WHERE own.until IS NULL OR own.until > $day | own.id] AS sender_desks
ORDER BY h.id

// name: work_sent_by
// The open steps of referrals that an organization sent, and those that came back and that it has yet to see.
// mode: read
// starts: id
MATCH (sender:Organization {id: $organization})<-[:SENT_BY]-(r:Referral)<-[:STEP_OF]-(h:Handoff)
WHERE EXISTS { MATCH (h)<-[:HOLDS_OPEN]-(:ContactPoint) } OR EXISTS { MATCH (h)<-[:MUST_SEE]-(:Organization) }
MATCH (h)-[:TO]->(desk:ContactPoint)-[:OF]->(receiver:Organization)
RETURN h {.id, .status} AS handoff, r {.id, .reference, .priority} AS referral,
  receiver {.id, .name} AS receiver, desk {.id, .name} AS contact_point
ORDER BY h.id

// name: work_as_known
// Locks the desks before it tests that what lies there is what was decided on: a desk gets work under its lock.
// mode: write
// starts: id
UNWIND $desks AS known
MATCH (desk:ContactPoint {id: known.id})
SET desk.lock = $operation
WITH desk, known, [(desk)-[:HOLDS_OPEN]->(h:Handoff) | h.id] AS open
WHERE size(open) = size(known.handoffs) AND all(id IN open WHERE id IN known.handoffs)
RETURN desk.id AS id

// name: handoff_continues
// The step that takes the place of one that was closed by passing it on.
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
MATCH (before:Handoff {id: $before})
CREATE (h)-[:CONTINUES]->(before)
RETURN h.id AS id

// name: handoff_untaken
// mode: write
// starts: id
UNWIND $handoffs AS id
MATCH (h:Handoff {id: id})-[taken:TAKEN_BY]->(:Holder)
DELETE taken
RETURN h.id AS id

// name: handoff_not_left
// Somebody has taken what an override had left.
// mode: write
// starts: id
UNWIND $handoffs AS id
MATCH (h:Handoff {id: id})<-[left:LEFT]-(:Override)
DELETE left
RETURN h.id AS id

// name: handoff_taken
// mode: write
// starts: id
UNWIND $handoffs AS id
MATCH (h:Handoff {id: id})
MATCH (p:Holder {id: $holder})
CREATE (h)-[:TAKEN_BY]->(p)
RETURN h.id AS id

// name: override_record
// What was left against the rule, and why: reported until it is settled.
// mode: write
// starts: id
CREATE (o:Override {id: $id})
SET o += $properties
WITH o
UNWIND $handoffs AS handoff
MATCH (h:Handoff {id: handoff})
CREATE (o)-[:LEFT]->(h)
RETURN h.id AS id

// name: handoff_takers
// Who took each of these steps over, of those that somebody did.
// mode: read
// starts: id
UNWIND $handoffs AS id
MATCH (h:Handoff {id: id})-[:TAKEN_BY]->(p:Holder)
RETURN h.id AS handoff, p.id AS holder
ORDER BY handoff, holder
