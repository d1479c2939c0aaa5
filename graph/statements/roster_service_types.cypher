// name: service_types_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:ServiceType)
RETURN n {
  .id, .name, .other_names, .description, .access, .added_for, .since, .until, .source, .as_of,
  within: head([(n)-[:WITHIN]->(x:ServiceType) | x.id])
} AS row
ORDER BY n.id

// name: service_types_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:ServiceType {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: service_types_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:ServiceType {id: id})-[old:WITHIN]->()
DELETE old

// name: service_types_link_within
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:ServiceType {id: pair.id})
MATCH (x:ServiceType {id: pair.to})
CREATE (n)-[:WITHIN]->(x)
RETURN n.id AS id
