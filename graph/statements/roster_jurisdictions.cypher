// name: jurisdictions_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Jurisdiction)
RETURN n {
  .id, .name, .kind, .other_names, .emergency_number, .emergency_service, .since, .until, .source,
  .as_of,
  within: head([(n)-[:WITHIN]->(x:Jurisdiction) | x.id]),
  replaced_by: [(n)-[:REPLACED_BY]->(x:Jurisdiction) | x.id],
  hotline: head([(n)-[:HOTLINE]->(x:ContactPoint) | x.id])
} AS row
ORDER BY n.id

// name: jurisdictions_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Jurisdiction {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: jurisdictions_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Jurisdiction {id: id})-[old:WITHIN|REPLACED_BY|HOTLINE]->()
DELETE old

// name: jurisdictions_link_within
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Jurisdiction {id: pair.id})
MATCH (x:Jurisdiction {id: pair.to})
CREATE (n)-[:WITHIN]->(x)
RETURN n.id AS id

// name: jurisdictions_link_replaced_by
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Jurisdiction {id: pair.id})
MATCH (x:Jurisdiction {id: pair.to})
CREATE (n)-[:REPLACED_BY]->(x)
RETURN n.id AS id

// name: jurisdictions_link_hotline
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Jurisdiction {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:HOTLINE]->(x)
RETURN n.id AS id
