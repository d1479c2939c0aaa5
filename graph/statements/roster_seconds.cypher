// name: seconds_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:Second)
RETURN n {
  .id, .act, .by, .since, .until, .source, .as_of
} AS row
ORDER BY n.id

// name: seconds_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:Second {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id
