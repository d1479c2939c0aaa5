// name: services_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Service)
RETURN n {
  .id, .name, .serves, .languages, .interpretation, .capacity, .capacity_as_of, .eligibility,
  .since, .until, .source, .as_of,
  organization: head([(n)-[:OF]->(x:Organization) | x.id]),
  service_type: head([(n)-[:OF_TYPE]->(x:ServiceType) | x.id]),
  jurisdictions: [(n)-[:COVERS]->(x:Jurisdiction) | x.id]
} AS row
ORDER BY n.id

// name: services_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Service {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: services_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Service {id: id})-[old:OF|OF_TYPE|COVERS]->()
DELETE old

// name: services_link_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Service {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:OF]->(x)
RETURN n.id AS id

// name: services_link_service_type
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Service {id: pair.id})
MATCH (x:ServiceType {id: pair.to})
CREATE (n)-[:OF_TYPE]->(x)
RETURN n.id AS id

// name: services_link_jurisdictions
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Service {id: pair.id})
MATCH (x:Jurisdiction {id: pair.to})
CREATE (n)-[:COVERS]->(x)
RETURN n.id AS id
