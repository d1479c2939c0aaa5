// Work that is open, and what lies around it: for the report of what has gone silent.

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
    .acknowledge_within, .decide_within, .start_within, .complete_within, .hops, .been_here
  } AS handoff, must_see,
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
    areas: [(d)-[:COVERS]->(a:Jurisdiction) | a.id],
    holders: [(d)<-[:HOLDS]-(h:Holder) | h {.id, .role, .rank, .since, .until,
        absences: [(h)<-[:AWAY]-(a:Absence) | {since: a.since, until: a.until,
          stand_in: head([(a)-[:COVERED_BY]->(s:Holder) | s {.id, .role, .since, .until}])}]}],
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
      holders: [(d)<-[:HOLDS]-(h:Holder) | h {.id, .role, .rank, .since, .until,
        absences: [(h)<-[:AWAY]-(a:Absence) | {since: a.since, until: a.until,
          stand_in: head([(a)-[:COVERED_BY]->(s:Holder) | s {.id, .role, .since, .until}])}]}],
      channels: [(d)<-[:REACHES]-(c:Channel) | {
        id: c.id, kind: c.kind, address: c.address, rank: c.rank, assurance: c.assurance, hours: c.hours,
        condition: c.condition, state: c.state, note: c.note, since: c.since, until: c.until,
        via: head([(c)-[:VIA]->(relay:ContactPoint)-[:OF]->(owner:Organization) | {
          id: relay.id, bodies: [(owner)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
        }])
      }],
      organization: {id: o.id, name: o.name, kind: o.kind, status: o.status, since: o.since, until: o.until},
      bodies: [(o)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
    }],
    hotlines: [(force)-[:COVERS]->(:Jurisdiction)-[:WITHIN*0..8]->(j:Jurisdiction)-[:HOTLINE]->(d:ContactPoint)-[:OF]->(o:Organization) | {
      level: 'hotline', contact_point: d.id, name: d.name, hours: d.hours, time_zone: d.time_zone, holidays: d.holidays,
      staffing: d.staffing, since: d.since, until: d.until,
      holders: [(d)<-[:HOLDS]-(h:Holder) | h {.id, .role, .rank, .since, .until,
        absences: [(h)<-[:AWAY]-(a:Absence) | {since: a.since, until: a.until,
          stand_in: head([(a)-[:COVERED_BY]->(s:Holder) | s {.id, .role, .since, .until}])}]}],
      channels: [(d)<-[:REACHES]-(c:Channel) | {
        id: c.id, kind: c.kind, address: c.address, rank: c.rank, assurance: c.assurance, hours: c.hours,
        condition: c.condition, state: c.state, note: c.note, since: c.since, until: c.until,
        via: head([(c)-[:VIA]->(relay:ContactPoint)-[:OF]->(owner:Organization) | {
          id: relay.id, bodies: [(owner)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
        }])
      }],
      organization: {id: o.id, name: o.name, kind: o.kind, status: o.status, since: o.since, until: o.until},
      bodies: [(o)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
    }]
  }] AS shared

// name: desks
// Contact points with all that decides whether and how they can be reached: those named, and those of organizations.
// mode: read
// starts: id
CALL () {
  UNWIND $contact_points AS id
  MATCH (d:ContactPoint {id: id})
  RETURN d
  UNION
  UNWIND $organizations AS id
  MATCH (:Organization {id: id})<-[:OF]-(d:ContactPoint)
  RETURN d
}
WITH DISTINCT d
MATCH (d)-[:OF]->(o:Organization)
RETURN {
    id: d.id, name: d.name, hours: d.hours, time_zone: d.time_zone, holidays: d.holidays, staffing: d.staffing,
    since: d.since, until: d.until, version: d.version, service_types: [(d)-[:HANDLES]->(t:ServiceType) | t.id],
    areas: [(d)-[:COVERS]->(a:Jurisdiction) | a.id],
    holders: [(d)<-[:HOLDS]-(h:Holder) | h {.id, .role, .rank, .since, .until,
        absences: [(h)<-[:AWAY]-(a:Absence) | {since: a.since, until: a.until,
          stand_in: head([(a)-[:COVERED_BY]->(s:Holder) | s {.id, .role, .since, .until}])}]}],
    channels: [(d)<-[:REACHES]-(c:Channel) | {
      id: c.id, kind: c.kind, address: c.address, rank: c.rank, assurance: c.assurance, hours: c.hours,
      condition: c.condition, state: c.state, note: c.note, since: c.since, until: c.until,
      via: head([(c)-[:VIA]->(relay:ContactPoint)-[:OF]->(owner:Organization) | {
        id: relay.id, bodies: [(owner)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
      }])
    }]
  } AS desk,
  o {.id, .name, .kind, .status, .since, .until} AS organization,
  [(o)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}] AS bodies
ORDER BY d.id

// name: places_around
// Each place with those that it lies in and those that lie in it, itself included.
// mode: read
// starts: id
UNWIND $places AS id
MATCH (place:Jurisdiction {id: id})
RETURN id AS place,
  [(place)-[:WITHIN*0..8]->(area:Jurisdiction) | area.id] + [(place)<-[:WITHIN*1..8]-(inner:Jurisdiction) | inner.id] AS areas
ORDER BY id
