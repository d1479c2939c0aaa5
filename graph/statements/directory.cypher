// Reading the roster, a page or one at a time. Holders' own data is never part of it.

// name: organization_dates
// Whether, and since when and until when, an organization is there.
// mode: read
// starts: id
MATCH (o:Organization {id: $id})
RETURN o.since AS since, o.until AS until

// name: organizations_page
// After the id $after, at most $limit.
// mode: read
// starts: label
MATCH (o:Organization)
WHERE $after IS NULL OR o.id > $after
WITH o
ORDER BY o.id
LIMIT $limit
RETURN o {
  .id, .name, .kind, .other_names, .website, .status, .since, .until, .version,
  jurisdictions: [(o)-[:GOVERNS]->(j:Jurisdiction) | {id: j.id, name: j.name}],
  part_of: head([(o)-[:PART_OF]->(p:Organization) | {id: p.id, name: p.name}]),
  replaced_by: [(o)-[:REPLACED_BY]->(p:Organization) | {id: p.id, name: p.name}],
  memberships: [(o)<-[:OF]-(m:Membership)-[:IN]->(f:TaskForce) | {
    id: m.id, ended: o.until, role: m.role, standing: m.standing, since: m.since, until: m.until,
    organization: {id: o.id, name: o.name}, task_force: {id: f.id, name: f.name}}],
  contact_points: [(o)<-[:OF]-(c:ContactPoint) | {
    id: c.id, name: c.name, languages: c.languages, hours: c.hours, time_zone: c.time_zone, staffing: c.staffing,
    public: c.public, since: c.since, until: c.until, version: c.version,
    service_types: [(c)-[:HANDLES]->(t:ServiceType) | t.id],
    channels: [(c)<-[:REACHES]-(x:Channel) | x {.id, .kind, .address, .rank, .assurance, .hours, .condition, .state, .note, .since, .until}],
    organization: {id: o.id, name: o.name}}]
} AS node
ORDER BY o.id

// name: organizations_get
// mode: read
// starts: id
UNWIND $ids AS id
MATCH (o:Organization {id: id})
RETURN o {
  .id, .name, .kind, .other_names, .website, .status, .since, .until, .version,
  jurisdictions: [(o)-[:GOVERNS]->(j:Jurisdiction) | {id: j.id, name: j.name}],
  part_of: head([(o)-[:PART_OF]->(p:Organization) | {id: p.id, name: p.name}]),
  replaced_by: [(o)-[:REPLACED_BY]->(p:Organization) | {id: p.id, name: p.name}],
  memberships: [(o)<-[:OF]-(m:Membership)-[:IN]->(f:TaskForce) | {
    id: m.id, ended: o.until, role: m.role, standing: m.standing, since: m.since, until: m.until,
    organization: {id: o.id, name: o.name}, task_force: {id: f.id, name: f.name}}],
  contact_points: [(o)<-[:OF]-(c:ContactPoint) | {
    id: c.id, name: c.name, languages: c.languages, hours: c.hours, time_zone: c.time_zone, staffing: c.staffing,
    public: c.public, since: c.since, until: c.until, version: c.version,
    service_types: [(c)-[:HANDLES]->(t:ServiceType) | t.id],
    channels: [(c)<-[:REACHES]-(x:Channel) | x {.id, .kind, .address, .rank, .assurance, .hours, .condition, .state, .note, .since, .until}],
    organization: {id: o.id, name: o.name}}]
} AS node
ORDER BY o.id

