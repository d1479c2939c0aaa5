// name: acknowledgements_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Acknowledgement)
RETURN n {
  .id, .edition, .since, .until, .source, .as_of,
  guidance: head([(n)-[:ACKNOWLEDGES]->(x:Guidance) | x.id]),
  holder: head([(n)-[:READ_BY]->(x:Holder) | x.id])
} AS row
ORDER BY n.id

// name: acknowledgements_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Acknowledgement {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: acknowledgements_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Acknowledgement {id: id})-[old:ACKNOWLEDGES|READ_BY]->()
DELETE old

// name: acknowledgements_link_guidance
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Acknowledgement {id: pair.id})
MATCH (x:Guidance {id: pair.to})
CREATE (n)-[:ACKNOWLEDGES]->(x)
RETURN n.id AS id

// name: acknowledgements_link_holder
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Acknowledgement {id: pair.id})
MATCH (x:Holder {id: pair.to})
CREATE (n)-[:READ_BY]->(x)
RETURN n.id AS id
