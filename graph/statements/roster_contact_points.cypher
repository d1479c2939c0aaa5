// name: contact_points_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:ContactPoint)
RETURN n {
  .id, .name, .languages, .hours, .time_zone, .holidays, .staffing, .public, .serves, .presence,
  .rota_every, .rota_since, .kind, .consented_on, .public_consent_on, .since, .until, .source,
  .as_of,
  organization: head([(n)-[:OF]->(x:Organization) | x.id]),
  service_types: [(n)-[:HANDLES]->(x:ServiceType) | x.id],
  jurisdictions: [(n)-[:COVERS]->(x:Jurisdiction) | x.id],
  task_forces: [(n)-[:SERVES_IN]->(x:TaskForce) | x.id]
} AS row
ORDER BY n.id

// name: contact_points_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:ContactPoint {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: contact_points_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:ContactPoint {id: id})-[old:OF|HANDLES|COVERS|SERVES_IN]->()
DELETE old

// name: contact_points_link_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:ContactPoint {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:OF]->(x)
RETURN n.id AS id

// name: contact_points_link_service_types
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:ContactPoint {id: pair.id})
MATCH (x:ServiceType {id: pair.to})
CREATE (n)-[:HANDLES]->(x)
RETURN n.id AS id

// name: contact_points_link_jurisdictions
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:ContactPoint {id: pair.id})
MATCH (x:Jurisdiction {id: pair.to})
CREATE (n)-[:COVERS]->(x)
RETURN n.id AS id

// name: contact_points_link_task_forces
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:ContactPoint {id: pair.id})
MATCH (x:TaskForce {id: pair.to})
CREATE (n)-[:SERVES_IN]->(x)
RETURN n.id AS id
