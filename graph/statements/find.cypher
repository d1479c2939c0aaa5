// Finding the contact: everything that the decision rests on, in one read.

// name: find_ground
// One row. Each of place, type and asker is null where the id is unknown. ``services`` are those of the type or of
// a narrower one; ``pathways`` those for these types, from anyone, for routes of several hops.
// mode: read
// starts: id
OPTIONAL MATCH (place:Jurisdiction {id: $place})
OPTIONAL MATCH (type:ServiceType {id: $service})
OPTIONAL MATCH (asker:Organization {id: $asker})
RETURN
  place {.id, .name} AS place,
  type {.id, .name, .access} AS type,
  asker {.id, .name, .kind, .status, .since, .until} AS asker,
  [entry IN $avoid WHERE EXISTS { MATCH (o:Organization {id: entry}) }
    OR EXISTS { MATCH (c:ContactPoint {id: entry}) } OR EXISTS { MATCH (h:Holder {id: entry}) }] AS avoidable,
  [hop = (place)-[:WITHIN*0..8]->(area:Jurisdiction) | {
    id: area.id, name: area.name, kind: area.kind, depth: length(hop), until: area.until,
    within: [(area)-[:WITHIN*1..8]->(above:Jurisdiction) | above.id],
    emergency_number: area.emergency_number, emergency_service: area.emergency_service,
    replaced_by: [(area)-[:REPLACED_BY]->(next:Jurisdiction) | {id: next.id, name: next.name}],
    hotline: head([(area)-[:HOTLINE]->(desk:ContactPoint)-[:OF]->(owner:Organization) | {
      since: desk.since, until: desk.until, public: desk.public,
      owner: {id: owner.id, name: owner.name, kind: owner.kind, status: owner.status, since: owner.since, until: owner.until},
      owner_bodies: [(owner)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}],
      holders: [(desk)<-[:HOLDS]-(h:Holder) | h {.id, .role, .rank, .since, .until,
        absences: [(h)<-[:AWAY]-(a:Absence) | {since: a.since, until: a.until,
          stand_in: head([(a)-[:COVERED_BY]->(s:Holder) | s {.id, .role, .since, .until}])}]}],
      id: desk.id, name: desk.name, hours: desk.hours, time_zone: desk.time_zone, holidays: desk.holidays,
      channels: [(desk)<-[:REACHES]-(c:Channel) | c {.id, .kind, .address, .rank, .assurance, .hours, .condition, .state, .note, .since, .until}]
    }])
  }] AS areas,
  [(place)<-[:WITHIN*1..8]-(inner:Jurisdiction) | {
    id: inner.id, within: [(inner)-[:WITHIN*1..8]->(above:Jurisdiction) | above.id]
  }] AS inside,
  [(asker)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}] AS asker_bodies,
  [(asker)<-[:OF]-(m:Membership)-[:IN]->(force:TaskForce) | {
    role: m.role, standing: m.standing, since: m.since, until: m.until, task_force: force.id, name: force.name
  }] AS memberships,
  [(type)<-[:WITHIN*0..4]-(kind:ServiceType)<-[:OF_TYPE]-(s:Service)-[:OF]->(o:Organization) | {
    id: s.id, name: s.name, type: kind.id, serves: s.serves, languages: s.languages,
    interpretation: s.interpretation, capacity: s.capacity, capacity_as_of: s.capacity_as_of,
    eligibility: s.eligibility, since: s.since, until: s.until,
    areas: [(s)-[:COVERS]->(a:Jurisdiction) | {id: a.id, name: a.name}],
    organization: {id: o.id, name: o.name, kind: o.kind, status: o.status, since: o.since, until: o.until},
    bodies: [(o)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}],
    replaced_by: [(o)-[:REPLACED_BY]->(next:Organization) | {
      id: next.id, name: next.name, kind: next.kind, status: next.status, since: next.since, until: next.until,
      bodies: [(next)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
    }],
    contact_points: [(o)<-[:OF]-(desk:ContactPoint) | {
      id: desk.id, name: desk.name, languages: desk.languages, hours: desk.hours, time_zone: desk.time_zone,
      holidays: desk.holidays, staffing: desk.staffing, serves: desk.serves, presence: desk.presence,
      since: desk.since, until: desk.until, version: desk.version,
      service_types: [(desk)-[:HANDLES]->(t:ServiceType) | t.id],
      areas: [(desk)-[:COVERS]->(a:Jurisdiction) | a.id],
      holders: [(desk)<-[:HOLDS]-(h:Holder) | h {.id, .role, .rank, .since, .until,
        absences: [(h)<-[:AWAY]-(a:Absence) | {since: a.since, until: a.until,
          stand_in: head([(a)-[:COVERED_BY]->(s:Holder) | s {.id, .role, .since, .until}])}]}],
      channels: [(desk)<-[:REACHES]-(c:Channel) | {
        id: c.id, kind: c.kind, address: c.address, rank: c.rank, assurance: c.assurance, hours: c.hours,
        condition: c.condition, state: c.state, note: c.note, since: c.since, until: c.until,
        via: head([(c)-[:VIA]->(relay:ContactPoint)-[:OF]->(owner:Organization) | {
          id: relay.id, bodies: [(owner)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
        }])
      }]
    }]
  }] AS services,
  [(type)<-[:WITHIN*0..4]-(kind:ServiceType)<-[:FOR]-(p:Pathway)-[:TO]->(target:Organization) | {
    id: p.id, name: p.name, type: kind.id,
    to: {id: target.id, name: target.name, kind: target.kind, status: target.status, since: target.since, until: target.until},
    to_bodies: [(target)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}],
    from: head([(p)-[:FROM]->(start:Organization) | {
      id: start.id, name: start.name, kind: start.kind, status: start.status, since: start.since, until: start.until,
      bodies: [(start)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}]
    }]),
    from_kind: p.from_kind, from_role: p.from_role, basis: p.basis, citation: p.citation, form: p.form,
    acknowledge_within: p.acknowledge_within, decide_within: p.decide_within, consent: p.consent,
    since: p.since, until: p.until,
    task_force: head([(p)-[:UNDER]->(force:TaskForce) | force.id]),
    contact_point: head([(p)-[:AT]->(desk:ContactPoint) | desk.id]),
    areas: [(p)-[:APPLIES_IN]->(a:Jurisdiction) | a.id]
  }] AS pathways

