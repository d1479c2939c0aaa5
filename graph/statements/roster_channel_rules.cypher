// name: channel_rules_list
// Every row of the sheet.
// mode: read
// starts: label
MATCH (n:ChannelRule)
RETURN n {
  .id, .kind, .assurance, .since, .until, .source, .as_of,
  task_force: head([(n)-[:RULE_OF]->(x:TaskForce) | x.id])
} AS row
ORDER BY n.id

// name: channel_rules_put
// Makes or changes the nodes of the sheet; a null property goes. The version counts the changes.
// mode: write
// starts: id
UNWIND $rows AS row
MERGE (n:ChannelRule {id: row.id})
SET n += row.properties, n.version = coalesce(n.version, 0) + 1
RETURN n.id AS id

// name: channel_rules_unlink
// Takes away the references that the sheet owns, before the new ones are laid.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (n:ChannelRule {id: id})-[old:RULE_OF]->()
DELETE old

// name: channel_rules_link_task_force
// mode: write
// starts: id
UNWIND $pairs AS pair
MATCH (n:ChannelRule {id: pair.id})
MATCH (x:TaskForce {id: pair.to})
CREATE (n)-[:RULE_OF]->(x)
RETURN n.id AS id
