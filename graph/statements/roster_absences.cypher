// name: absences_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Absence)
RETURN n {
  .id, .since, .until, .source, .as_of,
  holder: head([(n)-[:AWAY]->(x:Holder) | x.id]),
  stand_in: head([(n)-[:COVERED_BY]->(x:Holder) | x.id])
} AS row
ORDER BY n.id

// name: absences_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Absence {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: absences_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Absence {id: id})-[old:AWAY|COVERED_BY]->()
DELETE old

// name: absences_link_holder
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Absence {id: pair.id})
MATCH (x:Holder {id: pair.to})
CREATE (n)-[:AWAY]->(x)
RETURN n.id AS id

// name: absences_link_stand_in
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Absence {id: pair.id})
MATCH (x:Holder {id: pair.to})
CREATE (n)-[:COVERED_BY]->(x)
RETURN n.id AS id