// name: task_forces_page
// After the id $after, at most $limit.
// mode: read
// starts: label
MATCH (f:TaskForce)
WHERE $after IS NULL OR f.id > $after
WITH f
ORDER BY f.id
LIMIT $limit
RETURN f {
  .id, .name, .level, .since, .until, .version,
  jurisdiction: head([(f)-[:COVERS]->(j:Jurisdiction) | {id: j.id, name: j.name}]),
  within: head([(f)-[:WITHIN]->(p:TaskForce) | {id: p.id, name: p.name}]),
  coordinator: head([(f)-[:COORDINATED_BY]->(c:ContactPoint)-[:OF]->(o:Organization) | {
    id: c.id, name: c.name, languages: c.languages, hours: c.hours, time_zone: c.time_zone, staffing: c.staffing,
    public: c.public, since: c.since, until: c.until, version: c.version,
    service_types: [(c)-[:HANDLES]->(t:ServiceType) | t.id],
    channels: [(c)<-[:REACHES]-(x:Channel) | x {.id, .kind, .address, .rank, .assurance, .hours, .condition, .state, .note, .since, .until}],
    organization: {id: o.id, name: o.name}}]),
  memberships: [(f)<-[:IN]-(m:Membership)-[:OF]->(o:Organization) | {
    id: m.id, role: m.role, standing: m.standing, since: m.since, until: m.until,
    ended: o.until, organization: {id: o.id, name: o.name}, task_force: {id: f.id, name: f.name}}]
} AS node
ORDER BY f.id

// name: task_forces_get
// mode: read
// starts: id
UNWIND $ids AS id
MATCH (f:TaskForce {id: id})
RETURN f {
  .id, .name, .level, .since, .until, .version,
  jurisdiction: head([(f)-[:COVERS]->(j:Jurisdiction) | {id: j.id, name: j.name}]),
  within: head([(f)-[:WITHIN]->(p:TaskForce) | {id: p.id, name: p.name}]),
  coordinator: head([(f)-[:COORDINATED_BY]->(c:ContactPoint)-[:OF]->(o:Organization) | {
    id: c.id, name: c.name, languages: c.languages, hours: c.hours, time_zone: c.time_zone, staffing: c.staffing,
    public: c.public, since: c.since, until: c.until, version: c.version,
    service_types: [(c)-[:HANDLES]->(t:ServiceType) | t.id],
    channels: [(c)<-[:REACHES]-(x:Channel) | x {.id, .kind, .address, .rank, .assurance, .hours, .condition, .state, .note, .since, .until}],
    organization: {id: o.id, name: o.name}}]),
  memberships: [(f)<-[:IN]-(m:Membership)-[:OF]->(o:Organization) | {
    id: m.id, role: m.role, standing: m.standing, since: m.since, until: m.until,
    ended: o.until, organization: {id: o.id, name: o.name}, task_force: {id: f.id, name: f.name}}]
} AS node
ORDER BY f.id

// name: contact_points_page
// After the id $after, at most $limit.
// mode: read
// starts: label
MATCH (c:ContactPoint)
WHERE $after IS NULL OR c.id > $after
WITH c
ORDER BY c.id
LIMIT $limit
RETURN {
  id: c.id, name: c.name, languages: c.languages, hours: c.hours, time_zone: c.time_zone, staffing: c.staffing,
  public: c.public, since: c.since, until: c.until, version: c.version,
  service_types: [(c)-[:HANDLES]->(t:ServiceType) | t.id],
  channels: [(c)<-[:REACHES]-(x:Channel) | x {.id, .kind, .address, .rank, .assurance, .hours, .condition, .state, .note, .since, .until}],
  organization: head([(c)-[:OF]->(o:Organization) | {id: o.id, name: o.name}])
} AS node
ORDER BY c.id

// name: contact_points_get
// mode: read
// starts: id
UNWIND $ids AS id
MATCH (c:ContactPoint {id: id})
RETURN {
  id: c.id, name: c.name, languages: c.languages, hours: c.hours, time_zone: c.time_zone, staffing: c.staffing,
  public: c.public, since: c.since, until: c.until, version: c.version,
  service_types: [(c)-[:HANDLES]->(t:ServiceType) | t.id],
  channels: [(c)<-[:REACHES]-(x:Channel) | x {.id, .kind, .address, .rank, .assurance, .hours, .condition, .state, .note, .since, .until}],
  organization: head([(c)-[:OF]->(o:Organization) | {id: o.id, name: o.name}])
} AS node
ORDER BY c.id
