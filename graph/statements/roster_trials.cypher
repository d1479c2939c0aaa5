// name: trials_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Trial)
RETURN n {
  .id, .token, .address, .sent, .answered, .state, .since, .until, .source, .as_of,
  round: head([(n)-[:IN_ROUND]->(x:Round) | x.id]),
  channel: head([(n)-[:TRIES]->(x:Channel) | x.id])
} AS row
ORDER BY n.id

// name: trials_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Trial {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: trials_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Trial {id: id})-[old:IN_ROUND|TRIES]->()
DELETE old

// name: trials_link_round
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Trial {id: pair.id})
MATCH (x:Round {id: pair.to})
CREATE (n)-[:IN_ROUND]->(x)
RETURN n.id AS id

// name: trials_link_channel
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Trial {id: pair.id})
MATCH (x:Channel {id: pair.to})
CREATE (n)-[:TRIES]->(x)
RETURN n.id AS id
