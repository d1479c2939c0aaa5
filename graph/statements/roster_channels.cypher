// name: channels_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Channel)
RETURN n {
  .id, .kind, .address, .rank, .assurance, .hours, .condition, .state, .proven_on, .proven_how,
  .note, .since, .until, .source, .as_of,
  contact_point: head([(n)-[:REACHES]->(x:ContactPoint) | x.id]),
  via: head([(n)-[:VIA]->(x:ContactPoint) | x.id])
} AS row
ORDER BY n.id

// name: channels_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Channel {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: channels_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Channel {id: id})-[old:REACHES|VIA]->()
DELETE old

// name: channels_link_contact_point
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Channel {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:REACHES]->(x)
RETURN n.id AS id

// name: channels_link_via
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Channel {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:VIA]->(x)
RETURN n.id AS id
