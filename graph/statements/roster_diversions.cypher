// name: diversions_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Diversion)
RETURN n {
  .id, .since, .until, .source, .as_of,
  contact_point: head([(n)-[:DIVERTS]->(x:ContactPoint) | x.id]),
  to: head([(n)-[:DIVERTS_TO]->(x:ContactPoint) | x.id])
} AS row
ORDER BY n.id

// name: diversions_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Diversion {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: diversions_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Diversion {id: id})-[old:DIVERTS|DIVERTS_TO]->()
DELETE old

// name: diversions_link_contact_point
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Diversion {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:DIVERTS]->(x)
RETURN n.id AS id

// name: diversions_link_to
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Diversion {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:DIVERTS_TO]->(x)
RETURN n.id AS id
