// name: task_forces_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:TaskForce)
RETURN n {
  .id, .name, .level, .languages, .designation, .vouchers, .confirm_every, .acknowledge_within,
  .decide_within, .start_within, .complete_within, .missing_person, .ranking, .since, .until, .source, .as_of,
  within: head([(n)-[:WITHIN]->(x:TaskForce) | x.id]),
  jurisdiction: head([(n)-[:COVERS]->(x:Jurisdiction) | x.id]),
  coordinator: head([(n)-[:COORDINATED_BY]->(x:ContactPoint) | x.id]),
  service_types: [(n)-[:HANDLES]->(x:ServiceType) | x.id],
  direct_for: [(n)-[:ASKED_DIRECTLY_FOR]->(x:ServiceType) | x.id],
  deputies: [(n)-[:DEPUTISED_BY]->(x:ContactPoint) | x.id]
} AS row
ORDER BY n.id

// name: task_forces_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:TaskForce {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: task_forces_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:TaskForce {id: id})-[old:WITHIN|COVERS|COORDINATED_BY|DEPUTISED_BY|HANDLES|ASKED_DIRECTLY_FOR]->()
DELETE old

// name: task_forces_link_within
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:TaskForce {id: pair.id})
MATCH (x:TaskForce {id: pair.to})
CREATE (n)-[:WITHIN]->(x)
RETURN n.id AS id

// name: task_forces_link_jurisdiction
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:TaskForce {id: pair.id})
MATCH (x:Jurisdiction {id: pair.to})
CREATE (n)-[:COVERS]->(x)
RETURN n.id AS id

// name: task_forces_link_coordinator
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:TaskForce {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:COORDINATED_BY]->(x)
RETURN n.id AS id

// name: task_forces_link_service_types
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:TaskForce {id: pair.id})
MATCH (x:ServiceType {id: pair.to})
CREATE (n)-[:HANDLES]->(x)
RETURN n.id AS id

// name: task_forces_link_direct_for
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:TaskForce {id: pair.id})
MATCH (x:ServiceType {id: pair.to})
CREATE (n)-[:ASKED_DIRECTLY_FOR]->(x)
RETURN n.id AS id

// name: task_forces_link_deputies
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:TaskForce {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:DEPUTISED_BY]->(x)
RETURN n.id AS id
