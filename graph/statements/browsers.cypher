// Browsers of duty officers that are written to beside the channels of their contact point. Their addresses are sealed.

// name: browser_put
// Again the same browser: its keys may be others by now.
// mode: write
// starts: id
MATCH (d:ContactPoint {id: $contact_point})
WITH d
LIMIT 1
MERGE (b:Browser {id: $id})
SET b += $properties
MERGE (d)-[:WRITES_TO]->(b)
RETURN b.id AS id

// name: browsers_of
// mode: read
// starts: id
UNWIND $contact_points AS id
MATCH (d:ContactPoint {id: id})
WITH d
MATCH (d)-[:WRITES_TO]->(b:Browser)
RETURN b {.id, .name, .sealed, .created_at} AS browser, d.id AS contact_point
ORDER BY d.id, b.id

// name: browser_end
// mode: write
// starts: id
MATCH (b:Browser {id: $id})
DETACH DELETE b
RETURN $id AS id
