// name: facilities_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Facility)
RETURN n {
  .id, .name, .kind, .since, .until, .source, .as_of,
  organization: head([(n)-[:RUN_BY]->(x:Organization) | x.id]),
  jurisdiction: head([(n)-[:LIES_IN]->(x:Jurisdiction) | x.id]),
  contact_point: head([(n)-[:ASKED_AT]->(x:ContactPoint) | x.id])
} AS row
ORDER BY n.id

// name: facilities_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Facility {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: facilities_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Facility {id: id})-[old:RUN_BY|LIES_IN|ASKED_AT]->()
DELETE old

// name: facilities_link_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Facility {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:RUN_BY]->(x)
RETURN n.id AS id

// name: facilities_link_jurisdiction
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Facility {id: pair.id})
MATCH (x:Jurisdiction {id: pair.to})
CREATE (n)-[:LIES_IN]->(x)
RETURN n.id AS id

// name: facilities_link_contact_point
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Facility {id: pair.id})
MATCH (x:ContactPoint {id: pair.to})
CREATE (n)-[:ASKED_AT]->(x)
RETURN n.id AS id
