// Referrals and their handoffs. The referral is the aggregate root: a write that changes any of its handoffs locks it
// first, then tests the versions that the decision was made on.
// A LIMIT behind a look-up by id holds Neo4j's planner to starting there, whatever it thinks of the sizes.

// name: referral_create
// mode: write
// starts: id
MATCH (sender:Organization {id: $sender})
MATCH (type:ServiceType {id: $service_type})
CREATE (r:Referral {id: $id})
SET r += $properties
CREATE (r)-[:SENT_BY]->(sender)
CREATE (r)-[:FOR]->(type)
CREATE (k:CaseKey {id: $id, sealed_key: $sealed_key})
CREATE (r)-[:SEALED_UNDER]->(k)
RETURN r.id AS id

// name: handoff_create
// Locks the contact point, then tests that the roster is still the one that it was chosen from: a change of what reaches
// it waits for that lock. The roster's own root is not locked, so that referrals don't wait for each other.
// mode: write
// starts: id
MATCH (desk:ContactPoint {id: $contact_point})
SET desk.lock = $operation
WITH desk
MATCH (roster:Roster {id: 'roster'})
WHERE roster.version = $roster_version
MATCH (r:Referral {id: $referral})
CREATE (h:Handoff {id: $id})
SET h += $properties
CREATE (h)-[:STEP_OF]->(r)
CREATE (h)-[:TO]->(desk)
CREATE (desk)-[:HOLDS_OPEN]->(h)
RETURN h.id AS id

// name: handoff_along
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
MATCH (p:Pathway {id: $pathway})
CREATE (h)-[:ALONG]->(p)
RETURN h.id AS id

// name: handoff_move
// The compare-and-set: lock, then test, then set. What was decided on must be what is there, not its version alone: a
// read beside a commit may have seen the one half of it as it was and the other as it became.
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
WITH h
LIMIT 1
MATCH (h)-[:STEP_OF]->(r:Referral)
SET r.lock = $operation
WITH h, r
WHERE r.version = $referral_version AND r.chain_head = $chain_head
  AND all(key IN keys($before) WHERE coalesce(h[key], '') = coalesce($before[key], ''))
SET h += $changes, h.version = h.version + 1, r.version = r.version + 1
RETURN h.version AS version

// name: handoff_close
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
WITH h
LIMIT 1
MATCH (h)<-[open:HOLDS_OPEN]-(:ContactPoint)
DELETE open
RETURN h.id AS id

// name: handoff_must_see
// A step that the receiving side closed is open work of its sender until the sender has seen it.
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
WITH h
LIMIT 1
MATCH (h)-[:STEP_OF]->(:Referral)-[:SENT_BY]->(sender:Organization)
MERGE (sender)-[:MUST_SEE]->(h)
RETURN h.id AS id

// name: handoff_seen
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
WITH h
LIMIT 1
MATCH (h)<-[due:MUST_SEE]-(:Organization)
DELETE due
RETURN h.id AS id

// name: handoff_to_erase
// What the person wants erased is open work of the desk that has or had the step, until it has answered.
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
WITH h
LIMIT 1
MATCH (h)-[:TO]->(desk:ContactPoint)
MERGE (desk)-[:TO_ERASE]->(h)
RETURN h.id AS id

// name: handoff_erasure_said
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
WITH h
LIMIT 1
MATCH (h)<-[asked:TO_ERASE]-(:ContactPoint)
DELETE asked
RETURN h.id AS id

// name: case_change
// The case as its sender changed it by itself: if its record is still the one that it was read with.
// mode: write
// starts: id
MATCH (r:Referral {id: $referral})
SET r.lock = $operation
WITH r
WHERE r.chain_head = $chain_head
SET r.sealed = $sealed, r.version = r.version + 1
RETURN r.id AS id

// name: case_reseal
// The case as its sender changed it; the events keep the digest of what it was.
// mode: write
// starts: id
MATCH (r:Referral {id: $referral})
SET r.sealed = $sealed
RETURN r.id AS id

// name: referral_answered_at
// Where the sender is told what became of it.
// mode: write
// starts: id
MATCH (r:Referral {id: $referral})
MATCH (desk:ContactPoint {id: $contact_point})
CREATE (r)-[:ANSWERED_AT]->(desk)
RETURN r.id AS id

// name: event_append
// What was recorded lies on the relationship: the embedded engine copies, with each write, what it holds of a kind of node.
// mode: write
// starts: id
MATCH (r:Referral {id: $referral})
SET r.chain_length = $sequence, r.chain_head = $hash
CREATE (r)-[e:RECORDED]->(n:Event {id: $id})
SET e += $properties
WITH n
MATCH (q:Queue {id: 'feed'})
CREATE (q)-[:NEW]->(n)
RETURN n.id AS id

// name: notice_create
// mode: write
// starts: id
MATCH (q:Queue {id: 'notices'})
MATCH (h:Handoff {id: $handoff})
MATCH (desk:ContactPoint {id: $contact_point})
CREATE (n:Notice {id: $id})
SET n += $properties
CREATE (q)-[:PENDING]->(n)
CREATE (n)-[:ABOUT]->(h)
CREATE (n)-[:FOR]->(desk)
RETURN n.id AS id

