// name: organizations_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Organization)
RETURN n {
  .id, .name, .kind, .other_names, .website, .status, .since, .until, .source, .as_of,
  jurisdictions: [(n)-[:GOVERNS]->(x:Jurisdiction) | x.id],
  part_of: head([(n)-[:PART_OF]->(x:Organization) | x.id]),
  replaced_by: [(n)-[:REPLACED_BY]->(x:Organization) | x.id]
} AS row
ORDER BY n.id

// name: organizations_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Organization {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: organizations_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Organization {id: id})-[old:GOVERNS|PART_OF|REPLACED_BY]->()
DELETE old

// name: organizations_link_jurisdictions
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Organization {id: pair.id})
MATCH (x:Jurisdiction {id: pair.to})
CREATE (n)-[:GOVERNS]->(x)
RETURN n.id AS id

// name: organizations_link_part_of
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Organization {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:PART_OF]->(x)
RETURN n.id AS id

// name: organizations_link_replaced_by
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Organization {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:REPLACED_BY]->(x)
RETURN n.id AS id
