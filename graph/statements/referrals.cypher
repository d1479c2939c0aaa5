// Referrals and their handoffs. The referral is the aggregate root: a write that changes any of its handoffs locks it
// first, then tests the versions that the decision was made on.

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
// Locks the contact point before it tests that it is still the one that was chosen.
// mode: write
// starts: id
MATCH (desk:ContactPoint {id: $contact_point})
SET desk.lock = $operation
WITH desk
WHERE desk.version = $contact_point_version
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
// The compare-and-set: lock, then test, then set.
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})-[:STEP_OF]->(r:Referral)
SET r.lock = $operation
WITH h, r
WHERE h.version = $handoff_version AND r.version = $referral_version
SET h += $changes, h.version = h.version + 1, r.version = r.version + 1
RETURN h.version AS version

// name: handoff_close
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})<-[open:HOLDS_OPEN]-(:ContactPoint)
DELETE open
RETURN h.id AS id

// name: event_append
// mode: write
// starts: id
MATCH (r:Referral {id: $referral})
SET r.chain_length = $sequence, r.chain_head = $hash
CREATE (e:Event {id: $id})
SET e += $properties
CREATE (r)-[:RECORDED]->(e)
RETURN e.id AS id

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
// The LIMIT holds the planner to starting there, whatever it thinks of the sizes.
// mode: read
// starts: id
MATCH (h:Handoff {id: $id})
WITH h
LIMIT 1
MATCH (h)-[:STEP_OF]->(r:Referral)-[:SENT_BY]->(sender:Organization)
MATCH (h)-[:TO]->(desk:ContactPoint)-[:OF]->(receiver:Organization)
RETURN h {.id, .status, .version, .reason, .review_on, .sent_at, .changed_at, .acknowledge_by, .decide_by, .form,
    .form_submitted_at, .acknowledge_within, .decide_within} AS handoff,
  r {.id, .reference, .version, .priority, .confidentiality, .chain_length, .chain_head} AS referral,
  sender {.id, .name, .kind} AS sender, receiver {.id, .name, .kind} AS receiver,
  desk {.id, .name, .hours, .time_zone, .holidays, .staffing} AS contact_point,
  head([(sender)<-[:OF]-(own:ContactPoint) WHERE own.until IS NULL OR own.until > $day | own.id]) AS sender_desk

// name: referral_get
// mode: read
// starts: id
MATCH (r:Referral {id: $id})-[:SENT_BY]->(sender:Organization)
MATCH (r)-[:FOR]->(type:ServiceType)
RETURN r {.id, .reference, .version, .priority, .confidentiality, .created_at, .sealed} AS referral,
  sender {.id, .name, .kind} AS sender, type {.id, .name} AS service_type,
  head([(r)-[:SEALED_UNDER]->(k:CaseKey) | k.sealed_key]) AS sealed_key,
  [(r)<-[:STEP_OF]-(h:Handoff)-[:TO]->(desk:ContactPoint)-[:OF]->(receiver:Organization) | {
    id: h.id, status: h.status, version: h.version, reason: h.reason, review_on: h.review_on, sent_at: h.sent_at,
    changed_at: h.changed_at, acknowledge_by: h.acknowledge_by, decide_by: h.decide_by, form: h.form,
    form_submitted_at: h.form_submitted_at,
    contact_point: {id: desk.id, name: desk.name}, receiver: {id: receiver.id, name: receiver.name, kind: receiver.kind},
    pathway: head([(h)-[:ALONG]->(p:Pathway) | {id: p.id, name: p.name}])
  }] AS handoffs

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
MATCH (r:Referral {id: $id})-[:RECORDED]->(e:Event)
RETURN e {.id, .aggregate, .sequence, .kind, .at, .actor, .data, .previous, .hash} AS event,
  r.chain_length AS length, r.chain_head AS head
ORDER BY e.sequence

// name: handoffs_open
// Open work only: it starts at the relationship that a handoff loses when it is closed. DISTINCT changes no
// row; it keeps Neo4j's planner, which sees through a mere WITH, from starting elsewhere while the store is small.
// mode: read
// starts: open
MATCH (desk:ContactPoint)-[:HOLDS_OPEN]->(h:Handoff)
WITH DISTINCT desk, h
MATCH (h)-[:STEP_OF]->(r:Referral)-[:SENT_BY]->(sender:Organization)
MATCH (desk)-[:OF]->(receiver:Organization)
WITH desk, h, r, sender, receiver
WHERE $organization IS NULL OR sender.id = $organization OR receiver.id = $organization
RETURN h {.id, .status, .version, .sent_at, .changed_at, .acknowledge_by, .decide_by, .review_on, .form,
    .form_submitted_at} AS handoff,
  r {.id, .reference, .priority, .confidentiality, .sealed} AS referral,
  head([(r)-[:FOR]->(type:ServiceType) | type.id]) AS service_type,
  head([(r)-[:SEALED_UNDER]->(k:CaseKey) | k.sealed_key]) AS sealed_key,
  sender {.id, .name, .kind, .status, .since, .until} AS sender,
  receiver {.id, .name, .kind, .status, .since, .until} AS receiver,
  [(sender)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}] AS sender_bodies,
  [(receiver)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}] AS receiver_bodies,
  [(h)<-[:ABOUT]-(n:Notice) WHERE n.kind = 'requested' | n.status] AS notices,
  desk.id AS desk

