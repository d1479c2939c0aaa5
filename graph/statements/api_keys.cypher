// Keys by which programs of members ask. A digest is kept of each, never the key.

// name: api_key_create
// mode: write
// starts: id
MATCH (o:Organization {id: $organization})
CREATE (k:ApiKey {id: $id})
SET k += $properties
CREATE (k)-[:BELONGS_TO]->(o)
RETURN k.id AS id

// name: api_keys_all
// Those that were not ended.
// mode: read
// starts: label
MATCH (k:ApiKey)
RETURN k {.id, .version, .name, .scopes, .expires, .created_at, .created_by, .used_at} AS api_key,
  head([(k)-[:BELONGS_TO]->(o:Organization) | o.id]) AS organization
ORDER BY k.id

// name: api_key_found
// mode: read
// starts: id
MATCH (k:ApiKey {id: $id})-[:BELONGS_TO]->(o:Organization)
RETURN k {.id, .digest, .scopes, .expires, .used_at} AS api_key, o.id AS organization

// name: api_key_used
// mode: write
// starts: id
MATCH (k:ApiKey {id: $id})
SET k.used_at = $at
RETURN k.id AS id

// name: api_key_end
// mode: write
// starts: id
MATCH (k:ApiKey {id: $id})
SET k.lock = $operation
WITH k
WHERE k.version = $version
DETACH DELETE k
RETURN $id AS id
