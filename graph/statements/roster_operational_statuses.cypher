// name: operational_statuses_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:OperationalStatus)
RETURN n {
  .id, .state, .capacity, .needs, .since, .until, .source, .as_of,
  organization: head([(n)-[:STATUS_OF]->(x:Organization) | x.id]),
  service: head([(n)-[:STATUS_FOR]->(x:Service) | x.id])
} AS row
ORDER BY n.id

// name: operational_statuses_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:OperationalStatus {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: operational_statuses_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:OperationalStatus {id: id})-[old:STATUS_OF|STATUS_FOR]->()
DELETE old

// name: operational_statuses_link_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:OperationalStatus {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:STATUS_OF]->(x)
RETURN n.id AS id

// name: operational_statuses_link_service
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:OperationalStatus {id: pair.id})
MATCH (x:Service {id: pair.to})
CREATE (n)-[:STATUS_FOR]->(x)
RETURN n.id AS id
