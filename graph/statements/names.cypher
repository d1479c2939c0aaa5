// The names of things, for what somebody typed where an id is due.

// name: place_names
// mode: read
// starts: label
MATCH (j:Jurisdiction)
RETURN j.id AS id, j.name AS name, j.other_names AS other_names
ORDER BY j.id

// name: organization_names
// mode: read
// starts: label
MATCH (o:Organization)
RETURN o.id AS id, o.name AS name, o.other_names AS other_names
ORDER BY o.id

// name: task_force_names
// mode: read
// starts: label
MATCH (f:TaskForce)
RETURN f.id AS id, f.name AS name, null AS other_names
ORDER BY f.id

// name: service_type_names
// mode: read
// starts: label
MATCH (t:ServiceType)
RETURN t.id AS id, t.name AS name, t.other_names AS other_names
ORDER BY t.id
