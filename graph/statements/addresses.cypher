// What messages showed of an address. Its id does not tell it; what it makes of the channels is weighed afterwards.

// name: address_against
// Something speaks against it: the last in a row.
// mode: write
// starts: id
MATCH (q:Queue {id: 'notices'})
MERGE (a:Address {id: $id})
SET a.version = coalesce(a.version, 0) + 1, a.lasting = (coalesce(a.refused, 0) = 0 OR a.lasting) AND $lasting
SET a.since = CASE WHEN coalesce(a.refused, 0) = 0 THEN $at ELSE a.since END
SET a.refused = coalesce(a.refused, 0) + 1, a.last = $at, a.reply = $reply, a.bounced = coalesce(a.bounced, false) OR $bounced, a.mended = false
MERGE (q)-[:WEIGHS]->(a)
RETURN a.id AS id

// name: addresses_taken
// What was refused is taken again. Of what was taken and came back afterwards that proves nothing.
// mode: write
// starts: id
UNWIND $ids AS id
MATCH (a:Address {id: id})
WHERE a.refused > 0 AND NOT a.bounced
MATCH (q:Queue {id: 'notices'})
SET a.version = a.version + 1, a.refused = 0, a.mended = true
MERGE (q)-[:WEIGHS]->(a)
RETURN a.id AS id

// name: address_answered
// Somebody acts on what a message about a step told, or by its link: the address that took it is read. Where it is not
// known which message that was, it is the last.
// mode: write
// starts: id
MATCH (h:Handoff {id: $handoff})
WITH h
LIMIT 1
MATCH (h)<-[:ABOUT]-(n:Notice)-[:FOR]->(:ContactPoint {id: $contact_point})
WHERE n.status = 'delivered' AND ($notice IS NULL OR n.id = $notice)
WITH n
ORDER BY n.tried_at DESC, n.id DESC
LIMIT 1
MATCH (n)-[t:TRIED]->(a:Address)
WHERE t.result = 'taken' AND t.channel = n.channel
MATCH (q:Queue {id: 'notices'})
SET a.version = coalesce(a.version, 0) + 1, a.mended = coalesce(a.refused, 0) > 0 OR coalesce(a.mended, false),
  a.refused = 0, a.bounced = false, a.answered = $at, a.answered_at = $contact_point
MERGE (q)-[:WEIGHS]->(a)
RETURN a.id AS id

// name: addresses_to_weigh
// mode: read
// starts: open
MATCH (q:Queue {id: 'notices'})-[:WEIGHS]->(a:Address)
RETURN a {.id, .version, .refused, .since, .last, .lasting, .mended, .answered, .answered_at} AS address
ORDER BY a.id

// name: address_weighed
// Unless something new was shown in between. What was counted before it was proven is counted no more.
// mode: write
// starts: id
MATCH (a:Address {id: $id})
SET a.lock = $operation
WITH a
WHERE a.version = $version
MATCH (a)<-[weighs:WEIGHS]-(:Queue)
DELETE weighs
SET a.refused = $refused, a.since = $since
RETURN a.id AS id
