// name: authorisations_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Authorisation)
RETURN n {
  .id, .citation, .since, .until, .source, .as_of,
  organization: head([(n)-[:GIVEN_TO]->(x:Organization) | x.id]),
  facility: head([(n)-[:LETS_INTO]->(x:Facility) | x.id])
} AS row
ORDER BY n.id

// name: authorisations_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Authorisation {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: authorisations_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:Authorisation {id: id})-[old:GIVEN_TO|LETS_INTO]->()
DELETE old

// name: authorisations_link_organization
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Authorisation {id: pair.id})
MATCH (x:Organization {id: pair.to})
CREATE (n)-[:GIVEN_TO]->(x)
RETURN n.id AS id

// name: authorisations_link_facility
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:Authorisation {id: pair.id})
MATCH (x:Facility {id: pair.to})
CREATE (n)-[:LETS_INTO]->(x)
RETURN n.id AS id
