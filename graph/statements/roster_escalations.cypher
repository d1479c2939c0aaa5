// name: escalations_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Rung)
RETURN n {
  .id, .position, .action, .wait, .hours, .times, .since, .until, .source, .as_of,
  task_force: head([(n)-[:UNDER]->(x:TaskForce) | x.id]),
  pathway: head([(n)-[:ON]->(x:Pathway) | x.id]),
  contact_point: head([(n)-[:AT]->(x:ContactPoint) | x.id])
} AS row
ORDER BY n.id

// name: escalations_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Rung {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: escalations_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Rung {id: id})-[old:UNDER|ON|AT]->()
DELETE old

// name: escalations_link_task_force
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Rung {id: pair.id})
MATCH (x:TaskForce {id: pair.to})
CREATE (n)-[:UNDER]->(x)
RETURN n.id AS id

// name: escalations_link_pathway
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Rung {id: pair.id})
MATCH (x:Pathway {id: pair.to})
CREATE (n)-[:ON]->(x)
RETURN n.id AS id

// name: escalations_link_contact_point
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Rung {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:AT]->(x)
RETURN n.id AS id
