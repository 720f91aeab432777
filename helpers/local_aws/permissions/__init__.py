"""Permissions: what a role may do in the embedded AWS, decided as IAM decides it.

The checkout's own key is the account's administrator and may do everything. Whoever acts as a role
(a state machine, a Lambda function's handler, keys of sts:AssumeRole) may do what the role's
policies allow. For each request of a role: principals.py says which role it is, requests.py which
actions on which resources it asks for, decisions.py whether the policies (policies.py) allow them,
refusals.py what the service answers if not.

Evaluated are identity-based policies (inline, customer managed, AWS managed), permissions
boundaries and trust policies, with Deny, wildcards, NotAction, NotResource and conditions on the
keys that decisions.py knows. Not evaluated are resource-based policies (of buckets, topics,
queues, functions), session policies, and policy variables such as ${aws:username}. What a service
does on behalf of a caller is done with all rights, but for the pictures that Rekognition reads.
"""
