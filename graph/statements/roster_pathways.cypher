// name: pathways_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Pathway)
RETURN n {
  .id, .name, .from_kind, .from_role, .basis, .citation, .form, .acknowledge_within, .decide_within, .start_within,
  .complete_within,
  .consent, .since, .until, .source, .as_of,
  from_organization: head([(n)-[:FROM]->(x:Organization) | x.id]),
  task_force: head([(n)-[:UNDER]->(x:TaskForce) | x.id]),
  to_organization: head([(n)-[:TO]->(x:Organization) | x.id]),
  contact_point: head([(n)-[:AT]->(x:ContactPoint) | x.id]),
  service_types: [(n)-[:FOR]->(x:ServiceType) | x.id],
  jurisdictions: [(n)-[:APPLIES_IN]->(x:Jurisdiction) | x.id]
} AS row
ORDER BY n.id

// name: pathways_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Pathway {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: pathways_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Pathway {id: id})-[old:FROM|UNDER|TO|AT|FOR|APPLIES_IN]->()
DELETE old

// name: pathways_link_from_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Pathway {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:FROM]->(x)
RETURN n.id AS id

// name: pathways_link_task_force
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Pathway {id: pair.id})
MATCH (x:TaskForce {id: pair.to})
CREATE (n)-[:UNDER]->(x)
RETURN n.id AS id

// name: pathways_link_to_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Pathway {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:TO]->(x)
RETURN n.id AS id

// name: pathways_link_contact_point
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Pathway {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:AT]->(x)
RETURN n.id AS id

// name: pathways_link_service_types
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Pathway {id: pair.id})
MATCH (x:ServiceType {id: pair.to})
CREATE (n)-[:FOR]->(x)
RETURN n.id AS id

// name: pathways_link_jurisdictions
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Pathway {id: pair.id})
MATCH (x:Jurisdiction {id: pair.to})
CREATE (n)-[:APPLIES_IN]->(x)
RETURN n.id AS id
