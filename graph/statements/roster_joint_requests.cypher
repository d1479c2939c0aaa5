// name: joint_requests_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:JointRequest)
RETURN n {
  .id, .kind, .reason, .due, .state, .answer, .on, .since, .until, .source, .as_of,
  organization: head([(n)-[:ASKED_BY]->(x:Organization) | x.id]),
  to_organization: head([(n)-[:ASKED_OF]->(x:Organization) | x.id]),
  facility: head([(n)-[:ABOUT_FACILITY]->(x:Facility) | x.id])
} AS row
ORDER BY n.id

// name: joint_requests_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:JointRequest {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: joint_requests_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:JointRequest {id: id})-[old:ASKED_BY|ASKED_OF|ABOUT_FACILITY]->()
DELETE old

// name: joint_requests_link_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:JointRequest {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:ASKED_BY]->(x)
RETURN n.id AS id

// name: joint_requests_link_to_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:JointRequest {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:ASKED_OF]->(x)
RETURN n.id AS id

// name: joint_requests_link_facility
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:JointRequest {id: pair.id})
MATCH (x:Facility {id: pair.to})
CREATE (n)-[:ABOUT_FACILITY]->(x)
RETURN n.id AS id
