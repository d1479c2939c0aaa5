// Work that is open: for the report of what has gone silent. What lies around it is known from the roster.

// name: handoffs_open
// Open work only: it starts at the relationships that a handoff loses when it is closed, when its sender has seen how it
// ended, and when what is to be erased was answered. A body that was told of a step by a message, or redirected it there, is given it too: it may
// coordinate both sides. Three lists, since a driver takes longer over a thousand rows than the store does.
// mode: read
// starts: open
MATCH (desk:ContactPoint)-[:HOLDS_OPEN]->(h:Handoff)
WHERE $organization IS NULL
  OR EXISTS { MATCH (h)-[:STEP_OF]->(:Referral)-[:SENT_BY]->(:Organization {id: $organization}) }
  OR EXISTS { MATCH (desk)-[:OF]->(:Organization {id: $organization}) }
  OR h.redirected_by = $organization OR h.wished_by = $organization
  OR EXISTS { MATCH (h)<-[:ABOUT]-(:Notice)-[:FOR]->(:ContactPoint)-[:OF]->(:Organization {id: $organization}) }
WITH h, head([(h)-[:STEP_OF]->(r:Referral) | r.priority]) AS priority
RETURN collect({id: h.id, sent_at: h.sent_at, priority: priority}) AS steps
UNION ALL
MATCH (sender:Organization)-[:MUST_SEE]->(h:Handoff)
WHERE $organization IS NULL OR sender.id = $organization
  OR h.redirected_by = $organization OR h.wished_by = $organization
  OR EXISTS { MATCH (h)<-[:ABOUT]-(:Notice)-[:FOR]->(:ContactPoint)-[:OF]->(:Organization {id: $organization}) }
WITH h, head([(h)-[:STEP_OF]->(r:Referral) | r.priority]) AS priority
RETURN collect({id: h.id, sent_at: h.sent_at, priority: priority}) AS steps
UNION ALL
MATCH (desk:ContactPoint)-[:TO_ERASE]->(h:Handoff)
WHERE $organization IS NULL
  OR EXISTS { MATCH (h)-[:STEP_OF]->(:Referral)-[:SENT_BY]->(:Organization {id: $organization}) }
  OR EXISTS { MATCH (desk)-[:OF]->(:Organization {id: $organization}) }
WITH h, head([(h)-[:STEP_OF]->(r:Referral) | r.priority]) AS priority
RETURN collect({id: h.id, sent_at: h.sent_at, priority: priority}) AS steps

// name: handoffs_moved_since
// What was sent before a moment and has been moved or seen after it: some of it was open then. It looks at every handoff.
// mode: read
// starts: label
MATCH (h:Handoff)
WHERE h.sent_at <= $at AND (h.changed_at > $at OR h.seen_at > $at)
WITH DISTINCT h
MATCH (h)-[:STEP_OF]->(:Referral)-[:SENT_BY]->(sender:Organization)
MATCH (h)-[:TO]->(:ContactPoint)-[:OF]->(receiver:Organization)
WHERE $organization IS NULL OR sender.id = $organization OR receiver.id = $organization
  OR h.redirected_by = $organization OR h.wished_by = $organization
  OR EXISTS { MATCH (h)<-[:ABOUT]-(:Notice)-[:FOR]->(:ContactPoint)-[:OF]->(:Organization {id: $organization}) }
RETURN h.id AS id

// name: handoffs_known
// These handoffs with all that decides whether they are stalled: of each what it has, for to name what most have not
// costs more than all the rest. No case field leaves the sealed text here. The embedded engine has a title and a type
// for every node, which are nothing of ours.
// mode: read
// starts: id
UNWIND $ids AS id
MATCH (h:Handoff {id: id})-[:STEP_OF]->(r:Referral)-[:SENT_BY]->(sender:Organization)
RETURN h {.*, title: null, type: null} AS handoff,
  EXISTS { MATCH (h)<-[:MUST_SEE]-(:Organization) } AS must_see,
  EXISTS { MATCH (h)<-[:CONTINUES]-(:Handoff) } AS gone_on,
  EXISTS { MATCH (h)<-[:TO_ERASE]-(:ContactPoint) } AS to_erase,
  r {.id, .reference, .priority, .confidentiality, .sealed} AS referral,
  head([(r)-[:FOR]->(type:ServiceType) | type.id]) AS service_type,
  head([(r)-[:SEALED_UNDER]->(k:CaseKey) | k.sealed_key]) AS sealed_key,
  sender.id AS sender,
  head([(h)-[:TO]->(desk:ContactPoint) | desk.id]) AS desk,
  head([(r)-[:ANSWERED_AT]->(own:ContactPoint) | own.id]) AS answered_at,
  [(h)<-[:ABOUT]-(n:Notice) WHERE n.kind = 'requested' | CASE WHEN n.told_at IS NULL THEN n.status ELSE 'delivered' END] AS notices

// name: events_about
// What was recorded of some referrals, in the order of each.
// mode: read
// starts: id
UNWIND $referrals AS id
MATCH (r:Referral {id: id})-[e:RECORDED]->(:Event)
RETURN r.id AS referral, {kind: e.kind, at: e.at, actor: e.actor, data: e.data} AS event, e.sequence AS sequence
ORDER BY referral, sequence

// name: notices_about
// Every message about some handoffs, and how it stands.
// mode: read
// starts: id
UNWIND $handoffs AS id
MATCH (h:Handoff {id: id})<-[:ABOUT]-(n:Notice)
RETURN h.id AS handoff, n {.id, .kind, .status, .created_at, .tried_at} AS notice,
  head([(n)-[:FOR]->(:ContactPoint)-[:OF]->(told:Organization) | told.id]) AS told
ORDER BY handoff, n.id
