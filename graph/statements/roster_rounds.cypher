// name: rounds_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Round)
RETURN n {
  .id, .kind, .due, .since, .until, .source, .as_of,
  task_force: head([(n)-[:ROUND_OF]->(x:TaskForce) | x.id])
} AS row
ORDER BY n.id

// name: rounds_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Round {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: rounds_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Round {id: id})-[old:ROUND_OF]->()
DELETE old

// name: rounds_link_task_force
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Round {id: pair.id})
MATCH (x:TaskForce {id: pair.to})
CREATE (n)-[:ROUND_OF]->(x)
RETURN n.id AS id