// name: handoff_get
// One handoff with what every decision about it needs. No case field leaves the sealed text here.
// mode: read
// starts: id
MATCH (h:Handoff {id: $id})
WITH h
LIMIT 1
MATCH (h)-[:STEP_OF]->(r:Referral)-[:SENT_BY]->(sender:Organization)
MATCH (h)-[:TO]->(desk:ContactPoint)-[:OF]->(receiver:Organization)
RETURN h {
    .id, .status, .version, .reason, .review_on, .sent_at, .changed_at, .moved_at, .accepted_at, .started_at, .held_at, .held_days,
    .deliver_by, .acknowledge_by, .decide_by, .start_by, .complete_by, .calendar, .pauses, .form, .form_submitted_at,
    .phoned, .phoned_at, .phoned_role, .received_by, .asked, .asked_at, .asked_about, .wished_to, .wish_by, .wished_by, .wish_about, .wish_answered, .answer_by, .answered, .expected_by, .arrival, .arrival_at, .sought,
    .raised_at, .raised_to, .respond_by, .response, .responded_by, .last_words, .last_words_at, .erasure_asked_at, .erasure,
    .acknowledge_within, .decide_within, .start_within, .complete_within, .hops, .been_here, .without_consent, .redirected_by, .seen_at
  } AS handoff,
  EXISTS { MATCH (h)<-[:MUST_SEE]-(:Organization) } AS must_see,
  [(h)<-[:ABOUT]-(n:Notice)-[:FOR]->(at:ContactPoint) WHERE at.id = desk.id | {
    kind: n.kind, status: n.status, tried_at: n.tried_at, due_at: n.due_at, told_at: n.told_at}] AS messages,
  [(h)<-[:ABOUT]-(:Notice)-[:FOR]->(:ContactPoint)-[:OF]->(told:Organization) | told.id] AS told,
  r {.id, .reference, .version, .priority, .confidentiality, .chain_length, .chain_head, .call_back, .safe_hours} AS referral,
  sender {.id, .name, .kind} AS sender, receiver {.id, .name, .kind} AS receiver,
  desk {.id, .name} AS contact_point, head([(h)-[:TAKEN_BY]->(p:Holder) | p.id]) AS taken_by,
  head([(r)-[:FOR]->(type:ServiceType) | type.id]) AS service_type, r.sealed AS sealed,
  head([(r)-[:SEALED_UNDER]->(k:CaseKey) | k.sealed_key]) AS sealed_key,
  [(r)<-[:STEP_OF]-(other:Handoff)-[:TO]->(at:ContactPoint) | {
    id: other.id, status: other.status, desk: at.id, continues: head([(other)-[:CONTINUES]->(b:Handoff) | b.id]),
    searched: other.expected_by IS NOT NULL AND coalesce(other.arrival, '') <> 'arrived' AND other.sought IS NULL
      AND EXISTS { MATCH (other)<-[:MUST_SEE]-(:Organization) }
  }] AS steps,
  head([(r)-[:ANSWERED_AT]->(own:ContactPoint) WHERE own.until IS NULL OR own.until > $day | own.id]) AS answered_at,
  [(sender)<-[:OF]-(own:ContactPoint) WHERE own.until IS NULL OR own.until > $day | own.id] AS sender_desks

// name: referrals_get
// mode: read
// starts: id
UNWIND $ids AS id
MATCH (r:Referral {id: id})-[:SENT_BY]->(sender:Organization)
MATCH (r)-[:FOR]->(type:ServiceType)
RETURN r {.id, .reference, .version, .priority, .confidentiality, .created_at, .sealed, .call_back, .safe_hours, .group, .person,
    .chain_length, .chain_head} AS referral,
  sender {.id, .name, .kind} AS sender, type {.id, .name} AS service_type,
  head([(r)-[:SEALED_UNDER]->(k:CaseKey) | k.sealed_key]) AS sealed_key,
  [(r)<-[:STEP_OF]-(h:Handoff)-[:TO]->(desk:ContactPoint)-[:OF]->(receiver:Organization) | {
    id: h.id, status: h.status, version: h.version, reason: h.reason, review_on: h.review_on, sent_at: h.sent_at,
    changed_at: h.changed_at, moved_at: h.moved_at, accepted_at: h.accepted_at, started_at: h.started_at, held_at: h.held_at, held_days: h.held_days,
    deliver_by: h.deliver_by, acknowledge_by: h.acknowledge_by, decide_by: h.decide_by, start_by: h.start_by,
    complete_by: h.complete_by, calendar: h.calendar, pauses: h.pauses, form: h.form,
    form_submitted_at: h.form_submitted_at, phoned: h.phoned, phoned_at: h.phoned_at, phoned_role: h.phoned_role, received_by: h.received_by,
    asked: h.asked, asked_at: h.asked_at, asked_about: h.asked_about, wished_to: h.wished_to,
    wish_by: h.wish_by, wished_by: h.wished_by, wish_about: h.wish_about, wish_answered: h.wish_answered, answer_by: h.answer_by, answered: h.answered, expected_by: h.expected_by,
    arrival: h.arrival, arrival_at: h.arrival_at, sought: h.sought,
    raised_at: h.raised_at, respond_by: h.respond_by, raised_to: h.raised_to, response: h.response, responded_by: h.responded_by, last_words: h.last_words, last_words_at: h.last_words_at,
    erasure_asked_at: h.erasure_asked_at, erasure: h.erasure, acknowledge_within: h.acknowledge_within, decide_within: h.decide_within,
    start_within: h.start_within, complete_within: h.complete_within, hops: h.hops, been_here: h.been_here, without_consent: h.without_consent,
    redirected_by: h.redirected_by,
    must_see: EXISTS { MATCH (h)<-[:MUST_SEE]-(:Organization) },
    messages: [(h)<-[:ABOUT]-(n:Notice)-[:FOR]->(at:ContactPoint) WHERE at.id = desk.id | {
      kind: n.kind, status: n.status, tried_at: n.tried_at, due_at: n.due_at, told_at: n.told_at}],
    contact_point: {id: desk.id, name: desk.name}, receiver: {id: receiver.id, name: receiver.name, kind: receiver.kind},
    pathway: head([(h)-[:ALONG]->(p:Pathway) | {id: p.id, name: p.name}]),
    continues: head([(h)-[:CONTINUES]->(before:Handoff) | before.id])
  }] AS handoffs

