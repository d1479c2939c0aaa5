// name: guidance_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Guidance)
RETURN n {
  .id, .name, version: n.edition, .role, .text, .url, .acknowledge_by, .since, .until, .source, .as_of,
  task_force: head([(n)-[:GUIDES]->(x:TaskForce) | x.id]),
  contact_point: head([(n)-[:GUIDES]->(x:ContactPoint) | x.id])
} AS row
ORDER BY n.id

// name: guidance_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Guidance {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: guidance_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Guidance {id: id})-[old:GUIDES]->()
DELETE old

// name: guidance_link_task_force
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Guidance {id: pair.id})
MATCH (x:TaskForce {id: pair.to})
CREATE (n)-[:GUIDES]->(x)
RETURN n.id AS id

// name: guidance_link_contact_point
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Guidance {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:GUIDES]->(x)
RETURN n.id AS id
