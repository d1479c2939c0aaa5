// name: requests_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Request)
RETURN n {
  .id, .token, .state, .reminded, .since, .until, .source, .as_of,
  round: head([(n)-[:IN_ROUND]->(x:Round) | x.id]),
  holder: head([(n)-[:ASKS]->(x:Holder) | x.id])
} AS row
ORDER BY n.id

// name: requests_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Request {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: requests_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Request {id: id})-[old:IN_ROUND|ASKS]->()
DELETE old

// name: requests_link_round
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Request {id: pair.id})
MATCH (x:Round {id: pair.to})
CREATE (n)-[:IN_ROUND]->(x)
RETURN n.id AS id

// name: requests_link_holder
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Request {id: pair.id})
MATCH (x:Holder {id: pair.to})
CREATE (n)-[:ASKS]->(x)
RETURN n.id AS id
