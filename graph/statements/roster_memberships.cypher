// name: memberships_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Membership)
RETURN n {
  .id, .role, .standing, .reason, .since, .until, .source, .as_of,
  organization: head([(n)-[:OF]->(x:Organization) | x.id]),
  task_force: head([(n)-[:IN]->(x:TaskForce) | x.id]),
  vouched_by: [(n)-[:VOUCHED_BY]->(x:Organization) | x.id],
  continuity: head([(n)-[:CONTINUED_BY]->(x:ContactPoint) | x.id])
} AS row
ORDER BY n.id

// name: memberships_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Membership {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: memberships_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Membership {id: id})-[old:OF|IN|VOUCHED_BY|CONTINUED_BY]->()
DELETE old

// name: memberships_link_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Membership {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:OF]->(x)
RETURN n.id AS id

// name: memberships_link_task_force
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Membership {id: pair.id})
MATCH (x:TaskForce {id: pair.to})
CREATE (n)-[:IN]->(x)
RETURN n.id AS id

// name: memberships_link_vouched_by
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Membership {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:VOUCHED_BY]->(x)
RETURN n.id AS id

// name: memberships_link_continuity
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Membership {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:CONTINUED_BY]->(x)
RETURN n.id AS id
