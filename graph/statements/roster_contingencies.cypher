// name: contingencies_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Contingency)
RETURN n {
  .id, .reason, .pause_escalations, .since, .until, .source, .as_of,
  place: head([(n)-[:DECLARED_IN]->(x:Jurisdiction) | x.id]),
  task_force: head([(n)-[:DECLARED_BY]->(x:TaskForce) | x.id]),
  organization: head([(n)-[:DECLARED_OF]->(x:Organization) | x.id])
} AS row
ORDER BY n.id

// name: contingencies_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Contingency {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: contingencies_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Contingency {id: id})-[old:DECLARED_IN|DECLARED_BY|DECLARED_OF]->()
DELETE old

// name: contingencies_link_place
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Contingency {id: pair.id})
MATCH (x:Jurisdiction {id: pair.to})
CREATE (n)-[:DECLARED_IN]->(x)
RETURN n.id AS id

// name: contingencies_link_task_force
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Contingency {id: pair.id})
MATCH (x:TaskForce {id: pair.to})
CREATE (n)-[:DECLARED_BY]->(x)
RETURN n.id AS id

// name: contingencies_link_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Contingency {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:DECLARED_OF]->(x)
RETURN n.id AS id