// name: stall_surroundings
// What the desks, coordinators and hotlines around open work look like; read once for each pair of bodies.
// mode: read
// starts: id
UNWIND $pairs AS pair
MATCH (desk:ContactPoint {id: pair.desk})-[:OF]->(receiver:Organization)
MATCH (sender:Organization {id: pair.sender})
RETURN pair.desk AS desk, pair.sender AS sender,
  [(receiver)<-[:OF]-(d:ContactPoint) | {
    id: d.id, name: d.name, hours: d.hours, time_zone: d.time_zone, holidays: d.holidays, staffing: d.staffing,
    since: d.since, until: d.until, version: d.version, service_types: [(d)-[:HANDLES]->(t:ServiceType) | t.id],
    holders: [(d)<-[:HOLDS]-(h:Holder) | h {.id, .role, .rank, .since, .until}],
    channels: [(d)<-[:REACHES]-(c:Channel) | {
      id: c.id, kind: c.kind, address: c.address, rank: c.rank, assurance: c.assurance, hours: c.hours,
      condition: c.condition, state: c.state, note: c.note, since: c.since, until: c.until,
      via: head([(c)-[:VIA]->(relay:ContactPoint)-[:OF]->(owner:Organization) | {
        id: relay.id, bodies: [(owner)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
      }])
    }]
  }] AS desks,
  [(sender)<-[:OF]-(mine:Membership)-[:IN]->(force:TaskForce)<-[:IN]-(theirs:Membership)-[:OF]->(other:Organization)
    WHERE other.id = receiver.id | {
    task_force: force.id, level: force.level,
    mine_since: mine.since, mine_until: mine.until, theirs_since: theirs.since, theirs_until: theirs.until,
    coordinators: [(force)-[:WITHIN*0..3]->(f:TaskForce)-[:COORDINATED_BY]->(d:ContactPoint)-[:OF]->(o:Organization) | {
      level: f.level, contact_point: d.id, name: d.name, hours: d.hours, time_zone: d.time_zone, holidays: d.holidays,
      staffing: d.staffing, since: d.since, until: d.until,
      holders: [(d)<-[:HOLDS]-(h:Holder) | h {.id, .role, .rank, .since, .until}],
      channels: [(d)<-[:REACHES]-(c:Channel) | {
        id: c.id, kind: c.kind, address: c.address, rank: c.rank, assurance: c.assurance, hours: c.hours,
        condition: c.condition, state: c.state, note: c.note, since: c.since, until: c.until,
        via: head([(c)-[:VIA]->(relay:ContactPoint)-[:OF]->(owner:Organization) | {
          id: relay.id, bodies: [(owner)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
        }])
      }],
      organization: {id: o.id, name: o.name, kind: o.kind, since: o.since, until: o.until},
      bodies: [(o)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
    }],
    hotlines: [(force)-[:COVERS]->(:Jurisdiction)-[:WITHIN*0..8]->(j:Jurisdiction)-[:HOTLINE]->(d:ContactPoint)-[:OF]->(o:Organization) | {
      level: 'hotline', contact_point: d.id, name: d.name, hours: d.hours, time_zone: d.time_zone, holidays: d.holidays,
      staffing: d.staffing, since: d.since, until: d.until,
      holders: [(d)<-[:HOLDS]-(h:Holder) | h {.id, .role, .rank, .since, .until}],
      channels: [(d)<-[:REACHES]-(c:Channel) | {
        id: c.id, kind: c.kind, address: c.address, rank: c.rank, assurance: c.assurance, hours: c.hours,
        condition: c.condition, state: c.state, note: c.note, since: c.since, until: c.until,
        via: head([(c)-[:VIA]->(relay:ContactPoint)-[:OF]->(owner:Organization) | {
          id: relay.id, bodies: [(owner)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
        }])
      }],
      organization: {id: o.id, name: o.name, kind: o.kind, since: o.since, until: o.until},
      bodies: [(o)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
    }]
  }] AS shared

// name: handoffs_by_reference
// The steps of the referral that a reference stands for, newest last.
// mode: read
// starts: id
MATCH (r:Referral {reference: $reference})<-[:STEP_OF]-(h:Handoff)
RETURN h.id AS id, h.status AS status
ORDER BY h.id