// name: referrals_together
// What a body sent in one act with a referral of its own, or is of the same case: oldest first.
// mode: read
// starts: id
MATCH (sender:Organization {id: $sender})
WITH sender
LIMIT 1
MATCH (sender)<-[:SENT_BY]-(r:Referral)
WHERE r.id <> $id AND (r.id = $group OR r.group = $group)
RETURN r {.id, .reference, .person} AS referral, head([(r)-[:FOR]->(type:ServiceType) | {id: type.id, name: type.name}]) AS service_type,
  [(r)<-[:STEP_OF]-(h:Handoff)-[:TO]->(:ContactPoint)-[:OF]->(receiver:Organization) | {
    id: h.id, status: h.status, must_see: EXISTS { MATCH (h)<-[:MUST_SEE]-(:Organization) },
    receiver: {id: receiver.id, name: receiver.name},
    continues: head([(h)-[:CONTINUES]->(before:Handoff) | before.id])
  }] AS handoffs
ORDER BY r.id

// name: referrals_of
// The referrals that an organization sent or received, newest first, after a keyset.
// mode: read
// starts: id
MATCH (o:Organization {id: $organization})
CALL (o) {
  MATCH (o)<-[:SENT_BY]-(r:Referral) RETURN r
  UNION
  MATCH (o)<-[:OF]-(:ContactPoint)<-[:TO]-(:Handoff)-[:STEP_OF]->(r:Referral) RETURN r
}
WITH DISTINCT r
WHERE $before IS NULL OR r.id < $before
RETURN r.id AS id
ORDER BY r.id DESC
LIMIT $limit

// name: referrals_all
// mode: read
// starts: label
MATCH (r:Referral)
WHERE $before IS NULL OR r.id < $before
RETURN r.id AS id
ORDER BY r.id DESC
LIMIT $limit

// name: events_of
// mode: read
// starts: id
MATCH (r:Referral {id: $id})-[e:RECORDED]->(:Event)
RETURN {id: e.id, aggregate: e.aggregate, sequence: e.sequence, kind: e.kind, at: e.at, actor: e.actor, data: e.data, previous: e.previous, hash: e.hash} AS event,
  r.chain_length AS length, r.chain_head AS head
ORDER BY e.sequence

// name: handoffs_by_reference
// The steps of the referral that a reference stands for, newest last.
// mode: read
// starts: id
MATCH (r:Referral {reference: $reference})
WITH r
LIMIT 1
MATCH (r)-[:SENT_BY]->(sender:Organization)
MATCH (r)<-[:STEP_OF]-(h:Handoff)-[:TO]->(:ContactPoint)-[:OF]->(receiver:Organization)
RETURN r.id AS referral, h.id AS id, h.status AS status, sender.id AS sender, receiver.id AS receiver,
  head([(h)-[:CONTINUES]->(b:Handoff) | b.id]) AS continues, h.redirected_by AS redirected_by, h.wished_by AS wished_by,
  [(h)<-[:ABOUT]-(:Notice)-[:FOR]->(:ContactPoint)-[:OF]->(told:Organization) | told.id] AS told
ORDER BY h.id

// name: handoff_by_notice
// The step that a message was about, by the reference that the message bore.
// mode: read
// starts: id
MATCH (n:Notice {reference: $reference})
WITH n
LIMIT 1
MATCH (n)-[:ABOUT]->(h:Handoff)-[:STEP_OF]->(r:Referral)-[:SENT_BY]->(sender:Organization)
MATCH (h)-[:TO]->(:ContactPoint)-[:OF]->(receiver:Organization)
RETURN r.id AS referral, h.id AS id, h.status AS status, sender.id AS sender, receiver.id AS receiver, null AS continues,
  h.redirected_by AS redirected_by, h.wished_by AS wished_by, [] AS told
