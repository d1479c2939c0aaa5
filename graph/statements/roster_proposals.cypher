// name: proposals_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Proposal)
RETURN n {
  .id, .on_sheet, .row, .columns, .was, .reason, .state, .answer, .since, .until, .source, .as_of,
  organization: head([(n)-[:PROPOSED_BY]->(x:Organization) | x.id]),
  request: head([(n)-[:ANSWERS]->(x:Request) | x.id])
} AS row
ORDER BY n.id

// name: proposals_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Proposal {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: proposals_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Proposal {id: id})-[old:PROPOSED_BY|ANSWERS]->()
DELETE old

// name: proposals_link_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Proposal {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:PROPOSED_BY]->(x)
RETURN n.id AS id

// name: proposals_link_request
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Proposal {id: pair.id})
MATCH (x:Request {id: pair.to})
CREATE (n)-[:ANSWERS]->(x)
RETURN n.id AS id
