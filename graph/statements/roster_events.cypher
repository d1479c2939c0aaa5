// name: events_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:TaskForceEvent)
RETURN n {
  .id, .name, .kind, .on, .state, .note, .since, .until, .source, .as_of,
  task_force: head([(n)-[:HELD_BY]->(x:TaskForce) | x.id])
} AS row
ORDER BY n.id

// name: events_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:TaskForceEvent {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: events_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:TaskForceEvent {id: id})-[old:HELD_BY]->()
DELETE old

// name: events_link_task_force
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:TaskForceEvent {id: pair.id})
MATCH (x:TaskForce {id: pair.to})
CREATE (n)-[:HELD_BY]->(x)
RETURN n.id AS id