// name: place_emergency
// The way up from a place, for its emergency number and hotline.
// mode: read
// starts: id
MATCH (place:Jurisdiction {id: $place})
RETURN
  [hop = (place)-[:WITHIN*0..8]->(area:Jurisdiction) | {
    id: area.id, name: area.name, kind: area.kind, depth: length(hop), until: area.until,
    emergency_number: area.emergency_number, emergency_service: area.emergency_service,
    replaced_by: [(area)-[:REPLACED_BY]->(next:Jurisdiction) | {id: next.id, name: next.name}],
    hotline: head([(area)-[:HOTLINE]->(desk:ContactPoint)-[:OF]->(owner:Organization) | {
      since: desk.since, until: desk.until, public: desk.public,
      owner: {id: owner.id, name: owner.name, kind: owner.kind, status: owner.status, since: owner.since, until: owner.until},
      owner_bodies: [(owner)-[:PART_OF*0..6]->(body:Organization) | {id: body.id, kind: body.kind}],
      holders: [(desk)<-[:HOLDS]-(h:Holder) | h {.id, .role, .rank, .since, .until,
        absences: [(h)<-[:AWAY]-(a:Absence) | {since: a.since, until: a.until,
          stand_in: head([(a)-[:COVERED_BY]->(s:Holder) | s {.id, .role, .since, .until}])}]}],
      id: desk.id, name: desk.name, hours: desk.hours, time_zone: desk.time_zone, holidays: desk.holidays,
      channels: [(desk)<-[:REACHES]-(c:Channel) | c {.id, .kind, .address, .rank, .assurance, .hours, .condition, .state, .note, .since, .until}]
    }])
  }] AS areas

// name: place_names
// For the name that somebody typed where a code is due.
// mode: read
// starts: label
MATCH (j:Jurisdiction)
RETURN j.id AS id, j.name AS name, j.other_names AS other_names
ORDER BY j.id

// name: organization_names
// mode: read
// starts: label
MATCH (o:Organization)
RETURN o.id AS id, o.name AS name, o.other_names AS other_names
ORDER BY o.id

// name: task_force_names
// mode: read
// starts: label
MATCH (f:TaskForce)
RETURN f.id AS id, f.name AS name, null AS other_names
ORDER BY f.id

// name: service_type_names
// mode: read
// starts: label
MATCH (t:ServiceType)
RETURN t.id AS id, t.name AS name, null AS other_names
ORDER BY t.id
