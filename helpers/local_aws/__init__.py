"""The embedded AWS: one process, one loopback port, no account, no network.

The account number and the region that it answers with stand here and nowhere else.
"""

ACCOUNT = "000000000000"
REGION = "us-east-1"
