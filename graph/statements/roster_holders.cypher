// name: holders_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Holder)
RETURN n {
  .id, .name, .role, .rank, .rota, .confirmed_on, .appointment,
  .message_language, .digest, .important_only, .since, .until, .source, .as_of,
  contact_point: head([(n)-[:HOLDS]->(x:ContactPoint) | x.id])
} AS row
ORDER BY n.id

// name: holders_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Holder {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: holders_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Holder {id: id})-[old:HOLDS]->()
DELETE old

// name: holders_link_contact_point
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Holder {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:HOLDS]->(x)
RETURN n.id AS id
